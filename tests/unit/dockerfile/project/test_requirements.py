"""Requirements files: every line with its place, what it asks for, and what it includes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.compose.requirements import read_requirements as read_allowed
from jettison.dockerfile.project import requirements
from jettison.dockerfile.project.dependencies import Wanted, wanted, without_password
from jettison.dockerfile.project.requirements import (
    MAX_FILES,
    parse_requirements,
    read_requirements,
    requirements_of,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def one(line: str) -> Wanted:
    (found,) = parse_requirements(line).lines
    assert found.wanted is not None, found.reason
    return found.wanted


@settings(deadline=None)
@given(st.text(alphabet="ab1=- \\\n\r\t#;[]<>./:@\x0c\u2028\"'", max_size=80))
def test_lines_cover_the_text(text: str) -> None:
    """The spans of the lines are the text without gaps, whatever it is; no text is an error."""
    file = parse_requirements(text)
    assert "".join(text[line.span.start : line.span.end] for line in file.lines) == text
    assert all(line.reason for line in file.lines if line.kind == "invalid")


@pytest.mark.parametrize(
    ("line", "name", "specifier", "pinned"),
    [
        ("numpy==1.26.4", "numpy", "==1.26.4", True),
        ("NumPy_x>=1,<2", "numpy-x", "<2,>=1", False),
        ("torch==2.1.*", "torch", "==2.1.*", False),
        ("torch===2.1+cpu", "torch", "===2.1+cpu", True),
        ("torch ~= 2.1", "torch", "~=2.1", False),
        ("torch", "torch", "", False),
        ("torch (>=1.0)", "torch", ">=1.0", False),
        ('x==1;python_version<"3.9" # c', "x", "==1", True),
    ],
)
def test_named(line: str, name: str, specifier: str, pinned: bool) -> None:  # noqa: FBT001 -- the table's column
    """A requirement from an index: normalised name, sorted versions, pinned only by == or === to one version."""
    found = one(line)
    assert (found.name, found.specifier, found.pinned, found.source) == (name, specifier, pinned, "index")


@pytest.mark.parametrize(
    ("line", "source", "name", "pinned", "editable"),
    [
        (f"git+https://h/o/repo.git@{COMMIT}", "vcs", "repo", True, False),
        ("git+https://h/o/repo.git@v1#egg=My_Thing", "vcs", "my-thing", False, False),
        ("git+https://h/o/repo", "vcs", "repo", False, False),
        ("git+ssh://git@h/o/repo.git", "vcs", "repo", False, False),
        (f"a @ git+https://h/o/r@{COMMIT}#subdirectory=x", "vcs", "a", True, False),
        ("-e git+https://h/o/repo.git@main#egg=x", "vcs", "x", False, True),
        ("https://h/p/foo-1.0-py3-none-any.whl", "url", "foo", False, False),
        ("https://h/p/foo-1.0.tar.gz#sha256=" + "0" * 64, "url", "foo", True, False),
        ("foo @ https://h/p/x.zip", "url", "foo", False, False),
        (".", "path", "", True, False),
        ("-e .[dev]", "path", "", True, True),
        ("--editable=./lib", "path", "", True, True),
        ("./w/foo-1.0-py3-none-any.whl", "path", "foo", True, False),
        ("foo-1.0.tar.gz", "path", "foo", True, False),
        ("file:///x/foo-1.0-py3-none-any.whl", "path", "foo", True, False),
    ],
)
def test_placed(line: str, source: str, name: str, pinned: bool, editable: bool) -> None:  # noqa: FBT001 -- as above
    """Addresses, repositories and paths: where from, what name they tell, and whether they always give the same."""
    found = one(line)
    assert (found.source, found.name, found.pinned, found.editable) == (source, name, pinned, editable)


def test_lines_as_pip_joins_them() -> None:
    """Continued lines are one with the place of all; a comment is cut, and its backslash continues nothing."""
    text = "a==1 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\n# c \\\nb # d\nc#e\n\n  # f\nd \\"
    file = parse_requirements(text)
    assert [(line.kind, line.span.line, line.span.end_line, line.text) for line in file.lines] == [
        ("requirement", 1, 3, "a==1   --hash=sha256:aa   --hash=sha256:bb"),
        ("comment", 4, 4, ""),
        ("requirement", 5, 5, "b"),
        ("invalid", 6, 6, "c#e"),
        ("blank", 7, 7, ""),
        ("comment", 8, 8, ""),
        ("requirement", 9, 9, "d"),
    ]
    assert file.lines[0].wanted is not None
    assert file.lines[0].wanted.hashes == ("sha256:aa", "sha256:bb")
    assert file.lines[2].comment


def test_options() -> None:
    """Options come with their names in full and their values, however they are attached or shortened."""
    file = parse_requirements(
        "-ihttps://a\n--extra-index=https://b ; sys_platform == 'linux'\n-f links\n--pre --no-bin x\n"
        "--require-hashes\n-r 'a b.txt'\n-c c.txt\n"
    )
    assert [line.options for line in file.lines] == [
        (("--index-url", "https://a"),),
        (("--extra-index-url", "https://b"),),
        (("--find-links", "links"),),
        (("--pre", ""), ("--no-binary", "x")),
        (("--require-hashes", ""),),
        (("--requirement", "a b.txt"),),
        (("--constraint", "c.txt"),),
    ]
    assert [line.kind for line in file.lines][-2:] == ["include", "constraint"]


INVALID = """
a==
--nope
-x
-r
--index-url
--pre=1
a --hash=x
'
-r 'a
--i=x
a b
a; python_version >
[x]
a==1 --hash=sha256:zz
../x; bad marker
"""


@pytest.mark.parametrize("line", INVALID.split("\n")[1:-1])
def test_invalid_lines(line: str) -> None:
    """A line that pip would refuse is invalid, with a reason that does not repeat it."""
    (found,) = parse_requirements(line).lines
    assert found.kind == "invalid"
    assert found.reason


def test_options_that_pip_passes_over() -> None:
    """An option for the whole file behind a requirement does nothing, and that is said; so is an empty marker."""
    file = parse_requirements('torch; --index-url https://h/cpu ; sys_platform == "x"\na -e ./b\n')
    assert [(line.kind, line.reason) for line in file.lines] == [
        ("requirement", "pip passes over --index-url behind a requirement"),
        ("requirement", "pip passes over --editable behind a requirement"),
    ]
    assert [(line.wanted.name, line.wanted.editable) for line in file.lines if line.wanted] == [
        ("torch", False),
        ("a", False),
    ]


def test_includes(tmp_path: Path) -> None:
    """Included files are read from beside the file that names them, constraints apart, each once."""
    (tmp_path / "reqs").mkdir()
    (tmp_path / "requirements.txt").write_text("-r reqs/base.txt\n-c reqs/c.txt\n-r reqs/base.txt\nflask\n")
    (tmp_path / "reqs/base.txt").write_text("-r more.txt\nnumpy\n--index-url https://u:p@h/simple\n")
    (tmp_path / "reqs/more.txt").write_text("scipy\n")
    (tmp_path / "reqs/c.txt").write_text("numpy==1\n")
    found = read_requirements(str(tmp_path), "requirements.txt")
    assert [(file.path, file.constraint, file.included_from) for file in found.files] == [
        ("requirements.txt", False, ""),
        ("reqs/base.txt", False, "requirements.txt"),
        ("reqs/more.txt", False, "reqs/base.txt"),
        ("reqs/c.txt", True, "requirements.txt"),
    ]
    assert not found.skips
    shape = requirements_of(found, "requirements.txt")
    assert [(group.kind, [item.name for item in group.wanted]) for group in shape.groups] == [
        ("main", ["flask", "numpy", "scipy"]),
        ("constraint", ["numpy"]),
    ]
    assert [without_password(index.url) for index in shape.indexes] == ["https://***@h/simple"]


def test_includes_that_are_not_followed(tmp_path: Path) -> None:
    """Loops, files outside of the context, addresses, and missing files are skips with their place."""
    (tmp_path / "a.txt").write_text("-r b.txt\n-r ../out.txt\n-r https://h/x.txt\n-r gone.txt\n-r /etc/passwd\nx\n")
    (tmp_path / "b.txt").write_text("-r a.txt\n-r b.txt\ny\n")
    found = read_requirements(str(tmp_path), "a.txt")
    assert [(skip.subject, skip.reason) for skip in found.skips] == [
        ("a.txt", "includes itself, by way of b.txt"),
        ("b.txt", "includes itself, by way of b.txt"),
        ("a.txt:2", "includes a file outside of the build context"),
        ("a.txt:3", "includes a file from an address, which is not looked into"),
        ("gone.txt", "No such file or directory; included from a.txt"),
        ("a.txt:5", "includes a file outside of the build context"),
    ]
    assert [item.name for group in requirements_of(found, "a.txt").groups for item in group.wanted] == ["x", "y"]


def test_many_includes(tmp_path: Path) -> None:
    """A chain of includes ends at its depth, and a fan at its number, with one skip each."""
    for number in range(60):
        (tmp_path / f"r{number}.txt").write_text(f"-r r{number + 1}.txt\n")
    found = read_requirements(str(tmp_path), "r0.txt")
    assert len(found.files) == 20
    assert len(found.skips) == 1
    (tmp_path / "all.txt").write_text("".join(f"-r x{number}.txt\n" for number in range(80)))
    for number in range(80):
        (tmp_path / f"x{number}.txt").write_text("a\n")
    found = read_requirements(str(tmp_path), "all.txt")
    assert len(found.files) == MAX_FILES
    assert len(found.skips) == 1


def test_encodings(tmp_path: Path) -> None:
    """Byte order marks and coding comments are obeyed as pip does; what is no text is a skip."""
    place = tmp_path / "r.txt"
    for data in ("\ufeffnumpy\n".encode(), "numpy\n".encode("utf-16"), b"# -*- coding: latin-1 -*- \xe9\nnumpy\n"):
        place.write_bytes(data)
        found = read_requirements(str(tmp_path), "r.txt")
        assert [item.name for group in requirements_of(found, "").groups for item in group.wanted] == ["numpy"]
    for data, reason in (
        (b"\xff\xfe\xff", "not utf-16-le text"),
        (b"a\0b", "binary"),
        (b"\xe9", "not utf-8 text"),
        (b"# coding: nope\n", "of an encoding that is not known: nope"),
        (b"# coding: base64\nYQ==", "of an encoding that is not known: base64"),
        (b"x" * 50_000_000, "larger than 4000000 bytes"),
    ):
        place.write_bytes(data)
        assert read_requirements(str(tmp_path), "r.txt").skips[0].reason == reason


def test_huge_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirement of a megabyte is invalid, and what follows the limit of lines is one invalid line."""
    (line,) = parse_requirements("a" * 1_000_000).lines
    assert line.reason == "longer than 10000 characters"
    (line,) = parse_requirements("a;" + "(" * 5_000).lines
    assert line.kind == "invalid"
    monkeypatch.setattr(requirements, "MAX_LINES", 3)
    file = parse_requirements("a\n" * 5)
    assert [(line.kind, line.span.line, line.span.end_line) for line in file.lines][2:] == [
        ("requirement", 3, 3),
        ("invalid", 4, 5),
    ]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "numpy==1.2",
                "a>=1 # c",
                "# c \\",
                "",
                "  ",
                'b ; python_version>"3"',
                "c \\",
                "--pre",
                "d==1 \\",
                "  <2",
                "e",
            ]
        ),
        max_size=8,
    )
)
def test_reads_lines_as_the_allow_list_does(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Where the reader of compose files accepts a file, both find the same requirements in it."""
    from jettison.errors import JettisonError  # noqa: PLC0415 -- for this comparison only

    place = tmp_path_factory.mktemp("r") / "r.txt"
    place.write_text("\n".join(lines))
    try:
        allowed = read_allowed(place)
    except JettisonError:
        return
    ours = read_requirements(str(place.parent), "r.txt")
    assert not ours.skips
    found = [item for group in requirements_of(ours, "").groups for item in group.wanted]
    assert [(item.name, item.specifier, item.marker) for item in found] == [
        (other.name, other.specifier, other.marker) for other in map(wanted, allowed.wanted)
    ]
