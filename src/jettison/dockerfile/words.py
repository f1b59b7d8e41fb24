"""An instruction's line cut into flags and words as BuildKit cuts it, each with its place.

After BuildKit's ``frontend/dockerfile/parser``: ``extractBuilderFlags`` and ``parseWords`` (split_command.go,
line_parsers.go). What comes out is compared with what the parsing library found: see :mod:`jettison.dockerfile.parse`.
"""

import json
import re
from collections.abc import Iterator

from e2b_dockerfile_utils import is_space

from jettison.dockerfile.record import Flag, Word
from jettison.dockerfile.text import Joined
from jettison.regex import regex

_STRING = regex(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BLANKS = " \t"
_PLAIN = regex(r"[\w./:=,+@%$(){}<>|&;#!?*~^\[\]-]*", re.ASCII)  # no quote, blank or escape among them
_SPACES = regex(r"[\t\v\f\r ]+")


def next_word(text: str, at: int, escape: str) -> tuple[int, int]:
    """Return start and end of the next word at or behind ``at``; both the text's length when there is none.

    Quotes join; an escape character takes the next character along, except in single quotes.
    """
    end = len(text)
    while at < end and is_space(text[at]):
        at += 1
    start, quote = at, ""
    at = _PLAIN.match(text, at).end()  # type: ignore[union-attr] # it matches nothing as well
    if at < end and text[at] in _BLANKS:
        return start, at
    while at < end:
        char = text[at]
        if char == escape and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif is_space(char):
            break
        at += 1
    return start, min(at, end)


def words_of(line: Joined, escape: str) -> tuple[Word, ...]:
    """Return the words of a line."""
    return tuple(_word(line, start, end) for start, end in _spans(line.text, escape))


def _spans(text: str, escape: str) -> Iterator[tuple[int, int]]:
    at = 0
    while True:
        start, at = next_word(text, at, escape)
        if start >= len(text):
            return
        yield start, at


def _word(line: Joined, start: int, end: int, text: str | None = None) -> Word:
    whole = line.whole(start, end)
    return Word(line.text[start:end] if text is None else text, line.span(start, end), whole)


def plain_words(line: Joined) -> tuple[Word, ...]:
    """Return the words of a line in which quotes do not count (FROM, EXPOSE, VOLUME)."""
    found = re.finditer(r"[^\t\v\f\r ]+", line.text)
    return tuple(_word(line, each.start(), each.end()) for each in found)


def json_words(line: Joined) -> tuple[Word, ...]:
    """Return the strings of a line that is a JSON array of strings."""
    found = _STRING.finditer(line.text)
    return tuple(_word(line, each.start(), each.end(), json.loads(each.group())) for each in found)


def take_flags(line: Joined, escape: str) -> tuple[tuple[Flag, ...], int]:
    """Return the leading flags of a line, and where the rest begins."""
    flags: list[Flag] = []
    at = 0
    while True:
        start, end = next_word(line.text, at, escape)
        if not line.text.startswith("--", start) or line.text[start:end] == "--":
            return tuple(flags), end if line.text[start:end] == "--" else start
        name, equals, value = _unquoted(line.text[start:end], escape).partition("=")
        flags.append(Flag(name[2:], value if equals else None, _word(line, start, end)))
        at = end


def _unquoted(word: str, escape: str) -> str:
    """Return a flag without its quotes and escape characters."""
    made: list[str] = []
    quote, at = "", 0
    while at < len(word):
        char = word[at]
        at += 1
        if char == quote:
            quote = ""
        elif char == escape:
            made.append(word[at : at + 1])
            at += 1
        elif not quote and char in "'\"":
            quote = char
        else:
            made.append(char)
    return "".join(made)


def first_word_end(text: str) -> int:
    """Return the length of the instruction's keyword: up to the first blank."""
    found = _SPACES.search(text)
    return found.start() if found else len(text)
