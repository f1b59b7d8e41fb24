"""Edits of package databases, by lines: what stays keeps its bytes."""

import csv
import io
import re
from collections.abc import Callable, Mapping

from jettison.files.owners.record_digest import write_digest
from jettison.plan.content import Content

Lost = Callable[[str], bool]
"""Whether a path of the rootfs was there and goes."""

_SUM_COLUMNS = 34  # 32 hexadecimal digits and two spaces (dpkg's md5sums)
_SURROGATES = "surrogateescape"


def _lines(text: bytes) -> list[str]:
    return text.decode("utf-8", _SURROGATES).splitlines(keepends=True)


def _bytes(lines: list[str]) -> bytes:
    return "".join(lines).encode("utf-8", _SURROGATES)


def edit_status(text: bytes, known: frozenset[str], removed: frozenset[str]) -> bytes:
    """Leave out the stanzas of packages that go.

    Args:
        text: dpkg's status.
        known: names of installed packages; a foreign architecture's carries it (``libc6:i386``).
        removed: those that go.
    """
    kept = []
    for stanza in re.split(r"(?<=\n)\n+", text.decode("utf-8", _SURROGATES)):
        name = _field(stanza, "Package")
        foreign = f"{name}:{_field(stanza, 'Architecture')}"
        if stanza.strip() and (foreign if foreign in known else name) not in removed:
            kept.append(stanza if stanza.endswith("\n") else f"{stanza}\n")
    return "\n".join(kept).encode("utf-8", _SURROGATES) + (b"\n" if kept and text.endswith(b"\n\n") else b"")


def _field(stanza: str, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*(.*?)[ \t]*$", stanza, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def edit_list(text: bytes, lost: Lost) -> bytes:
    """Leave out lines that name what goes."""
    return _bytes([line for line in _lines(text) if not lost(line.rstrip("\r\n"))])


def edit_sums(text: bytes, lost: Lost, changed: Mapping[str, Content]) -> bytes:
    """Leave out lines of an md5sums file that name what goes, and state the sum of what changes."""
    return _bytes([_sum_line(line, changed) for line in _lines(text) if not lost(line[_SUM_COLUMNS:].rstrip("\n"))])


def _sum_line(line: str, changed: Mapping[str, Content]) -> str:
    content = changed.get(line[_SUM_COLUMNS:].rstrip("\n"))
    if content is None:
        return line
    return content.md5 + line[_SUM_COLUMNS - 2 :]


def edit_diversions(text: bytes, removed: frozenset[str]) -> bytes:
    """Leave out the diversions (three lines each) of packages that go."""
    lines = _lines(text)
    groups = [lines[place : place + 3] for place in range(0, len(lines), 3)]
    return _bytes([line for group in groups if group[-1].strip() not in removed for line in group])


def edit_record(text: bytes, site: str, lost: Lost, changed: Mapping[str, Content]) -> bytes:
    """Leave out the lines of a RECORD that name what goes, and state digest and size of what changes.

    Args:
        text: the RECORD.
        site: the folder its paths are relative to.
        lost: whether a path of the rootfs goes.
        changed: new content by path of the rootfs: a vendored distribution's RECORD is named in the outer one.
    """
    lines = _lines(text)
    try:
        rows = list(csv.reader(lines))
    except csv.Error:
        return text
    if len(rows) != len(lines):  # a name with a line break: rare enough to leave it all alone
        return text
    return _bytes([_record_line(*each, site, lost, changed) for each in zip(lines, rows, strict=True)])


def _record_line(line: str, row: list[str], site: str, lost: Lost, changed: Mapping[str, Content]) -> str:
    place = _place(site, row[0]) if row else ""
    if row and lost(place):
        return ""
    if place not in changed or len(row) < 2 or not row[1]:  # noqa: PLR2004 -- a line may have no digest
        return line
    content = changed[place]
    out = io.StringIO()
    ending = line[len(line.rstrip("\r\n")) :]
    csv.writer(out, lineterminator=ending).writerow([row[0], write_digest(content.digest), content.size])
    return out.getvalue()


def _place(site: str, name: str) -> str:
    parts = [] if name.startswith("/") else site.split("/")
    for part in name.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


def edit_alternatives(text: bytes, lost: Lost) -> bytes:
    """Leave out the choices of an alternative whose program goes (dpkg, update-alternatives(1), "database").

    The file has: the mode, the link, names and links of slaves in pairs, an empty line, then for each choice its path,
    its priority and one path a slave; an empty line ends it. A file of another form stays as it is.
    """
    lines = text.decode("utf-8", _SURROGATES).split("\n")
    if "" not in lines[1:]:
        return text
    head = lines.index("", 1)
    slaves = (head - 2) // 2
    size = 2 + slaves
    body = lines[head + 1 :]
    choices = []
    while body and body[0]:
        choices.append(body[:size])
        body = body[size:]
    kept = [choice for choice in choices if not lost(choice[0])]
    if len(kept) == len(choices) or not kept:
        return text
    flat = [line for choice in kept for line in choice]
    return "\n".join([*lines[: head + 1], *flat, *body]).encode("utf-8", _SURROGATES)
