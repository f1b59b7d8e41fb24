"""What a member's header says to the letter, where :class:`Entry` has it cleaned: for tables of contents in a layer.

Go programs hold such a table against what their ``archive/tar`` reads of the headers, name by name and bit by bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jettison.layers.entry import Entry
from jettison.layers.header import BLOCK, Header, parse_header
from jettison.layers.pax import parse_records, parse_time

_GNU_TIMES = slice(345, 369)  # access and change time in GNU's header block
_LONG_NAME, _LONG_LINK = b"L", b"K"
_LATEST = 253_402_300_800 * 1_000_000_000  # the year 10000, nanoseconds since the epoch
_EARLIEST = -62_135_596_800 * 1_000_000_000  # the year 1


class UnfitError(Exception):
    """A member, or a layer, that a table of contents cannot tell of; its text says why."""


@dataclass(frozen=True, slots=True)
class RawHead:
    """A member as its header has it.

    Attributes:
        name: with ``./`` and trailing slashes.
        link: likewise; also of a member that is no link.
        mode: all bits.
        device: major and minor, of whatever type the member is.
        atime: nanoseconds since the epoch; None when it is not told.
        ctime: likewise.
    """

    name: str
    link: str
    mode: int
    device: tuple[int, int]
    atime: int | None
    ctime: int | None


def read_raw_head(head: bytes | memoryview, entry: Entry) -> RawHead:
    """Read a member's headers again.

    Args:
        head: from ``entry.offset`` to ``entry.data``.
        entry: that was read from it.

    Raises:
        UnfitError: it has what Go's tables of contents cannot hold: a name that is not UTF-8, a type or a time of its
            own kind, a size where no content is.
        BadInputError: a pax record is malformed.
    """
    data = bytes(head)
    block, records, names = _blocks(data)
    header = parse_header(block)
    _check_fit(header, block, entry)
    return RawHead(
        name=_text(names.get(_LONG_NAME) or records.get(b"path") or header.name),
        link=_text(names.get(_LONG_LINK) or records.get(b"linkpath") or header.link),
        mode=header.mode,
        device=(header.major, header.minor),
        atime=_moment(records, b"atime"),
        ctime=_moment(records, b"ctime"),
    )


def _blocks(data: bytes) -> tuple[bytes, Mapping[bytes, bytes], Mapping[bytes, bytes]]:
    """Return the member's own block, its pax records, and its GNU long names by type."""
    records: Mapping[bytes, bytes] = {}
    names: dict[bytes, bytes] = {}
    at = 0
    while at + BLOCK < len(data):
        header = parse_header(data[at : at + BLOCK])
        content = data[at + BLOCK : at + BLOCK + header.size]
        if header.flag == b"g":
            raise UnfitError("a global pax header")
        if header.flag == b"x":
            records = parse_records(content, "an extended header")
        else:
            names[header.flag] = content.partition(b"\0")[0]
        at += BLOCK + -(-header.size // BLOCK) * BLOCK
    return data[at:], records, names


def _check_fit(header: Header, block: bytes, entry: Entry) -> None:
    if header.flag == b"7":
        raise UnfitError("a contiguous file")
    if entry.type != "file" and header.size:
        raise UnfitError(f"a size where no content is, of a {entry.type}")
    if block[257:263] == b"ustar " and any(block[_GNU_TIMES]):
        raise UnfitError("GNU times of access and change")
    if not _EARLIEST <= entry.mtime < _LATEST:
        raise UnfitError("a time before the year 1 or after 9999")


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise UnfitError("a name that is not UTF-8") from None


def _moment(records: Mapping[bytes, bytes], key: bytes) -> int | None:
    moment = parse_time(records.get(key), "an extended header", key.decode())
    if moment is not None and not _EARLIEST <= moment < _LATEST:
        raise UnfitError("a time before the year 1 or after 9999")
    return moment
