"""The part of YAML that conda's files are written in: block and flow collections, scalars, comments; scalars are text.

Anchors, aliases, tags, merges, complex keys, folded text and second documents are refused by name. So there is nothing
to expand, and what comes out is never larger than what went in.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from jettison.dockerfile.project.yamlflow import (
    MAX_DEPTH,
    Yaml,
    closing_bracket,
    closing_quote,
    read_flow,
    unquoted,
)

MAX_LINES = 1_000_000
MAX_GATHERED = 200
_PLAIN_KEY = re.compile(
    r"""(?P<key>(?:[^\s\-?:,\[\]{}\#&*!|>'"%@`]|[-?:](?=\S))(?:[^:\#]|:(?=\S)|(?<=\S)\#)*?)\s*:(?=\s|$)"""
)
_BLOCK = re.compile(r"([|>])([+-]?)([1-9]?)([+-]?)\s*(?:#.*)?$")
_REFUSED = {
    "&": "an anchor",
    "*": "an alias",
    "!": "a tag",
    "%": "a directive",
    "@": "a reserved sign",
    "`": "a reserved sign",
}


class YamlError(ValueError):
    """A text that is not of the part of YAML that is read here; the message names the line."""


@dataclass(slots=True)
class _Reader:
    """The lines, and how far they are read.

    Attributes:
        lines: without line endings; the current one may have its dash and key replaced by spaces.
        at: index of the current one.
    """

    lines: list[str]
    at: int = 0


def parse_yaml(text: str) -> Yaml:
    """Return a document as text, lists and dicts; an empty one as "".

    Raises:
        YamlError: it is malformed, uses what is not read here, or is nested more than 40 deep.
    """
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    if len(lines) > MAX_LINES:
        raise YamlError(f"more than {MAX_LINES} lines")
    reader = _Reader(lines)
    if _peek(reader) is None and reader.at < len(reader.lines) and reader.lines[reader.at].startswith("---"):
        reader.lines[reader.at] = "   " + reader.lines[reader.at][3:]
    found: Yaml = "" if _peek(reader) is None else _node(reader, -1, 0)
    if _peek(reader) is not None:
        raise _error(reader, "indented less than it must be")
    if reader.at < len(reader.lines):
        _end(reader)
    return found


def _end(reader: _Reader) -> None:
    """Make sure that nothing follows the mark at the end of a document."""
    rest = reader.lines[reader.at + 1 :]
    if reader.lines[reader.at].startswith("---") or any(line.strip() and not line.startswith("#") for line in rest):
        raise _error(reader, "more than one document")


def _error(reader: _Reader, what: str) -> YamlError:
    return YamlError(f"line {reader.at + 1}: {what}")


def _peek(reader: _Reader) -> int | None:
    """Go to the next line that says something, and return its indentation; None at the end of the document."""
    while reader.at < len(reader.lines):
        line = reader.lines[reader.at]
        plain = line.lstrip(" ")
        if plain and not plain.startswith("#") and plain.strip():
            if plain.startswith("\t"):
                raise _error(reader, "a tab in the indentation")
            return None if _is_mark(line) else len(line) - len(plain)
        reader.at += 1
    return None


def _node(reader: _Reader, above: int, depth: int) -> Yaml:
    """Return what begins on the current line, which is indented more than what it belongs to."""
    if depth > MAX_DEPTH:
        raise _error(reader, f"nested more than {MAX_DEPTH} deep")
    indent = _peek(reader) or 0
    rest = reader.lines[reader.at][indent:]
    if re.match(r"-(\s|$)", rest):
        return _sequence(reader, indent, depth)
    if re.match(r"\?(\s|$)", rest):
        raise _error(reader, "a complex key")
    if _key(reader, rest) is not None:
        return _mapping(reader, indent, depth)
    return _value(reader, indent, above, depth)


def _sequence(reader: _Reader, indent: int, depth: int) -> Yaml:
    found = list[Yaml]()
    while _peek(reader) == indent and re.match(r"-(\s|$)", reader.lines[reader.at][indent:]):
        line = reader.lines[reader.at]
        reader.lines[reader.at] = line[:indent] + " " + line[indent + 1 :]
        found.append(_below(reader, indent, depth, reader.at))
    return found


def _mapping(reader: _Reader, indent: int, depth: int) -> Yaml:
    found = dict[str, Yaml]()
    while _peek(reader) == indent:
        line = reader.lines[reader.at]
        key = _key(reader, line[indent:])
        if key is None:
            raise _error(reader, "a key was expected")
        name, length = key
        if name == "<<" or name in found:
            raise _error(reader, "a merge" if name == "<<" else "a key twice")
        reader.lines[reader.at] = " " * (indent + length) + line[indent + length :]
        found[name] = _field(reader, indent, depth)
    return found


def _field(reader: _Reader, indent: int, depth: int) -> Yaml:
    """Return the value of a key, which is now spaces; a sequence may stand as far left as its key."""
    line = reader.lines[reader.at].strip()
    if line and not line.startswith("#"):
        start = len(reader.lines[reader.at]) - len(reader.lines[reader.at].lstrip(" "))
        return _value(reader, start, indent, depth + 1)
    reader.at += 1
    next_indent = _peek(reader)
    if next_indent == indent and re.match(r"-(\s|$)", reader.lines[reader.at][indent:]):
        return _sequence_checked(reader, indent, depth + 1)
    return "" if next_indent is None or next_indent <= indent else _node(reader, indent, depth + 1)


def _sequence_checked(reader: _Reader, indent: int, depth: int) -> Yaml:
    if depth > MAX_DEPTH:
        raise _error(reader, f"nested more than {MAX_DEPTH} deep")
    return _sequence(reader, indent, depth)


def _below(reader: _Reader, indent: int, depth: int, at: int) -> Yaml:
    next_indent = _peek(reader)
    if next_indent is None or next_indent <= indent:
        return ""
    rest = reader.lines[reader.at][next_indent:]
    if reader.at == at and re.match(r"[\[{|>'\"]", rest) and _key(reader, rest) is None:
        return _value(reader, next_indent, indent, depth + 1)
    return _node(reader, indent, depth + 1)


def _key(reader: _Reader, text: str) -> tuple[str, int] | None:
    """Return the key that a text begins with, and its length with the colon."""
    if text and text[0] in "'\"":
        closed = closing_quote(text)
        behind = re.match(r"\s*:(?=\s|$)", text[closed + 1 :]) if closed else None
        return (_name(reader, text[: closed + 1]), closed + 1 + behind.end()) if behind else None
    match = _PLAIN_KEY.match(text)
    return (match["key"], match.end()) if match else None


def _name(reader: _Reader, text: str) -> str:
    try:
        return unquoted(text)
    except ValueError as error:
        raise _error(reader, str(error)) from error


# --- values -----------------------------------------------------------------------------------------------------------


def _value(reader: _Reader, start: int, above: int, depth: int) -> Yaml:
    """Return a scalar or a flow collection that begins at a column of the current line, and go behind it."""
    text = reader.lines[reader.at][start:]
    if text[0] in _REFUSED:
        raise _error(reader, _REFUSED[text[0]])
    if text[0] in "|>" and above < 0:
        raise _error(reader, "a block of text that is the whole document")
    if text[0] in "|>":
        return _block(reader, text, above)
    if text[0] in "[{'\"":
        return _enclosed(reader, text, depth)
    return _plain(reader, text, above)


def _plain(reader: _Reader, text: str, above: int) -> str:
    said = [_uncommented(text)]
    ended = len(said[0]) < len(text.rstrip())
    if re.search(r":(\s|$)", said[0]):
        raise _error(reader, "a colon in text without quotes")
    reader.at += 1
    while not ended:
        before = reader.at
        indent = _peek(reader)
        if indent is None or indent <= above:
            break
        line = reader.lines[reader.at].strip()
        if any(other.lstrip().startswith("#") for other in reader.lines[before : reader.at]):
            raise _error(reader, "text goes on behind a comment")
        more = _uncommented(line)
        if re.search(r":(\s|$)", more):
            raise _error(reader, "a key is indented more than its neighbours")
        blank = reader.at - before
        said.append("\n" * blank if blank else " ")
        said.append(more)
        ended = len(more) < len(line)
        reader.at += 1
    return "".join(said)


def _is_mark(line: str) -> bool:
    return re.match(r"(---|\.\.\.)(\s|$)", line) is not None


def _uncommented(text: str) -> str:
    return re.split(r"\s+#|^#", text, maxsplit=1)[0].strip()


def _block(reader: _Reader, text: str, above: int) -> str:
    header = _BLOCK.match(text.rstrip())
    if header is None:
        raise _error(reader, "the head of a block of text is malformed")
    if header[1] == ">":
        raise _error(reader, "folded text")
    reader.at += 1
    begin = reader.at
    while reader.at < len(reader.lines):
        line = reader.lines[reader.at]
        if line.strip(" ") and len(line) - len(line.lstrip(" ")) <= above:
            break
        reader.at += 1
    lines = reader.lines[begin : reader.at]
    first = next((line for line in lines if line.strip(" ")), "")
    indent = max(above, 0) + int(header[3]) if header[3] else len(first) - len(first.lstrip(" "))
    whole = "\n".join(line[indent:] for line in lines)
    chomp = header[2] or header[4]
    body = whole.rstrip("\n")
    return body if chomp == "-" or not body else whole + "\n" if chomp == "+" else body + "\n"


def _enclosed(reader: _Reader, text: str, depth: int) -> Yaml:
    """Return a quoted text or a flow collection; it may go on for lines."""
    closed = closing_quote if text[0] in "'\"" else closing_bracket
    whole = _gathered(reader, text, closed)
    end = closed(whole)
    rest = whole[end + 1 :]
    if rest.strip() and not re.match(r"\s+#", rest):
        raise _error(reader, "something follows a closed quote or bracket")
    reader.at += 1
    try:
        return unquoted(whole[: end + 1]) if text[0] in "'\"" else read_flow(whole[: end + 1], depth)
    except ValueError as error:
        raise YamlError(f"line {reader.at}: {error}") from error


def _gathered(reader: _Reader, text: str, closed: Callable[[str], int]) -> str:
    """Return a text with the lines up to the one that closes its first quote or bracket."""
    lines, first = [text], reader.at
    while not closed("\n".join(lines)):
        reader.at += 1
        if reader.at >= len(reader.lines) or reader.at - first >= MAX_GATHERED:
            reader.at = first
            raise _error(reader, f"a quote or bracket is not closed within {MAX_GATHERED} lines")
        line = reader.lines[reader.at]
        if text[0] in "'\"" or not line.lstrip().startswith("#"):
            lines.append(line)
    return "\n".join(lines)
