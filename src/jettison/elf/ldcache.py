"""The cache of ld.so, ``/etc/ld.so.cache``: read, and write as ldconfig does (glibc, sysdeps/generic/dl-cache.h).

The format is ``glibc-ld.so.cache1.1``: a header of 48 bytes, entries of 24, strings, an extension that names the
generator. The older ``ld.so-1.7.0`` table in front of it (ldconfig of glibc before 2.32) is skipped.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from jettison.elf.facts import ElfFacts
from jettison.errors import BadInputError

OLD_MAGIC = b"ld.so-1.7.0\0"
MAGIC = b"glibc-ld.so.cache1.1"
LITTLE_ENDIAN = 2
EXTENSION_MAGIC = 0xEAA42174
TAG_GENERATOR = 0
HWCAP_SUBDIRECTORY = 1 << 62
MAX_CACHE = 64 << 20
LIBC6_FLAGS = {(62, 64): 0x0303, (62, 32): 0x0803, (183, 64): 0x0A03, (3, 32): 0x0003, (40, 32): 0x0903}
_HEADER = struct.Struct("<20sIIB3xI12x")
_ENTRY = struct.Struct("<iIIIQ")
_PARTS = re.compile(rb"[0-9]+|[^0-9]")


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One library: its ``soname`` (or link name), the ``path`` it is loaded from, and for which processor."""

    soname: str
    path: str
    flags: int


def flags_of(facts: ElfFacts) -> int | None:
    """Return the cache's flags for a library; None when Jettison does not know its processor."""
    return LIBC6_FLAGS.get((facts.machine, facts.bits))


def read_cache(data: bytes) -> tuple[CacheEntry, ...]:
    """Parse a cache.

    Entries of ``glibc-hwcaps`` subdirectories are left out: ld.so falls back to the plain entry of the same name.

    Raises:
        BadInputError: it is no such cache, or malformed.
    """
    data = _new_part(data)
    if len(data) < _HEADER.size or not data.startswith(MAGIC):
        raise BadInputError("etc/ld.so.cache: not a glibc-ld.so.cache1.1 file")
    _, count, length, order, _ = _HEADER.unpack_from(data)
    if order not in (0, LITTLE_ENDIAN) or _HEADER.size + count * _ENTRY.size + length > len(data):
        raise BadInputError(f"etc/ld.so.cache: {count} entries and {length} bytes of strings do not fit")
    rows = _ENTRY.iter_unpack(data[_HEADER.size : _HEADER.size + count * _ENTRY.size])
    return tuple(
        CacheEntry(_string(data, key), _string(data, value), flags)
        for flags, key, value, _, hwcap in rows
        if not hwcap & HWCAP_SUBDIRECTORY
    )


def _new_part(data: bytes) -> bytes:
    if len(data) > MAX_CACHE:
        raise BadInputError(f"etc/ld.so.cache: {len(data)} bytes")
    if not data.startswith(OLD_MAGIC) or len(data) < 16:  # noqa: PLR2004 -- magic and count of the old table
        return data
    end = 16 + 12 * int.from_bytes(data[12:16], "little")
    return data[-(-end // 8) * 8 :]


def _string(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset, offset + 4096)
    if end < 0 or offset < _HEADER.size:
        raise BadInputError(f"etc/ld.so.cache: the string at {offset} has no end")
    return data[offset:end].decode("utf-8", "surrogateescape")


def read_generator(data: bytes) -> str:
    """Return what a cache says made it; empty when it does not say.

    Raises:
        BadInputError: it is malformed.
    """
    data = _new_part(data)
    if len(data) < _HEADER.size:
        raise BadInputError("etc/ld.so.cache: truncated")
    start = _HEADER.unpack_from(data)[4]
    if not start or start + 8 > len(data):
        return ""
    magic, count = struct.unpack_from("<II", data, start)
    if magic != EXTENSION_MAGIC or start + 8 + 16 * count > len(data):
        return ""
    for tag, _, offset, size in struct.iter_unpack("<IIII", data[start + 8 : start + 8 + 16 * count]):
        if tag == TAG_GENERATOR and size <= 4096:  # noqa: PLR2004 -- a line of text
            return data[offset : offset + size].decode("utf-8", "replace")
    return ""


def sort_key(soname: str) -> tuple[tuple[int, int], ...]:
    """Return what ``_dl_cache_libcmp`` compares: digits as numbers, above all other characters."""
    parts = _PARTS.findall(soname.encode("utf-8", "surrogateescape"))
    return tuple((1, int(part[:18])) if part.isdigit() else (0, part[0]) for part in parts)


def write_cache(libs: Iterable[CacheEntry], *, generator: str = "jettison") -> bytes:
    """Return the cache of these libraries, byte for byte as ldconfig writes it.

    Args:
        libs: in the order of the directories; of two with the same name ld.so takes the first.
        generator: what the cache says made it.
    """
    entries = sorted(dict.fromkeys(libs), key=lambda lib: (sort_key(lib.soname), lib.flags), reverse=True)
    base = _HEADER.size + len(entries) * _ENTRY.size
    offsets, strings = _string_table({text for lib in entries for text in (lib.soname, lib.path)})
    rows = [_ENTRY.pack(lib.flags, base + offsets[lib.soname], base + offsets[lib.path], 0, 0) for lib in entries]
    start = -(-(base + len(strings)) // 4) * 4
    body = b"".join(rows) + strings
    header = _HEADER.pack(MAGIC, len(entries), len(strings), LITTLE_ENDIAN, start)
    name = generator.encode()
    extension = struct.pack("<IIIIII", EXTENSION_MAGIC, 1, TAG_GENERATOR, 0, start + 24, len(name)) + name
    return header + body + bytes(start - base - len(strings)) + extension


def _string_table(texts: set[str]) -> tuple[dict[str, int], bytes]:
    """Lay out strings so that one that ends another shares its bytes (glibc's elf/stringtable.c)."""
    raw = {text: text.encode("utf-8", "surrogateescape") for text in texts}
    offsets: dict[str, int] = {}
    data = bytearray()
    previous = b""
    start = 0
    for text in sorted(raw, key=lambda text: raw[text][::-1], reverse=True):
        current = raw[text]
        if previous and previous.endswith(current):
            start += len(previous) - len(current)
        else:
            start = len(data)
            data += current + b"\0"
        offsets[text] = start
        previous = current
    return offsets, bytes(data)
