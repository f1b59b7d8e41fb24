import json
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.helpers.wheelfiles import html_page, json_page

from jettison.sizes import simple
from jettison.sizes.record import NoAnswerError
from jettison.sizes.simple import folder_files, of_project, parse_name, parse_page

URL = "https://index.example.org/simple/my-pkg/"


def test_json_and_html_say_the_same() -> None:
    """A PEP 691 page and a PEP 503 page give the same names and places; only JSON gives sizes."""
    name = "my_pkg-1.0-py3-none-any.whl"
    (one,) = parse_page(json_page("my-pkg", {name: b"12345"}, **{"core-metadata": {"sha256": "x"}}), URL, trusted=True)
    html = f'<html><a href="../../files/{name}#sha256={"a" * 64}" data-core-metadata="true">x</a></html>'.encode()
    (two,) = parse_page(html, URL, trusted=True)
    assert one.url == two.url == f"https://index.example.org/files/{name}"
    assert (one.name, two.name) == (name, name)
    assert (one.metadata, two.metadata, one.size, two.size) == (True, True, 5, None)
    assert two.sha256 == "a" * 64


def test_html_attributes_and_base() -> None:
    """Requires-Python is unescaped, yanked is seen, a base address counts, anchors without a link do not."""
    page = (
        b'<base href="/elsewhere/"><a name="x"></a><a data-yanked="" data-requires-python="&gt;=3.9" href="a%2Bb.whl">'
        b"y</a>"
    )
    (file,) = parse_page(page, URL, trusted=False)
    assert file.url == "https://index.example.org/elsewhere/a%2Bb.whl"
    assert (file.name, file.requires, file.yanked, file.trusted) == ("a+b.whl", ">=3.9", True, False)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{}",
        b'{"meta": {"api-version": "2.0"}, "files": []}',
        b'{"meta": {"api-version": "1.0"}, "files": 7}',
        b'{"meta": [], "files": []}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"plain words",
        b"\xff\xfe\x00",
    ],
)
def test_pages_that_are_none(body: bytes) -> None:
    """Broken, foreign, deep or other documents are a reason."""
    with pytest.raises(NoAnswerError, match="index"):
        parse_page(body, URL, trusted=True)


def test_hostile_rows_are_passed_over() -> None:
    """Rows of wrong types, links to this machine and to other schemes are left out; wild sizes are no sizes."""
    rows = [
        7,
        {"filename": 3, "url": "x"},
        {"filename": "a.whl", "url": "file:///etc/passwd"},
        {"filename": "a.whl", "url": "javascript:alert(1)"},
        {"filename": "a.whl", "url": "http://[broken"},
        {"filename": "a.whl", "url": "https://[broken"},
        {"filename": "b.whl", "url": "b.whl", "size": -1, "hashes": 3, "requires-python": [], "yanked": "because"},
        {"filename": "c.whl", "url": "c.whl", "size": 1 << 60},
    ]
    body = json.dumps({"meta": {"api-version": "1.1"}, "files": rows}).encode()
    files = parse_page(body, URL, trusted=True)
    assert [(file.name, file.size, file.yanked) for file in files] == [("b.whl", None, True), ("c.whl", None, False)]


@given(st.from_regex(r"\Ahttps://[a-z.]{1,9}(?:/[a-z.%2+]{0,4}){0,4}(?:#[a-z=&]{0,5})?\Z"))
@example("https://a.example/x/../y.whl")
@example("https://a.example/x/./y.whl")
@example("https://a.example/x/..")
def test_addresses_are_resolved_as_urllib_does(link: str) -> None:
    """Whole addresses, which nearly all are, take a shorter way to the same result."""
    body = json.dumps({"meta": {"api-version": "1.1"}, "files": [{"filename": "a.whl", "url": link}]}).encode()
    (file,) = parse_page(body, URL, trusted=True)
    assert file.url == urldefrag(urljoin(URL, link))[0]


def test_a_page_of_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """More files than the limit are a reason, in either form."""
    monkeypatch.setattr(simple, "MAX_FILES", 3)
    names = [f"a-{number}.tar.gz" for number in range(5)]
    for body in (html_page(names), json_page("a", dict.fromkeys(names, b""))):
        with pytest.raises(NoAnswerError, match="more than 3 files"):
            parse_page(body, URL, trusted=True)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(st.sampled_from('<a href="x>&;#{}[]:,'), max_size=60).map(str.encode))
def test_any_page(body: bytes) -> None:
    """Any bytes give files or a reason."""
    try:
        assert len(parse_page(body, URL, trusted=True)) < 100
    except NoAnswerError as error:
        assert "index" in error.message  # noqa: PT017 -- either outcome is right


def test_folders_and_names(tmp_path: Path) -> None:
    """Of a folder's files, those of one project are found, however they spell it."""
    for name in ("My.Pkg-1.0.tar.gz", "my_pkg-2.0-py3-none-any.whl", "my_pkg_more-1.0.tar.gz", "my_pkg-x.whl", "note"):
        (tmp_path / name).write_bytes(b"123")
    found = list(of_project(folder_files(tmp_path.as_uri() + "/"), "My-pkg"))
    assert [(named.kind, str(named.version), file.size) for file, named in found] == [
        ("sdist", "1.0", 3),
        ("wheel", "2.0", 3),
    ]
    with pytest.raises(NoAnswerError, match="cannot be listed"):
        folder_files((tmp_path / "none").as_uri())


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_file_name(name: str) -> None:
    """Any name is a distribution's or not."""
    for suffix in ("", ".whl", ".tar.gz", "-1.0-py3-none-any.whl"):
        parsed = parse_name(name + suffix)
        assert parsed is None or parsed.project
