"""``.dockerignore``: read as BuildKit does, with the place of each line, so that a line can be added or removed.

BuildKit takes ``<Dockerfile>.dockerignore`` beside the Dockerfile when there is one, else ``.dockerignore`` at the top
of the context. One pattern that it cannot read fails the build; here it is a line with a reason, and the others still
count.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from jettison.dockerfile.project.patterns import Pattern, compile_pattern, decide, trimmed
from jettison.dockerfile.project.text import Span, read_bytes
from jettison.finding import Skip

NAME = ".dockerignore"
MAX_IGNORE = 1_000_000
MAX_LINE = 65_535  # bytes; Go's scanner, which BuildKit reads the file with, stops at a longer one
MAX_PATTERNS = 2_000
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class IgnoreLine:
    """One line.

    Attributes:
        span: with its line ending.
        text: without it.
        kind: what it is; ``invalid`` fails the build.
        pattern: of a line that is one.
        reason: why it is invalid.
    """

    span: Span
    text: str
    kind: Literal["blank", "comment", "pattern", "invalid"]
    pattern: Pattern | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """An ignore file, or that there is none.

    Attributes:
        path: as shown to a person, relative to the folder it was looked for in; empty when there is none.
        text: as it stands, with a byte order mark if there is one; bytes that are no UTF-8 are surrogates.
        lines: all of them; their spans cover the text without gaps.
        patterns: of those lines that have one, in order.
        skips: what could not be read.
    """

    path: str = ""
    text: str = ""
    lines: tuple[IgnoreLine, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    skips: tuple[Skip, ...] = ()


def read_ignore(context: str, dockerfile: str = "Dockerfile") -> IgnoreFile:
    """Return the ignore file that counts for a Dockerfile.

    Args:
        context: folder of the build context.
        dockerfile: path of the Dockerfile, absolute or relative to the context.
    """
    whole = os.path.join(context, dockerfile)
    folder, name = os.path.dirname(whole), f"{os.path.basename(whole)}{NAME}"
    for root, file in ((folder, name), (context, NAME)):
        if os.path.lexists(os.path.join(root, file)):
            data = read_bytes(root, file, MAX_IGNORE)
            shown = os.path.relpath(os.path.join(root, file), context)
            return IgnoreFile(skips=(data,)) if isinstance(data, Skip) else parse_ignore(_text(data), shown)
    return IgnoreFile()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def parse_ignore(text: str, path: str = NAME) -> IgnoreFile:
    """Return an ignore file's lines; it never fails, for any text.

    Args:
        text: the whole file, decoded with ``surrogateescape``.
        path: for messages.
    """
    lines, place, count = list[IgnoreLine](), 0, 0
    for number, raw in enumerate(text.split("\n"), 1):
        end = min(place + len(raw) + 1, len(text))
        if end == place:
            break  # behind the last line ending
        line = _line(raw.removesuffix("\r"), Span(place, end, number, number), room=count < MAX_PATTERNS)
        count += line.kind == "pattern"
        lines.append(line)
        place = end
    patterns = tuple(line.pattern for line in lines if line.pattern is not None)
    return IgnoreFile(path, text, tuple(lines), patterns, tuple(_skips(path, lines)))


def _line(text: str, span: Span, *, room: bool) -> IgnoreLine:
    said = text.removeprefix(_BOM) if span.start == 0 else text
    if said.startswith("#"):
        return IgnoreLine(span, text, "comment")
    if not trimmed(said):
        return IgnoreLine(span, text, "blank")
    if len(text) > MAX_LINE or len(text.encode("utf-8", "surrogateescape")) > MAX_LINE:
        return IgnoreLine(span, text, "invalid", reason=f"the line is longer than {MAX_LINE} bytes")
    if not room:
        return IgnoreLine(span, text, "invalid", reason=f"more than {MAX_PATTERNS} patterns are not looked at")
    try:
        return IgnoreLine(span, text, "pattern", compile_pattern(said))
    except ValueError as error:
        return IgnoreLine(span, text, "invalid", reason=str(error))


def _skips(path: str, lines: Iterable[IgnoreLine]) -> Iterable[Skip]:
    """Give the invalid lines, the first few one by one."""
    invalid = [line for line in lines if line.kind == "invalid"]
    for line in invalid[:10]:
        yield Skip(f"{path}:{line.span.line}", line.reason)
    if len(invalid) > 10:  # noqa: PLR2004 -- as many as above
        yield Skip(path, f"{len(invalid) - 10} more lines cannot be read")


def kept_out(file: IgnoreFile, paths: Iterable[str]) -> Iterator[str]:
    """Give those of some paths that are kept out of the context; a folder they share is looked at once."""
    folders = dict[str, tuple[bool, ...] | None]({"": None})
    for path in paths:
        parent = None
        for end in (index for index, char in enumerate(path) if char == "/"):
            folder = path[:end]
            if folder not in folders:
                folders[folder] = decide(file.patterns, folder, parent)[1]
            parent = folders[folder]
        if decide(file.patterns, path, parent)[0]:
            yield path


def deciding_line(file: IgnoreFile, path: str) -> tuple[bool, IgnoreLine | None]:
    """Return whether a path (relative to the context) is kept out, and the line that decides, or None."""
    lines = [line for line in file.lines if line.pattern is not None]
    matched, parent = False, None
    for end in [*(index for index, char in enumerate(path) if char == "/"), len(path)]:
        matched, parent = decide(file.patterns, path[:end], parent)
    deciding = [line for line, hit in zip(lines, parent or (), strict=True) if hit]
    return matched, deciding[-1] if deciding else None


def with_lines(file: IgnoreFile, *, add: Iterable[str] = (), remove: Iterable[int] = ()) -> str:
    """Return the file's text with patterns added and lines removed; every other byte stays.

    A pattern that is no exception goes before the first exception, so that what was brought back stays so; an exception
    goes to the end. Added lines end as the file's own do.

    Args:
        file: the file, or that there is none.
        add: patterns, as written in a line.
        remove: numbers of lines.
    """
    gone = set(remove)
    kept = [file.text[line.span.start : line.span.end] for line in file.lines if line.span.line not in gone]
    if file.text.startswith(_BOM) and 1 in gone:
        kept.insert(0, _BOM)
    ending = "\r\n" if "\r\n" in file.text else "\n"
    first = next(
        (index for index, line in enumerate(kept) if trimmed(line.removeprefix(_BOM)).startswith("!")), len(kept)
    )
    plain = [pattern + ending for pattern in add if not pattern.startswith("!")]
    back = [pattern + ending for pattern in add if pattern.startswith("!")]
    if plain and first == 0 and kept and kept[0].startswith(_BOM):
        kept[0], plain[0] = kept[0].removeprefix(_BOM), _BOM + plain[0]
    middle = [*_ended(kept[:first], plain, ending), *plain, *kept[first:]]
    return "".join((*_ended(middle, back, ending), *back))


def _ended(lines: list[str], following: list[str], ending: str) -> list[str]:
    if following and lines and not lines[-1].endswith("\n") and lines[-1] != _BOM:
        return [*lines[:-1], lines[-1] + ending]
    return lines
