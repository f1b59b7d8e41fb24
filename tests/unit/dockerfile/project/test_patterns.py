"""Patterns of ignore files and of COPY: BuildKit's answers, in bounded time."""

import time

import pytest
from e2b_dockerfile_utils import PatternMatcher
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project.patterns import (
    clean,
    compile_pattern,
    decide_alone,
    glob,
    has_wildcards,
    may_match_under,
)

# pattern lines, path, whether it is ignored; each by the rules of moby/patternmatcher (MatchesUsingParentResults).
CASES = [
    (["*"], "a", True),
    (["*"], "a/b", True),  # its folder is matched
    (["*.py"], "a/x.py", False),  # a star stops at slashes
    (["**/*.py"], "x.py", True),
    (["**/*.py"], "a/b/x.py", True),
    (["**"], "a/b", True),
    (["a/**"], "a", False),
    (["a/**"], "a/b/c", True),
    (["a/**/c"], "a/c", True),
    (["a/**/c"], "a/x/y/c", True),
    (["**/a"], "ba", False),
    (["**a"], "ba", True),
    (["a/"], "a/b", True),  # a trailing slash says nothing
    (["a/"], "a", True),  # a file of that name as well
    (["/a"], "a", True),
    (["/a"], "b/a", False),
    (["./a"], "a", True),
    (["b/../a"], "a", True),
    (["a//b"], "a/b", True),
    (["a", "!a/b"], "a/b", False),
    (["a", "!a/b"], "a/c", True),
    (["a/*", "!a/b"], "a/b/c", False),
    (["!a/b", "a"], "a/b", True),  # the last one that matches decides
    (["**/x", "!keep", "**/x/y"], "keep/x", True),
    (["*", "!a.py"], "a.py", False),
    (["*", "!src"], "src/a/b.py", False),
    (["*", "!src", "src/a"], "src/a/b.py", True),
    (["[a-c]x"], "bx", True),
    (["[^a-c]x"], "bx", False),
    (["a?c"], "abc", True),
    (["a?c"], "a/c", False),
    (["a\\*b"], "a*b", True),
    (["a\\*b"], "axb", False),
    (["a.b"], "axb", False),  # a dot is no wildcard
    (["#a"], "#a", True),  # comments are cut by the file's reader, not by the pattern
    ([" a "], "a", True),
    (["! a"], "a", False),
    (["."], "a", False),
    (["/"], "a", False),
    (["a b"], "a b", True),
    (["a{b,c}"], "ab", False),
    (["é*"], "éa", True),
]


@pytest.mark.parametrize(("lines", "path", "expected"), CASES)
def test_cases(lines: list[str], path: str, expected: bool) -> None:  # noqa: FBT001 -- the table's column
    """Each rule of BuildKit's matcher, by an example."""
    assert decide_alone([compile_pattern(line) for line in lines], path) is expected


NAMES = st.text(alphabet="ab.x", min_size=1, max_size=3)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(["a", "b", ".", "x", "*", "**", "?", "/", "**/", "[ab]", "[^a]", "\\x", "+", "(", "$", "/**"])
PATTERNS = st.tuples(st.sampled_from(["", "", "!"]), st.lists(PIECES, min_size=1, max_size=7).map("".join)).map("".join)


@settings(deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=4), PATHS)
def test_agrees_with_the_port(lines: list[str], path: str) -> None:
    """Ours and e2b's port of moby's matcher give the same answer for the same patterns."""
    try:
        other = PatternMatcher(lines)
    except ValueError:
        with pytest.raises(ValueError, match=r"\w"):
            [compile_pattern(line) for line in lines]
        return
    assert decide_alone([compile_pattern(line) for line in lines], path) is other.matches(path)


@settings(deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=4), PATHS, PATHS)
def test_folders_that_need_no_look(lines: list[str], folder: str, below: str) -> None:
    """Nothing under an ignored folder is brought back where no exception may match under it."""
    try:
        patterns = [compile_pattern(line) for line in lines]
    except ValueError:
        assume(False)
    if decide_alone(patterns, folder) and not may_match_under(patterns, folder):
        assert decide_alone(patterns, f"{folder}/{below}")


@pytest.mark.parametrize(
    "line", ["[", "[a", "a[", "[]a]", "[a-]", "[-a]", "\\", "a\\", "[^]", "!", "! ", "[b-a]", "[[a", "!["]
)
def test_malformed(line: str) -> None:
    """What Go's filepath.Match refuses is refused, and so is a range that its regular expressions refuse."""
    with pytest.raises(ValueError, match=r"bracket|backslash|'!'"):
        compile_pattern(line)


@pytest.mark.parametrize("line", ["[[a]", "[a&&b]", "[a||b]", "[a~~b]", "a]b", "[\\]]", "[a-c-e]"])
def test_sets_that_python_reads_otherwise(line: str) -> None:
    """A set that Python's regular expressions would warn of, or read otherwise, is a set of those characters."""
    try:
        match = compile_pattern(line).match
    except ValueError:
        assert line == "[a-c-e]"
        return
    assert match("a") is line.startswith(("[[a", "[a"))
    assert not match("z")


@pytest.mark.parametrize(
    "line", ["**/" * 40 + "x", "*a" * 60 + "z", "a**" * 50 + "b", "?" * 200 + "***z", "*a*a*a*a*a*b"]
)
def test_hostile_patterns_end(line: str) -> None:
    """A pattern of many wildcards takes its length times the path's, not more."""
    begin = time.process_time()
    match = compile_pattern(line).match
    for path in ("a/" * 300 + "y", "a" * 255, "a" * 4000):
        assert not match(path)
    assert time.process_time() - begin < 5


@settings(deadline=None)
@given(PATTERNS.filter(lambda line: not line.startswith("!")), PATHS)
def test_both_ways_to_match_agree(line: str, path: str) -> None:
    """A path that is too long for regular expressions is matched in the same way as a short one."""
    try:
        match = compile_pattern(line).match
    except ValueError:
        assume(False)
    long = "n" * 300
    assert compile_pattern(f"{long}/{line}").match(f"{long}/{path}") is compile_pattern(f"m/{line}").match(f"m/{path}")
    assert isinstance(match(path), bool)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*", "a", True),
        ("*", "a/b", False),
        ("**", "a/b", False),  # no more than one star
        ("**/*.py", "a/x.py", True),
        ("**/*.py", "x.py", False),
        ("a*/b*", "ax/by", True),
        ("[^a]", "/", False),
        ("\\*", "*", True),
        ("\\\\**", "\\x", True),
    ],
)
def test_glob(pattern: str, path: str, expected: bool) -> None:  # noqa: FBT001 -- the table's column
    """COPY's wildcards are Go's filepath.Match: no star crosses a slash."""
    assert glob(pattern)(path) is expected


def test_helpers() -> None:
    """Paths are cleaned as Go does, and an escaped wildcard is none."""
    assert [clean(path) for path in ("", ".", "a/", "//a//b/", "a/../..", "/..")] == [".", ".", "a", "/a/b", "..", "/"]
    assert [has_wildcards(path) for path in ("a*", "a\\*", "a\\\\*", "[", "a?")] == [True, False, True, True, True]
