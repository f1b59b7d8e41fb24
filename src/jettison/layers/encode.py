"""Tar headers written: ustar where everything fits, else with a pax header before it; the same bytes on any machine."""

from jettison.layers.entry import Entry, EntryType
from jettison.layers.header import BLOCK
from jettison.layers.pax import XATTR, format_records, format_time

_FLAGS: dict[EntryType, bytes] = {
    "file": b"0",
    "hardlink": b"1",
    "symlink": b"2",
    "char": b"3",
    "block": b"4",
    "dir": b"5",
    "fifo": b"6",
}
_NAME = 100
_PREFIX = 155
_MAX_8 = 0o7777777
_MAX_12 = 0o77777777777
_NANO = 1_000_000_000


def encode_header(entry: Entry) -> bytes:
    """Write the header blocks of a member: POSIX.1-1988 ustar, after a POSIX.1-2001 extended header where needed.

    User and group names stay empty, device numbers must be below 2,097,152 (Linux has 12 and 20 bits).

    Args:
        entry: its ``offset``, ``data``, ``end`` and ``digest`` play no part.

    Returns:
        A whole number of 512-byte blocks; content goes after it.
    """
    name = _raw(entry.path) or b"."
    if entry.type == "dir":
        name += b"/"
    link = _raw(entry.link)
    records = _records(entry, name, link)
    block = _block(entry, name, link, _FLAGS[entry.type])
    if not records:
        return block
    if not all(_is_utf8(value) for value in (name, link)):
        records.insert(0, (b"hdrcharset", b"BINARY"))
    body = format_records(records)
    last = name.rstrip(b"/").rpartition(b"/")[2][:80]
    extension = _ustar(b"PaxHeaders/" + _ascii(last), b"", (0o644, 0, 0, len(body), 0), b"x", b"", (0, 0))
    return extension + body + padding(len(body)) + block


def padding(size: int) -> bytes:
    """Return the zero bytes that fill the last block after ``size`` bytes of content."""
    return bytes(-size % BLOCK)


def _records(entry: Entry, name: bytes, link: bytes) -> list[tuple[bytes, bytes]]:
    """List what the header block cannot hold."""
    records = [(XATTR + _raw(key), value) for key, value in entry.xattrs]
    if not name.isascii() or _split(name) is None:
        records.append((b"path", name))
    if not link.isascii() or len(link) > _NAME:
        records.append((b"linkpath", link))
    if entry.size > _MAX_12:
        records.append((b"size", str(entry.size).encode()))
    records += [(key, str(value).encode()) for key, value in _owners(entry) if value > _MAX_8]
    if entry.mtime % _NANO or not 0 <= entry.mtime <= _MAX_12 * _NANO:
        records.append((b"mtime", format_time(entry.mtime)))
    return sorted(records)


def _owners(entry: Entry) -> tuple[tuple[bytes, int], ...]:
    return (b"uid", entry.uid), (b"gid", entry.gid)


def _block(entry: Entry, name: bytes, link: bytes, flag: bytes) -> bytes:
    prefix, last = _split(name) or (b"", _ascii(name[:_NAME]))
    seconds = entry.mtime // _NANO
    return _ustar(
        last if last.isascii() else _ascii(last),
        prefix if prefix.isascii() else _ascii(prefix),
        (
            entry.mode,
            entry.uid if entry.uid <= _MAX_8 else 0,
            entry.gid if entry.gid <= _MAX_8 else 0,
            entry.size if entry.size <= _MAX_12 else 0,
            seconds if 0 <= seconds <= _MAX_12 else 0,
        ),
        flag,
        _ascii(link[:_NAME]),
        entry.device,
    )


def _ustar(
    name: bytes,
    prefix: bytes,
    numbers: tuple[int, int, int, int, int],
    flag: bytes,
    link: bytes,
    device: tuple[int, int],
) -> bytes:
    """Lay out a block; ``numbers`` are mode, uid, gid, size, mtime."""
    block = b"".join(
        (
            name.ljust(_NAME, b"\0"),
            b"%07o\0%07o\0%07o\0%011o\0%011o\0" % numbers,
            b"        " + flag + link.ljust(_NAME, b"\0"),
            b"ustar\00000".ljust(8 + 64, b"\0"),
            b"%07o\0%07o\0" % device,
            prefix.ljust(_PREFIX + 12, b"\0"),
        )
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """Split a name into ustar's prefix and name; None when it does not fit."""
    if len(name) <= _NAME:
        return b"", name
    cut = name.rfind(b"/", 1, min(_PREFIX + 1, len(name) - 1))
    if cut < 1 or len(name) - cut - 1 > _NAME:
        return None
    return name[:cut], name[cut + 1 :]


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _ascii(raw: bytes) -> bytes:
    """Put ``?`` for other bytes: what stands in a header block whose pax header has the name."""
    return raw.decode("ascii", "replace").replace("\ufffd", "?").encode()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
