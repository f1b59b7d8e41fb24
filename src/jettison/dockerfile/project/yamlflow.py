"""What stands between brackets or quotes in YAML: flow collections and quoted text, each given as one string."""

import re
from typing import Union

from jettison.dockerfile.project.text import why

MAX_DEPTH = 40
Yaml = Union[str, list["Yaml"], dict[str, "Yaml"]]  # noqa: UP007 -- it names itself
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b", " ": " ",
    '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029", "\t": "\t",
}  # fmt: skip
_PLAIN = re.compile(
    r"(?:[^\s\[\]{},:#]|:(?![\s\[\]{},]|$)|(?<=\S)#|[ \t\n]+(?![\s\[\]{},:#])|[ \t\n]+:(?![\s\[\]{},]|$))+"
)
_SPACE = re.compile(r"[ \t\n]*")


def closing_quote(text: str) -> int:
    """Return the index of the quote that closes the one at the start; 0 when none does."""
    quote, place = text[0], 1
    while place < len(text):
        if quote == '"' and text[place] == "\\":
            place += 2
        elif text[place] != quote:
            place += 1
        elif quote == "'" and text.startswith("''", place):
            place += 2
        else:
            return place
    return 0


def closing_bracket(text: str) -> int:
    """Return the index of the bracket that closes the one at the start; 0 when none does."""
    depth, place = 0, 0
    while place < len(text):
        char = text[place]
        if char in "'\"" and text[place - 1] in " \t\n[{,:":
            length = closing_quote(text[place:])
            if not length:
                return 0
            place += length
        elif char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
            if depth == 0:
                return place
        place += 1
    return 0


def unquoted(text: str) -> str:
    """Return what a quoted text stands for; a line ending and the space around it is one space.

    Raises:
        ValueError: an escape is malformed.
    """
    lines = text[1:-1].split("\n")
    inner = [lines[0].rstrip(" \t"), *(line.strip(" \t") for line in lines[1:-1]), lines[-1].lstrip(" \t")]
    if any(not line for line in inner[1:-1]):
        raise ValueError("an empty line in quotes")
    body = " ".join(inner) if len(lines) > 1 else lines[0]
    if text[0] == "'":
        return body.replace("''", "'")
    return re.sub(r"\\(x.{2}|u.{4}|U.{8}|.|\Z)", _escape, body, flags=re.DOTALL)


def _escape(match: re.Match[str]) -> str:
    said = match[1]
    if said in _ESCAPES:
        return _ESCAPES[said]
    if len(said) > 1 and re.fullmatch(r"[0-9A-Fa-f]+", said[1:]):
        try:
            return chr(int(said[1:], 16))
        except (ValueError, OverflowError) as error:
            raise ValueError(why(error)) from error
    raise ValueError("an escape that YAML does not know")


def read_flow(text: str, depth: int) -> Yaml:
    """Return a flow collection.

    Args:
        text: from its bracket to the one that closes it.
        depth: how deep it lies.

    Raises:
        ValueError: it is malformed, or nested too deeply.
    """
    found, place = _read(text, 0, depth)
    if place != len(text):
        raise ValueError("brackets do not fit one another")
    return found


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _read(text: str, place: int, depth: int) -> tuple[Yaml, int]:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    if text[place] == "[":
        return _list(text, place + 1, depth)
    if text[place] == "{":
        return _dict(text, place + 1, depth)
    return _scalar(text, place)


def _scalar(text: str, place: int) -> tuple[str, int]:
    if text[place] in "'\"":
        length = closing_quote(text[place:])
        if not length:
            raise ValueError("a quote is not closed")
        return unquoted(text[place : place + length + 1]), place + length + 1
    match = _PLAIN.match(text, place)
    if match is None or text[place] in "&*!|>%@`" or re.match(r"[-?](\s|$)", text[place:]):
        raise ValueError("something in brackets that is not read here")
    return re.sub(r"[ \t]*\n\s*", " ", match[0].rstrip()), match.end()


def _list(text: str, place: int, depth: int) -> tuple[Yaml, int]:
    found = list[Yaml]()
    while True:
        place = _skip(text, place)
        if text.startswith("]", place):
            return found, place + 1
        item, place = _read(text, place, depth + 1)
        place = _skip(text, place)
        if text.startswith(":", place):
            raise ValueError("a pair in a list")
        found.append(item)
        place = _comma(text, place, "]")


def _dict(text: str, place: int, depth: int) -> tuple[Yaml, int]:
    found = dict[str, Yaml]()
    while True:
        place = _skip(text, place)
        if text.startswith("}", place):
            return found, place + 1
        key, place = _scalar(text, place)
        place = _skip(text, place)
        value: Yaml = ""
        if text.startswith(":", place):
            place = _skip(text, place + 1)
            if text[place : place + 1] not in {",", "}"}:
                value, place = _read(text, place, depth + 1)
                place = _skip(text, place)
        if key in found or key == "<<":
            raise ValueError("a key twice, or a merge")
        found[key] = value
        place = _comma(text, place, "}")


def _comma(text: str, place: int, end: str) -> int:
    if text.startswith(",", place):
        return place + 1
    if not text.startswith(end, place):
        raise ValueError("a comma or a closing bracket was expected")
    return place
