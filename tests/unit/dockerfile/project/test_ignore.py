"""Ignore files: which one counts, every line with its place, lines added and removed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project.ignore import (
    MAX_IGNORE,
    MAX_PATTERNS,
    deciding_line,
    kept_out,
    parse_ignore,
    read_ignore,
    with_lines,
)

TEXTS = st.text(alphabet="ab*!#/ \t\n\r\ufeff[]\\.\x85\u2028", max_size=60)


@settings(deadline=None)
@given(TEXTS)
def test_lines_cover_the_text(text: str) -> None:
    """The spans of the lines are the text without gaps, whatever it is, and nothing to do changes nothing."""
    file = parse_ignore(text)
    assert "".join(text[line.span.start : line.span.end] for line in file.lines) == text
    assert [line.span.line for line in file.lines] == list(range(1, len(file.lines) + 1))
    assert with_lines(file) == text


@settings(deadline=None)
@given(TEXTS, st.lists(st.sampled_from(["a", "**/b", "!c", "x y"]), max_size=3), st.sets(st.integers(1, 6), max_size=3))
def test_lines_are_added_and_removed(text: str, add: list[str], remove: set[int]) -> None:
    """After an edit the file has the added patterns and the kept lines, each in its old order and its old bytes."""
    file = parse_ignore(text)
    edited = parse_ignore(with_lines(file, add=add, remove=remove))
    kept = [line.text.removeprefix("\ufeff") for line in file.lines if line.span.line not in remove]
    left = [line.text.removeprefix("\ufeff") for line in edited.lines]
    for line in add:
        left.remove(line)
    # A byte order mark alone is an empty line; it may be gone with the first.
    assert [line for line in left if line] == [line for line in kept if line]
    assert edited.text.startswith("\ufeff") >= text.startswith("\ufeff")


def test_added_pattern_does_not_undo_an_exception() -> None:
    """A pattern goes before the first exception, so that what was brought back stays so; an exception goes last."""
    file = parse_ignore("# c\n*.bin\n!model.bin")
    edited = parse_ignore(with_lines(file, add=["**/*.bin", "!tiny.bin"]))
    assert edited.text == "# c\n*.bin\n**/*.bin\n!model.bin\n!tiny.bin\n"
    assert list(kept_out(edited, ["model.bin", "a/x.bin"])) == ["a/x.bin"]


def test_kinds_of_lines() -> None:
    """A byte order mark and carriage returns are no part of a pattern; only a first character makes a comment."""
    file = parse_ignore("\ufeff# a\r\n #b\r\n\r\na\r\n[\r\n")
    assert [line.kind for line in file.lines] == ["comment", "pattern", "blank", "pattern", "invalid"]
    assert [pattern.text for pattern in file.patterns] == ["#b", "a"]
    assert [(skip.subject, skip.reason) for skip in file.skips] == [(".dockerignore:5", "a bracket is not closed")]


def test_deciding_line() -> None:
    """The line that decides is told: the last one that matches the path or one of its folders."""
    file = parse_ignore("data\n# x\n!data/keep\n*.tmp\n")
    for path, ignored, line in (("data/a", True, 1), ("data/keep/b", False, 3), ("x.tmp", True, 4), ("src", False, 0)):
        said, deciding = deciding_line(file, path)
        assert (said, deciding.span.line if deciding else 0) == (ignored, line)
        assert list(kept_out(file, [path])) == [path] * ignored


def test_which_file_counts(tmp_path: Path) -> None:
    """The file beside the Dockerfile named after it counts before the context's own; none at all ignores nothing."""
    assert read_ignore(str(tmp_path)).lines == ()
    (tmp_path / ".dockerignore").write_text("a\n")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/Dockerfile.gpu.dockerignore").write_text("b\n")
    assert read_ignore(str(tmp_path)).path == ".dockerignore"
    assert read_ignore(str(tmp_path), "docker/Dockerfile.gpu").path == "docker/Dockerfile.gpu.dockerignore"
    assert read_ignore(str(tmp_path), str(tmp_path / "docker/Dockerfile")).path == ".dockerignore"


def test_hostile_files(tmp_path: Path) -> None:
    """A file too large, a line too long, too many patterns, bytes that are no text, a folder: skips, never an error."""
    place = tmp_path / ".dockerignore"
    place.write_bytes(b"a" * (MAX_IGNORE + 1))
    assert "larger" in read_ignore(str(tmp_path)).skips[0].reason
    place.write_bytes(b"x\n" + b"a" * 70_000 + b"\n\xff\xfe*\n")
    file = read_ignore(str(tmp_path))
    assert [line.kind for line in file.lines] == ["pattern", "invalid", "pattern"]
    assert file.text.encode("utf-8", "surrogateescape") == place.read_bytes()
    many = parse_ignore("a\n" * (MAX_PATTERNS + 50))
    assert len(many.patterns) == MAX_PATTERNS
    assert len(many.skips) == 11
    place.unlink()
    place.mkdir()
    assert read_ignore(str(tmp_path)).skips[0].reason == "not a plain file"
    place.rmdir()
    place.symlink_to("/etc/passwd")
    assert read_ignore(str(tmp_path)).skips[0].reason == "leads out of the build context"


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n\n", "\ufeff"])
def test_small_files(text: str) -> None:
    """Files of next to nothing are read and written back."""
    assert with_lines(parse_ignore(text)) == text
