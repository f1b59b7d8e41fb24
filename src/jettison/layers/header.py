"""One 512-byte tar header: v7, ustar (POSIX.1-1988), pax (POSIX.1-2001), GNU, as Go's ``archive/tar`` reads them.

Go's reader is what Docker, containerd and podman unpack layers with, so where formats disagree, it decides.
"""

from functools import lru_cache
from struct import Struct
from typing import NamedTuple
from zlib import adler32

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)
_FIELDS = Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")
_USTAR = b"ustar\0"
_GNU = (b"ustar ", b" \0")
_BLANK_CHECKSUM = 8 * ord(" ")


class Header(NamedTuple):
    """The fields of one header block, numbers decoded, names as bytes."""

    name: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    flag: bytes
    link: bytes
    major: int
    minor: int


def parse_header(block: bytes) -> Header:
    """Decode one header block.

    Args:
        block: 512 bytes, not all zero.

    Raises:
        ValueError: the checksum is wrong, or a number is malformed.
    """
    name, mode, uid, gid, size, mtime, checksum, flag, link, magic, version, _, _, major, minor, prefix = (
        _FIELDS.unpack(block)
    )
    _check_sum(block, checksum)
    name = name.partition(b"\0")[0]
    if magic == _USTAR:
        if prefix[0]:
            name = prefix.partition(b"\0")[0] + b"/" + name
    elif (magic, version) != _GNU:
        major = minor = b""
    return Header(
        name,
        _often(mode),
        _often(uid),
        _often(gid),
        number(size),
        number(mtime),
        flag,
        link.partition(b"\0")[0],
        _often(major),
        _often(minor),
    )


def number(field: bytes) -> int:
    """Decode a numeric field: octal digits between blanks and NULs, or GNU's base 256 (two's complement).

    Raises:
        ValueError: neither.
    """
    digits = field.strip(b" \0")
    if digits.isdigit():
        return int(digits, 8)
    if field and field[0] & 0x80:
        value = int.from_bytes(field, "big")
        bits = 8 * len(field)
        value &= (1 << bits - 1) - 1
        return value - (1 << bits - 1) if field[0] & 0x40 else value
    digits = digits.partition(b"\0")[0]
    if digits and not digits.isdigit():
        raise ValueError(f"{bytes(field)!r} is not a number")
    return int(digits or b"0", 8)


_often = lru_cache(1024)(number)  # modes, owners and devices repeat from member to member


def _check_sum(block: bytes, checksum: bytes) -> None:
    """Compare the header's checksum: the sum of its bytes, the checksum itself counted as blanks.

    Adler-32's low half is 1 + the sum of the bytes modulo 65,521; half a block cannot reach that. It is 20 times
    faster than ``sum``.
    """
    told = number(checksum)
    low, high = adler32(block[:256]) & 0xFFFF, adler32(block[256:]) & 0xFFFF
    unsigned = low + high - 2 - sum(checksum) + _BLANK_CHECKSUM
    if unsigned == told:
        return
    # Sun's tar and other old ones summed signed bytes
    signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # noqa: PLR2004 -- sign bit
    if signed != told:
        raise ValueError(f"its checksum is {unsigned}, it says {told}: damaged, or no tar at all")
