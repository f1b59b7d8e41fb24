"""Stanzas of ``Field: value`` lines, as Debian's control files, indexes and sources have them (deb822(5))."""

import re

from jettison.errors import BadInputError

_NAME = re.compile(r"[!-9;-~]+\Z")  # printable, no colon, no space
_RELATION = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9+.-]+)")


def parse_stanzas(text: str, where: str) -> list[dict[str, str]]:
    """Return the stanzas of ``text``, field names in lower case, continuation lines kept as lines.

    Args:
        text: the file; lines that begin with ``#`` are comments.
        where: what to call it in errors.

    Raises:
        BadInputError: a line is neither a field, a continuation nor empty, or a field comes twice in a stanza.
    """
    stanzas: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    last = ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                stanzas.append(fields)
            fields, last = {}, ""
        elif line[0] in " \t":
            if not last:
                raise BadInputError(f"{where}: line {number} continues nothing")
            fields[last] += "\n" + line.strip()
        else:
            name, colon, value = line.partition(":")
            last = name.lower()
            if not colon or not _NAME.match(name) or last in fields:
                raise BadInputError(f"{where}: line {number} is no new field: {line[:80]!r}")
            fields[last] = value.strip()
    if fields:
        stanzas.append(fields)
    return stanzas


def names_of(relations: str) -> tuple[tuple[str, ...], ...]:
    """Return the names in a ``Depends``-like field: one tuple of alternatives a relation, without versions."""
    groups = (
        tuple(match[1] for part in group.split("|") if (match := _RELATION.match(part)))
        for group in relations.replace("\n", " ").split(",")
    )
    return tuple(group for group in groups if group)
