"""What is captured while layers are read, hints of tests used at run time, and symlinks resolved afterwards."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.images import File
from tests.helpers.reading import table_of

from jettison.errors import BadInputError
from jettison.files import capture
from jettison.files.capture import TextObserver, content, mode_of
from jettison.files.hints import PythonObserver, find_documents, find_hints
from jettison.files.resolve import resolve

SITE = "usr/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("var/lib/dpkg/status", "whole"),
        ("var/lib/dpkg/status.d/libc6", "whole"),
        ("var/lib/dpkg/status.d/libc6.md5sums", "whole"),
        ("var/lib/dpkg/info/libc6:amd64.list", "whole"),
        ("var/lib/dpkg/info/libc6:amd64.postinst", ""),
        ("var/lib/dpkg/alternatives/awk", "whole"),
        ("var/lib/apt/extended_states", "whole"),
        ("var/lib/apt/daily_lock", ""),
        ("lib/apk/db/installed", "whole"),
        (f"{SITE}/a-1.dist-info/RECORD", "whole"),
        (f"{SITE}/a-1.dist-info/METADATA", "headers"),
        (f"{SITE}/a-1.egg-info", "headers"),
        (f"{SITE}/a-1.egg-info/PKG-INFO", "headers"),
        (f"{SITE}/a.pth", "whole"),
        ("models/a.pth", ""),
        ("opt/conda/conda-meta/a.json", "conda"),
        ("opt/venv/pyvenv.cfg", "whole"),
        ("etc/ld.so.conf.d/cuda.conf", "whole"),
        ("usr/bin/pip", "line"),
        ("entrypoint.sh", "line"),
        ("app/cabin/x", ""),
        ("METADATA", ""),
    ],
)
def test_what_is_captured(path: str, mode: str) -> None:
    """Databases whole, metadata without its description, scripts by their first line, other files not at all."""
    assert mode_of(path) == mode


def captured(path: str, data: bytes, piece: int = 7) -> bytes | str | None:
    sink = TextObserver().begin(path, len(data))
    if sink is None:
        return None
    for at in range(0, len(data), piece):
        sink.feed(memoryview(data)[at : at + piece])
    value = json.loads(json.dumps(sink.finish()))
    return None if value is None else content(value)


@given(st.binary(max_size=100))
def test_whole_captures_are_the_bytes(data: bytes) -> None:
    """Any bytes, UTF-8 or not, come back through JSON as they were."""
    assert captured("var/lib/dpkg/status", data) == data


def test_cut_captures() -> None:
    """Core metadata ends at its description, a script at its first line; a program that is no script gives nothing."""
    assert captured("a.dist-info/METADATA", b"Name: a\nVersion: 1\n\nlong text") == b"Name: a\nVersion: 1\n"
    assert captured("usr/bin/x", b"#!/usr/bin/python3\nimport x") == b"#!/usr/bin/python3"
    assert captured("usr/bin/x", b"\x7fELF...") is None
    conda = captured("conda-meta/a.json", b'{"name":"a","version":"1","big":[1,2],"files":["x"]}')
    assert isinstance(conda, bytes)
    assert json.loads(conda) == {"name": "a", "version": "1", "files": ["x"]}


@pytest.mark.parametrize("data", [b"[" * 100_000, b"3", b"{", b"\xff"])
def test_bad_conda_records_are_told_of(data: bytes) -> None:
    """A record that is none, however nested, is a reason."""
    assert isinstance(captured("conda-meta/a.json", data), str)


def test_control_characters_are_kept_without_growing() -> None:
    """JSON would make six bytes of each; what comes back is the same."""
    data = bytes(range(32)) * 1000
    sink = TextObserver().begin("etc/passwd", len(data))
    assert sink is not None
    sink.feed(data)
    value = sink.finish()
    assert len(json.dumps(value)) < 1.4 * len(data)
    assert content(value) == data


def test_captures_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than such a file is, is not held; the reason comes instead."""
    monkeypatch.setattr(capture, "TEXT_LIMIT", 10)
    assert captured("etc/passwd", b"x" * 11) == "not read: 11 bytes are more than such a file has"
    table = table_of({"etc/passwd": b"x" * 11})
    assert [skip.subject for skip in table.skips] == ["etc/passwd"]


@pytest.mark.parametrize("value", [None, 3, {}, {"text": 3}, {"base64": "!"}])
def test_damaged_captures_are_refused(value: object) -> None:
    """What no observer gave is bad input."""
    with pytest.raises(BadInputError):
        content(value)


def test_hints_of_tests_used_at_run_time() -> None:
    """Imports of tests modules and strings with tests folders are hints; comments, names and test suites are not."""
    source = b"""
import os, json
from pandas.tests import api
from . import test
import numpy.tests.common as c
# from x.tests import y
latest = contest
path = "data/tests/x.bin"
open(os.path.join(here, 'tests', 'x'))
def test_me(): pass
"""
    assert find_hints(source) == [
        "from pandas.tests import api",
        "from . import test",
        "import numpy.tests.common as c",
        'path = "data/tests/x.bin"',
        "open(os.path.join(here, 'tests', 'x'))",
    ]
    assert len(find_hints(b"import tests\n" * 100)) == 16
    assert PythonObserver().begin("a/tests/x.py", 10) is None
    assert PythonObserver().begin("a/x.txt", 10) is None
    assert PythonObserver().begin("a/x.py", 3_000_000) is None


def test_hints_of_documentation_read_at_run_time() -> None:
    """Strings that name a docs folder, a README or a change log are hints; comments and addresses are not."""
    source = b"""
open(join(HERE, 'README.rst'))
# 'docs/x'
page = "docs/index.html"
url = "https://example.org/docs/x"
parts = (here, "doc")
app = App(docs_url="/docs")
docstring = "documentation"
log = 'CHANGELOG.md'
"""
    assert find_documents(source) == [
        "open(join(HERE, 'README.rst'))",
        'page = "docs/index.html"',
        'parts = (here, "doc")',
        'app = App(docs_url="/docs")',
        "log = 'CHANGELOG.md'",
    ]
    assert len(find_documents(b"x = 'docs/'\n" * 100)) == 16
    long = b"x" * 5000 + b" 'docs/x' " + b"y" * 5000
    assert "'docs/x'" in find_documents(long)[0]
    assert len(find_documents(long)[0]) <= 120


def test_hints_are_in_the_table() -> None:
    """The table holds the hints of visible files by path."""
    assert table_of({"a/x.py": b"import tests\n", "a/y.py": b"\n"}).hints == {"a/x.py": ("import tests",)}


@given(st.binary(max_size=300))
def test_hints_never_crash(source: bytes) -> None:
    """Any bytes are looked at without error."""
    assert len(find_hints(source + b" tests/ " + source)) <= 16
    assert len(find_documents(source + b"'docs/' README " + source)) <= 16


def test_names_that_are_not_utf8_are_read() -> None:
    """A path of raw bytes is surrogate-escaped and found again in a dpkg list."""
    name = os.fsdecode(b"usr/share/\xff\xfe")
    table = table_of(
        {
            name: b"x",
            "var/lib/dpkg/status": b"Package: a\nVersion: 1\n",
            "var/lib/dpkg/info/a.list": b"/usr/share/\xff\xfe\n",
        }
    )
    assert table.visible[name].owner == "deb:a"


def test_symlinks_are_resolved_inside_the_rootfs() -> None:
    """Absolute and relative links, links in the middle, loops, dead ends, and .. above the root."""
    table = table_of(
        [
            File("usr/lib", type="dir"),
            File("usr/lib/x.so.1", b"x"),
            File("usr/lib/x.so", type="symlink", link="x.so.1"),
            File("lib", type="symlink", link="usr/lib"),
            File("abs", type="symlink", link="/lib/x.so"),
            File("up", type="symlink", link="../../../usr/lib/x.so"),
            File("loop", type="symlink", link="loop"),
            File("dead", type="symlink", link="nowhere"),
            File("long", type="symlink", link="/".join(["usr/.."] * 500) + "/abs"),
        ]
    )
    for path in ("abs", "/abs", "lib/x.so", "up", "usr/lib/../../abs", "long"):
        assert resolve(table, path) == "usr/lib/x.so.1"
    assert resolve(table.visible, "lib") == "usr/lib"
    for path in ("loop", "dead", "nowhere", "usr/lib/x.so/y", "loop/x"):
        assert resolve(table, path) is None
