"""pip's requirements files, each line with its place: what it asks for, which options it sets, what it includes.

``jettison.compose.requirements`` reads the same files for another end: it lets through only what is known to run no
code, and writes the rest off. This one tells all there is to tell, and keeps the places for edits. They join lines and
cut comments in the same way; a test gives both the same files.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from jettison.dockerfile.project.dependencies import Dependencies, Group, Index, Wanted, wanted
from jettison.dockerfile.project.text import Span, inside, read_text
from jettison.finding import Skip
from jettison.regex import regex

MAX_FILES = 50
MAX_DEPTH = 20
MAX_LINES = 50_000
_COMMENT = regex(r"(?:^|\s+)#.*$")
_HASH = regex(r"[A-Za-z0-9]+:[0-9A-Fa-f]+\Z")
_LONG = {
    "--index-url": True,
    "--pypi-url": True,
    "--extra-index-url": True,
    "--no-index": False,
    "--find-links": True,
    "--requirement": True,
    "--constraint": True,
    "--build-constraint": True,
    "--editable": True,
    "--no-binary": True,
    "--only-binary": True,
    "--prefer-binary": False,
    "--require-hashes": False,
    "--pre": False,
    "--trusted-host": True,
    "--use-feature": True,
    "--hash": True,
    "--config-settings": True,
    "--global-option": True,
    "--install-option": True,
    "--no-use-wheel": False,
    "--use-wheel": False,
    "--process-dependency-links": False,
    "--always-unzip": False,
}
_SHORT = {
    "-i": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-C": "--config-settings",
    "-Z": "--always-unzip",
}
_OF_ONE = frozenset({"--hash", "--config-settings", "--global-option", "--install-option"})
LineKind = Literal["blank", "comment", "requirement", "option", "include", "constraint", "invalid"]


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One line, with the lines it is continued on.

    Attributes:
        span: with its last line ending.
        kind: what it is; ``include`` and ``constraint`` name another file.
        text: continued lines joined, comment and surrounding space gone.
        wanted: of a requirement.
        options: names in full, with their values ("" for those that take none); of a requirement, its own.
        reason: why it is invalid; of a requirement, what pip passes over.
        comment: whether a comment ends the line.
    """

    span: Span
    kind: LineKind
    text: str
    wanted: Wanted | None = None
    options: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    comment: bool = False


@dataclass(frozen=True, slots=True)
class RequirementsFile:
    """One requirements file.

    Attributes:
        path: relative to the context.
        text: as decoded.
        lines: all of them; their spans cover the text without gaps.
        constraint: whether it only limits versions.
        included_from: the file that includes it, "" for the first.
    """

    path: str
    text: str
    lines: tuple[RequirementLine, ...]
    constraint: bool = False
    included_from: str = ""


@dataclass(frozen=True, slots=True)
class Requirements:
    """A requirements file with all that it includes.

    Attributes:
        files: the first, then what is included, each once, in the order met.
        skips: includes that were not followed and lines that are invalid, and why.
    """

    files: tuple[RequirementsFile, ...]
    skips: tuple[Skip, ...]


@dataclass(slots=True)
class _Reading:
    root: str
    files: list[RequirementsFile] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    seen: set[tuple[str, bool]] = field(default_factory=set)
    full: bool = False


def parse_requirements(text: str, path: str = "requirements.txt", *, constraint: bool = False) -> RequirementsFile:
    """Return the lines of a requirements file; it never fails, for any text.

    Args:
        text: the whole file.
        path: relative to the context.
        constraint: whether it is a constraints file.
    """
    lines = [_line(raw, span) for raw, span in _joined(text)]
    return RequirementsFile(path, text, tuple(lines), constraint)


def read_requirements(root: str, path: str, *, constraint: bool = False) -> Requirements:
    """Return a requirements file with what it includes, as pip would follow it, but never out of the context.

    Args:
        root: folder of the build context.
        path: the file, relative to it.
        constraint: whether it is used as a constraints file (``-c``).
    """
    reading = _Reading(root)
    _read(reading, path, "", (), constraint=constraint)
    return Requirements(tuple(reading.files), tuple(reading.skips))


def requirements_of(found: Requirements, path: str) -> Dependencies:
    """Return requirements files in the shape of all manifests; the path names the first."""
    main, limits, indexes = list[Wanted](), list[Wanted](), dict[Index, None]()
    for file in found.files:
        for line in file.lines:
            if line.wanted is not None:
                (limits if file.constraint else main).append(line.wanted)
            indexes.update(dict.fromkeys(_indexes(line)))
    groups = [Group("main", "", tuple(main))] + ([Group("constraint", "", tuple(limits))] if limits else [])
    return Dependencies(path, "requirements", "", "", tuple(groups), (), "", tuple(indexes), found.skips)


def _indexes(line: RequirementLine) -> Iterator[Index]:
    for name, value in line.options if line.wanted is None else ():
        if name in {"--index-url", "--pypi-url"}:
            yield Index(value)
        elif name == "--extra-index-url":
            yield Index(value, role="extra")
        elif name == "--find-links":
            yield Index(value, role="links")


# --- includes ---------------------------------------------------------------------------------------------------------


def _read(reading: _Reading, path: str, origin: str, above: tuple[str, ...], *, constraint: bool) -> None:
    if path in above or (not above and path == origin):
        reading.skips.append(Skip(path, f"includes itself, by way of {origin}"))
        return
    if (path, constraint) in reading.seen:
        return
    if len(reading.files) >= MAX_FILES or len(above) >= MAX_DEPTH:
        if not reading.full:
            reading.skips.append(Skip(path, f"more than {MAX_FILES} files, or {MAX_DEPTH} deep, include one another"))
        reading.full = True
        return
    reading.seen.add((path, constraint))
    text = read_text(reading.root, path)
    if isinstance(text, Skip):
        reading.skips.append(Skip(path, f"{text.reason}; included from {origin}" if origin else text.reason))
        return
    parsed = parse_requirements(text.text, path, constraint=constraint)
    reading.files.append(RequirementsFile(path, parsed.text, parsed.lines, constraint, origin))
    reading.skips.extend(_invalid(parsed))
    for line in parsed.lines:
        for name, value in line.options if line.wanted is None else ():
            if name in {"--requirement", "--constraint", "--build-constraint"}:
                _include(reading, parsed, line, value, (*above, path), constraint=name != "--requirement" or constraint)


def _include(
    reading: _Reading,
    file: RequirementsFile,
    line: RequirementLine,
    value: str,
    above: tuple[str, ...],
    *,
    constraint: bool,
) -> None:
    subject = f"{file.path}:{line.span.line}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value):
        reading.skips.append(Skip(subject, "includes a file from an address, which is not looked into"))
        return
    path = inside(value, of=os.path.dirname(file.path))
    if path is None:
        reading.skips.append(Skip(subject, "includes a file outside of the build context"))
        return
    _read(reading, path, file.path, above, constraint=constraint)


def _invalid(file: RequirementsFile) -> Iterator[Skip]:
    invalid = [line for line in file.lines if line.kind == "invalid"]
    for line in invalid[:10]:
        yield Skip(f"{file.path}:{line.span.line}", line.reason)
    if len(invalid) > 10:  # noqa: PLR2004 -- as many as above
        yield Skip(file.path, f"{len(invalid) - 10} more lines are invalid")


# --- lines ------------------------------------------------------------------------------------------------------------


def _joined(text: str) -> Iterator[tuple[str | None, Span]]:
    """Give each logical line as pip joins it: a backslash continues, except that of a comment. None is the rest."""
    parts, begin, first, place = list[str](), 0, 1, 0
    raws = text.splitlines(keepends=True)
    for number, raw in enumerate(raws[:MAX_LINES], 1):
        if not parts:
            begin, first = place, number
        place += len(raw)
        plain = raw.splitlines()[0]
        comment = _COMMENT.match(plain) is not None
        if plain.endswith("\\") and not comment and number < len(raws):
            parts.append(plain.strip("\\"))
            continue
        # A backslash that nothing follows continues nothing.
        parts.append(f" {plain}" if comment else plain.strip("\\") if plain.endswith("\\") else plain)
        yield "".join(parts), Span(begin, place, first, number)
        parts = []
    if place < len(text) or parts:
        begin, first = (begin, first) if parts else (place, MAX_LINES + 1)
        yield None, Span(begin, len(text), first, len(raws))


def _line(raw: str | None, span: Span) -> RequirementLine:
    if raw is None:
        return RequirementLine(span, "invalid", "", reason=f"what follows {MAX_LINES} lines is not looked at")
    text = _COMMENT.sub("", raw).strip()
    comment = len(text) < len(raw.strip())
    if not text:
        return RequirementLine(span, "comment" if comment else "blank", "", comment=comment)
    try:
        return _parsed(text, span, comment=comment)
    except ValueError as error:
        return RequirementLine(span, "invalid", text, reason=str(error), comment=comment)


def _parsed(text: str, span: Span, *, comment: bool) -> RequirementLine:
    words = text.split(" ")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    asked, options = " ".join(words[:count]).strip(), tuple(_options(" ".join(words[count:])))
    editable = next((value for name, value in options if name == "--editable"), None)
    if not asked and editable is None:
        kinds: dict[str, LineKind] = {"--requirement": "include", "--constraint": "constraint"}
        kind: LineKind = next((kinds[name] for name, _ in options if name in kinds), "option")
        return RequirementLine(span, kind, text, None, options, comment=comment)
    asked = asked.removesuffix(";").rstrip()  # which pip takes for an empty marker
    editable = None if asked else editable
    passed = sorted({name for name, _ in options if name not in _OF_ONE}) if asked else []
    reason = f"pip passes over {', '.join(passed)} behind a requirement" if passed else ""
    hashes = [value for name, value in options if name == "--hash"]
    if not all(_HASH.match(value) for value in hashes):
        raise ValueError("a hash is malformed")
    found = wanted(asked or editable or "", line=span.line, hashes=hashes, editable=editable is not None)
    return RequirementLine(span, "requirement", text, found, options, reason, comment=comment)


def _options(text: str) -> Iterable[tuple[str, str]]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError("a quote is not closed") from error
    found, place = list[tuple[str, str]](), 0
    while place < len(words) and words[place] != "--":
        place += 1
        if not words[place - 1].startswith("-"):
            continue  # pip passes over what stands between options: --extra-index-url … ; sys_platform == "linux"
        name, attached, has_value = _option(words[place - 1])
        if not _LONG[name]:
            if has_value:
                raise ValueError(f"{name} takes no value")
            found.append((name, ""))
            continue
        if not has_value:
            if place >= len(words):
                raise ValueError(f"{name} lacks its value")
            attached, place = words[place], place + 1
        found.append((name, attached))
    return found


def _option(word: str) -> tuple[str, str, bool]:
    """Return an option's name in full, the value attached to it, and whether there is one (optparse's rules)."""
    if not word.startswith("--"):
        name = _SHORT.get(word[:2])
        if name is None:
            raise ValueError(f"an option that pip does not know: {word[:40]}")
        return name, word[2:], len(word) > 2  # noqa: PLR2004 -- the dash and the letter
    given, has_value, value = word.partition("=")
    full = [given] if given in _LONG else [name for name in _LONG if name.startswith(given)]
    if len(full) != 1 or given == "--":
        raise ValueError(f"an option that pip does not know: {given[:40]}")
    return full[0], value, bool(has_value)
