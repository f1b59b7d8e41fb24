"""References and names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.errors import JettisonError, RefusedError, UsageError
from jettison.oci.descriptor import make_descriptor
from jettison.reference import Reference, check_name, is_repository_tag, is_tag, parse_reference
from jettison.sources.names import complete, familiar, is_called, name_annotations, names_of


@pytest.mark.parametrize(
    ("text", "kind", "path", "tag"),
    [
        ("docker-archive:/no/i.tar", "docker-archive", "/no/i.tar", ""),
        ("docker-archive:/no/i.tar:app:1.0", "docker-archive", "/no/i.tar", "app:1.0"),
        ("docker-archive:i.tar:reg.example:5000/a/b:1", "docker-archive", "i.tar", "reg.example:5000/a/b:1"),
        ("oci:dir", "oci", "dir", ""),
        ("oci:dir:v1", "oci", "dir", "v1"),
        ("oci-archive:x.tar:v1", "oci-archive", "x.tar", "v1"),
        ("no/such/folder", "", "no/such/folder", ""),
        ("python:3.11", "", "python", "3.11"),
        ("registry:h:5000/a/b:1", "registry", "h:5000/a/b:1", ""),
        ("docker://python:3.11", "registry", "python:3.11", ""),
    ],
)
def test_references(text: str, kind: str, path: str, tag: str) -> None:
    """Scheme, path and tag are told apart; where no path exists, it ends at the first colon."""
    assert parse_reference(text) == Reference(text, kind, path, tag)  # type: ignore[arg-type]  # from a table


def test_the_longest_path_that_exists_wins(tmp_path: Path) -> None:
    """A path may hold colons, and a tag may follow it."""
    for name in ("a", "a:b", "a:b:c"):
        (tmp_path / name).write_bytes(b"")
    assert parse_reference(f"oci-archive:{tmp_path}/a:b:c").path == f"{tmp_path}/a:b:c"
    parsed = parse_reference(f"oci-archive:{tmp_path}/a:b:v1")
    assert (parsed.path, parsed.tag) == (f"{tmp_path}/a:b", "v1")
    parsed = parse_reference(f"{tmp_path}/a:x:1")
    assert (parsed.path, parsed.tag) == (f"{tmp_path}/a", "x:1")


@pytest.mark.parametrize("text", ["containerd:x", "https://x/y.tar"])
def test_what_is_not_read_is_refused_with_the_way_round(text: str) -> None:
    """What is not read yet says so, and how to get an archive."""
    with pytest.raises(RefusedError, match="not read yet") as caught:
        parse_reference(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "oci:", "oci::v1", "a\0b", "oci:/no/x:a b", "oci:/no/x:" + "a" * 400, "oci:/no/x:-a"]
)
def test_malformed_references_are_usage_errors(text: str) -> None:
    """No path, a NUL, and tags outside of the grammar are the user's mistakes."""
    with pytest.raises(UsageError):
        parse_reference(text)


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    """No text makes the parser raise anything else, and what parses has a path."""
    try:
        parsed = parse_reference(text)
    except JettisonError:
        return
    assert parsed.path
    assert not parsed.tag or check_name(parsed.tag, "x")


@pytest.mark.parametrize(
    ("text", "tag", "repository"),
    [
        ("latest", True, False),
        ("v1.0-rc_1", True, False),
        ("-x", False, False),
        ("a" * 129, False, False),
        ("app:1.0", False, True),
        ("App:1.0", False, False),
        ("a/b/c:1", False, True),
        ("localhost:5000/a:1", False, True),
        ("Reg.Example/a:1", False, True),
        ("a//b:1", False, False),
        ("a:", False, False),
        ("a__b---c.d:1", False, True),
        ("a..b:1", False, False),
    ],
)
def test_the_grammar_of_tags_and_names(text: str, tag: bool, repository: bool) -> None:  # noqa: FBT001 -- a table's columns
    """Tags and repository:tag follow the distribution specification."""
    assert (is_tag(text), is_repository_tag(text)) == (tag, repository)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("app:1", "docker.io/library/app:1"),
        ("me/app:1", "docker.io/me/app:1"),
        ("reg.example/app:1", "reg.example/app:1"),
        ("localhost/app:1", "localhost/app:1"),
        ("localhost:5000/app:1", "localhost:5000/app:1"),
    ],
)
def test_familiar_and_complete_names(short: str, full: str) -> None:
    """A name as Docker shows it and as containerd stores it are each other's inverse, also through annotations."""
    assert (complete(short), familiar(full)) == (full, short)
    entry = make_descriptor("a/b", "sha256:" + "0" * 64, 0, annotations=name_annotations(short))
    assert names_of(entry) == (short,)


@pytest.mark.parametrize(
    ("name", "wanted", "called"),
    [
        ("app:1", "app:1", True),
        ("app:1", "docker.io/library/app:1", True),
        ("app:1", "1", True),
        ("app:1", "app", False),
        ("app:latest", "app", True),
        ("v1", "v1", True),
        ("app:1", "2", False),
        ("app:1", "pp:1", False),
    ],
)
def test_what_a_tag_means(name: str, wanted: str, called: bool) -> None:  # noqa: FBT001 -- a table's column
    """An image is meant by its whole name, its tag, or its repository when the tag is latest."""
    assert is_called(name, wanted) is called
