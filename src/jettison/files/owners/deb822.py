"""Control stanzas (deb822(5), the format of dpkg's status and of core metadata) and dpkg's relations."""

import re
from collections.abc import Iterator, Mapping

_RELATION_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9+._-]*)")


def stanzas(text: str, wanted: frozenset[str]) -> Iterator[Mapping[str, str]]:
    """Give the stanzas of a control file.

    Args:
        text: the file.
        wanted: lower-case names of the fields to keep; others are passed over.

    Yields:
        Fields by lower-case name, continuation lines joined with newlines; a line that is no field is passed over.
        The last of a repeated field wins. Stanzas without a wanted field are left out.
    """
    fields: dict[str, str] = {}
    current = ""
    for line in text.split("\n"):
        if not line or line.isspace():
            if fields:
                yield fields
            fields, current = {}, ""
        elif line[0] in " \t":
            if current:
                fields[current] += "\n" + line.strip()
        else:
            name, colon, value = line.partition(":")
            current = name.lower() if colon else ""
            if current in wanted:
                fields[current] = value.strip()
            else:
                current = ""
    if fields:
        yield fields


def relations(text: str) -> tuple[tuple[str, ...], ...]:
    """Read a relation field such as ``libc6 (>= 2.36), default-mta | mail-transport-agent``.

    Returns:
        One tuple of alternatives a relation, names only: versions, architectures and restrictions are dropped.
    """
    found = (tuple(_names(relation.split("|"))) for relation in text.split(","))
    return tuple(dict.fromkeys(names for names in found if names))


def _names(alternatives: list[str]) -> Iterator[str]:
    for each in alternatives:
        if match := _RELATION_NAME.match(each):
            yield match[1]
