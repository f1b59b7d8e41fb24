"""A zip file's central directory, read from its end, a part at a time (PKWARE APPNOTE 4.3.12 to 4.3.16).

What a wheel weighs on disk stands in there, so a file of gigabytes is weighed from some hundred kilobytes.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from jettison.sizes.record import NoAnswerError

Read = Callable[[int, int], bytes]
"""Returns so many bytes (second) from a place on (first)."""

TAIL = 131_072  # end record, directory and METADATA of four wheels in five lie in it
MAX_DIRECTORY = 64_000_000
MAX_MEMBERS = 400_000
MAX_DEFLATE = 1_040  # deflate makes nothing smaller than about 1/1032
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL = 0xFFFFFFFF
_MAX_COMMENT = 65_535
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a zip file.

    Attributes:
        name: path.
        size: bytes once unpacked.
        packed: bytes in the zip file.
        method: 0 stored, 8 deflated.
        crc: CRC-32 of the content.
        offset: of its local header.
    """

    name: str
    size: int
    packed: int
    method: int
    crc: int
    offset: int


def read_members(read: Read, size: int) -> tuple[Member, ...]:
    """Return the files of a zip file, in the order of its directory.

    Args:
        read: reads a part of it.
        size: of the whole file.

    Raises:
        NoAnswerError: it is no zip file, or lies about itself: sizes that its compression cannot reach, parts that
            overlap or lie outside.
    """
    start, length, count = _place(read, size)
    if length > MAX_DIRECTORY or count > MAX_MEMBERS:
        raise NoAnswerError(f"the wheel's directory is larger than {MAX_DIRECTORY} bytes or {MAX_MEMBERS} files")
    if start + length > size or length < count * _ENTRY.size:
        raise NoAnswerError("the wheel's directory lies outside the file")
    data = read(start, length)
    members, position = [], 0
    for _ in range(count):
        member, position = _entry(data, position, start)
        members.append(member)
    if sum(member.packed for member in members) > start:
        raise NoAnswerError("the wheel's files overlap")
    return tuple(members)


def _place(read: Read, size: int) -> tuple[int, int, int]:
    """Return where the directory begins, its length and its number of entries."""
    tail_start = max(0, size - _END.size - _MAX_COMMENT)
    tail = read(tail_start, size - tail_start)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and (at + _END.size > len(tail) or at + _END.size + _END.unpack_from(tail, at)[7] != len(tail)):
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        raise NoAnswerError("the wheel is no zip file")
    _, disk, first, _, count, length, start, _ = _END.unpack_from(tail, at)
    if disk or first:
        raise NoAnswerError("the wheel is a part of a zip file in several parts")
    end = tail_start + at
    if _FULL in {start, length} or count == 0xFFFF:  # noqa: PLR2004 -- 16 bits full: see the 64-bit record
        return _place64(read, end)
    return start, length, count


def _place64(read: Read, end: int) -> tuple[int, int, int]:
    place = end - _LOCATOR.size
    magic, _, at, _ = _LOCATOR.unpack(read(place, _LOCATOR.size)) if place >= 0 else (b"", 0, 0, 0)
    if magic != b"PK\x06\x07" or at + _END64.size > place:
        raise NoAnswerError("the wheel's 64-bit end record is missing")
    record = _END64.unpack(read(at, _END64.size))
    if record[0] != b"PK\x06\x06":
        raise NoAnswerError("the wheel's 64-bit end record is missing")
    return record[9], record[8], record[7]


def _entry(data: bytes, position: int, limit: int) -> tuple[Member, int]:
    if position + _ENTRY.size > len(data):
        raise NoAnswerError("the wheel's directory ends too early")
    fields = _ENTRY.unpack_from(data, position)
    magic, flags, method, crc = fields[0], fields[3], fields[4], fields[7]
    packed, size, name_length, extra_length, comment_length, offset = (*fields[8:13], fields[16])
    name_at = position + _ENTRY.size
    extra_at = name_at + name_length
    after = extra_at + extra_length + comment_length
    if magic != b"PK\x01\x02" or after > len(data):
        raise NoAnswerError("the wheel's directory is broken")
    name = data[name_at:extra_at].decode("utf-8" if flags & 0x800 else "cp437", errors="replace")
    size, packed, offset = _widened(data[extra_at : extra_at + extra_length], size, packed, offset)
    possible = size == packed if method == _STORED else size <= packed * MAX_DEFLATE + 64
    if offset + _LOCAL.size + packed > limit or not possible:
        raise NoAnswerError(f"the wheel lies about its file {name[:80]!r}")
    return Member(name, size, packed, method, crc, offset), after


def _widened(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Return the values with those that are full in 32 bits taken from the 64-bit field."""
    if _FULL not in {size, packed, offset}:
        return size, packed, offset
    while len(extra) >= 4:  # noqa: PLR2004 -- a field's head
        kind, length = struct.unpack_from("<2H", extra)
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 1:
            wide = [struct.unpack_from("<Q", body, at)[0] for at in range(0, len(body) - 7, 8)]
            values = [wide.pop(0) if value == _FULL and wide else value for value in (size, packed, offset)]
            return values[0], values[1], values[2]
    return size, packed, offset


def read_content(read: Read, member: Member, limit: int) -> bytes:
    """Return what a file of the zip file holds.

    Raises:
        NoAnswerError: it is larger than ``limit``, packed in another way than deflate, or broken.
    """
    if member.size > limit or member.packed > limit or member.method not in {_STORED, _DEFLATED}:
        raise NoAnswerError(f"the wheel's {member.name[-80:]!r} is too large or packed in an unknown way")
    head = read(member.offset, _LOCAL.size)
    fields = _LOCAL.unpack(head) if len(head) == _LOCAL.size else (b"",)
    if fields[0] != b"PK\x03\x04":
        raise NoAnswerError(f"the wheel's {member.name[-80:]!r} is not where its directory says")
    data = read(member.offset + _LOCAL.size + fields[9] + fields[10], member.packed)
    if member.method == _DEFLATED:
        try:
            data = zlib.decompressobj(-15).decompress(data, limit + 1)
        except zlib.error as error:
            raise NoAnswerError(f"the wheel's {member.name[-80:]!r} is broken") from error
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise NoAnswerError(f"the wheel's {member.name[-80:]!r} is broken")
    return data
