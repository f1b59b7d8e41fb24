"""Patterns of ``.dockerignore`` and of COPY, as BuildKit reads them (moby/patternmatcher, Go's ``filepath.Match``).

Not ``e2b_dockerfile_utils.PatternMatcher``, although both agree (a test compares them): that one looks at every
parent of every path anew, warns on ``[[a]``, and on ``**/**/**/…`` before a deep path it takes longer than one can
wait. Here a walk hands each folder's results to what lies in it, and a pattern with more than two wildcards is followed
with the set of places that it can have reached, so that no pattern costs more than its length times the path's.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_REGEX_WILDCARDS = 2
_REGEX_PATH = 256
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
STAR, DEEP, REST = "*", "**/", "**"  # [^/]*   (.*/)?   .*


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of a pattern: a wildcard by its name, or the regular expression of one character."""

    wildcard: str
    one: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern.

    Attributes:
        text: cleaned: no surrounding space, no ``!``, no leading or trailing slash.
        exception: whether it began with ``!``.
        match: whether it matches a path by itself.
    """

    text: str
    exception: bool
    match: Callable[[str], bool]


def trimmed(text: str) -> str:
    """Return a text without the surrounding characters that Go calls space (Python calls four more so)."""
    return text.strip(_SPACE)


def clean(path: str) -> str:
    """Return what Go's ``filepath.Clean`` makes of a path."""
    return posixpath.normpath(re.sub("/+", "/", path))


def compile_pattern(text: str) -> Pattern:
    """Return a pattern of an ignore file.

    Raises:
        ValueError: BuildKit refuses it.
    """
    plain = trimmed(text)
    exception = plain.startswith("!")
    if exception:
        plain = trimmed(plain[1:])
        if not plain:
            raise ValueError("nothing follows the '!'")
    plain = clean(plain)
    if len(plain) > 1:
        plain = plain.removeprefix("/")
    return Pattern(plain, exception, _matcher(plain))


def decide(
    patterns: Sequence[Pattern], path: str, parent: Sequence[bool] | None = None
) -> tuple[bool, tuple[bool, ...]]:
    """Return whether a path is matched, and by which patterns, for what lies under it.

    The last pattern that matches decides; what matched a folder matches all in it (MatchesUsingParentResults).

    Args:
        patterns: in their order.
        path: relative, slashes between.
        parent: the second result for the path's folder; None for a path at the top.
    """
    matched, each = False, list[bool]()
    for index, pattern in enumerate(patterns):
        hit = parent is not None and parent[index]
        if not hit and pattern.exception == matched:
            hit = pattern.match(path)
        each.append(hit)
        if hit:
            matched = not pattern.exception
    return matched, tuple(each)


def decide_alone(patterns: Sequence[Pattern], path: str) -> bool:
    """Return whether a path is matched, by itself or through its folders."""
    matched, parent = False, None
    for end in [*(index for index, char in enumerate(path) if char == "/"), len(path)]:
        matched, parent = decide(patterns, path[:end], parent)
    return matched


def may_match_under(patterns: Iterable[Pattern], folder: str) -> bool:
    """Whether an exception could bring back something under a folder that is ignored."""
    parts = folder.split("/")
    return any(pattern.exception and _may_match_under(pattern.text.split("/"), parts) for pattern in patterns)


def _may_match_under(pattern: list[str], folder: list[str]) -> bool:
    for place, name in enumerate(folder):
        if place >= len(pattern):
            return False
        if "**" in pattern[place] or re.search(r"[\[^]", pattern[place]):
            return True  # a set may stand for a slash: [^a]
        if not re.search(r"[*?\\]", pattern[place]) and pattern[place] != name:
            return False
    return len(pattern) > len(folder)


def has_wildcards(path: str) -> bool:
    """Whether a source of COPY is a pattern (fsutil's containsWildcards)."""
    return re.search(r"[*?\[]", re.sub(r"\\.", "", path, flags=re.DOTALL)) is not None


def glob(text: str) -> Callable[[str], bool]:
    """Return Go's ``filepath.Match``: ``*`` and ``?`` stop at slashes, ``**`` is no more than ``*``.

    Raises:
        ValueError: the pattern is malformed.
    """
    return _general(_parts(text, deep=False))


def _matcher(text: str) -> Callable[[str], bool]:
    parts = _parts(text)
    if not any(char in text for char in "*?[]\\"):
        return text.__eq__
    if text.startswith("**") and not any(char in text[2:] for char in "*?[]\\"):
        rest = text[2:]
        return lambda path: path.endswith(rest) or (rest.startswith("/") and path == rest[1:])
    if text.endswith("**") and not any(char in text[:-2] for char in "*?[]\\"):
        return lambda path: path.startswith(text[:-2])
    return _general(parts)


def _general(parts: list[_Part]) -> Callable[[str], bool]:
    if sum(part.wildcard != "" for part in parts) > _REGEX_WILDCARDS:
        return lambda path: _follow(parts, path)
    words = {STAR: "[^/]*", DEEP: "(?:.*/)?", REST: ".*"}
    whole = re.compile("".join(words.get(part.wildcard, part.one) for part in parts) + r"\Z")
    return lambda path: _follow(parts, path) if len(path) > _REGEX_PATH else whole.match(path) is not None


def _follow(parts: list[_Part], path: str) -> bool:
    places = {0}
    for part in parts:
        if not places:
            return False
        if part.wildcard:
            places = _spread(part.wildcard, min(places), places, path)
        else:
            one = re.compile(part.one).match
            places = {place + 1 for place in places if place < len(path) and one(path, place)}
    return len(path) in places


def _spread(wildcard: str, first: int, places: set[int], path: str) -> set[int]:
    """Return where a wildcard can end that begins at one of some places."""
    if wildcard == REST:
        return set(range(first, len(path) + 1))
    if wildcard == DEEP:
        return places | {place + 1 for place in range(first, len(path)) if path[place] == "/"}
    reached, open_ = set[int](), False
    for place in range(first, len(path) + 1):
        open_ = place in places or (open_ and path[place - 1] != "/")
        if open_:
            reached.add(place)
    return reached


def _parts(text: str, *, deep: bool = True) -> list[_Part]:
    parts, place = list[_Part](), 0
    while place < len(text):
        if deep and text.startswith("**", place):
            place += 3 if text.startswith("**/", place) else 2
            parts.append(_Part(DEEP if place < len(text) else REST))
        elif text[place] == "*":
            parts.append(_Part(STAR))
            place += 1
        elif text[place] == "[":
            one, place = _set(text, place + 1)
            parts.append(_Part("", one if deep else f"(?!/){one}"))
        else:
            one, place = _character(text, place)
            parts.append(_Part("", one))
    return parts


def _character(text: str, place: int) -> tuple[str, int]:
    if text[place] == "?":
        return "[^/]", place + 1
    if text[place] == "\\":
        place += 1
        if place >= len(text):
            raise ValueError("nothing follows the last backslash")
    return re.escape(text[place]), place + 1


def _set(text: str, place: int) -> tuple[str, int]:
    """Return the regular expression of a set in brackets, and the place behind it; the grammar is filepath.Match's."""
    negated = text.startswith("^", place)
    place += negated
    ranges = list[str]()
    while not (ranges and text.startswith("]", place)):
        low, place = _bound(text, place)
        high = low
        if text.startswith("-", place):
            high, place = _bound(text, place + 1)
        if low > high:
            raise ValueError("a range in brackets runs backwards")
        ranges.append(f"{_escaped(low)}-{_escaped(high)}")
    return f"[{'^' if negated else ''}{''.join(ranges)}]", place + 1


def _bound(text: str, place: int) -> tuple[str, int]:
    if text.startswith(("-", "]"), place):
        raise ValueError("a set in brackets is malformed")
    place += text.startswith("\\", place)
    if place + 1 >= len(text):
        raise ValueError("a bracket is not closed")
    return text[place], place + 1


def _escaped(char: str) -> str:
    return f"\\U{ord(char):08x}"
