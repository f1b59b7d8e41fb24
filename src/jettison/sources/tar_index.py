"""The outer tar of an archive: where its members lie, from the headers alone, so that 16 GB open in milliseconds.

This reads what ``docker save``, skopeo, podman and buildx write (ustar, pax and GNU); a layer's own tar is read by
:mod:`jettison.layers`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from jettison.errors import BadInputError, RefusedError
from jettison.oci import media
from jettison.sources.extent import open_file

BLOCK = 512
MEMBERS_LIMIT = 100_000
EXTENSION_LIMIT = 1 << 20  # bytes of one pax or long-name header
NAME_LIMIT = 4096
LETTERS_LIMIT = 32 << 20  # of all names and links together

MemberKind = Literal["file", "dir", "symlink", "hardlink", "other"]

_KINDS: dict[bytes, MemberKind] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hardlink",
    b"2": "symlink",
    b"5": "dir",
}
_UNPACK = {"gzip": "gunzip", "zstd": "unzstd", "bzip2": "bunzip2", "xz": "unxz", "lz4": "unlz4", "zip": "unzip"}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive.

    Attributes:
        name: without ``./`` in front and ``/`` behind; bytes that are not UTF-8 are surrogate-escaped.
        kind: what it is.
        offset: where its content begins in the file, bytes.
        size: bytes of content; 0 for all but files.
        link: target as stored, for links.
    """

    name: str
    kind: MemberKind
    offset: int
    size: int
    link: str


@dataclass(slots=True)
class _Pending:
    """What extension headers said about the member that follows them."""

    values: dict[str, bytes] = field(default_factory=dict)


def scan_tar(path: str) -> tuple[Member, ...]:
    """List the members of an archive.

    Args:
        path: a tar file, not compressed.

    Raises:
        UsageError: no such file.
        RefusedError: the archive itself is compressed, or a member is sparse.
        BadInputError: it is no tar, is truncated, a header is malformed or points outside the file, or there are more
            than 100,000 members.
    """
    with open_file(path) as fd:
        size = os.fstat(fd).st_size
        _check_plain(os.pread(fd, media.MAGIC_LENGTH, 0), path)
        members, letters = [], 0
        for member in _members(fd, size, path):
            members.append(member)
            letters += len(member.name) + len(member.link)
            if len(members) > MEMBERS_LIMIT or letters > LETTERS_LIMIT:
                raise BadInputError(f"{path} has more than {MEMBERS_LIMIT} members: it is no image archive")
    return tuple(members)


def _check_plain(first: bytes, path: str) -> None:
    packed = media.packed_with(first)
    if packed != "none":
        hint = f"unpack it first: {_UNPACK[packed]} {path}"
        raise RefusedError(f"{path} is compressed as a whole ({packed})", hint=hint)


def _members(fd: int, size: int, path: str) -> Iterator[Member]:
    place, pending, headers = 0, _Pending(), 0
    while place + BLOCK <= size:
        block = os.pread(fd, BLOCK, place)
        if not block.strip(b"\0"):
            return
        where = f"{path}: header at byte {place}"
        headers += 1
        if headers > 4 * MEMBERS_LIMIT:
            raise BadInputError(f"{path} has more than {4 * MEMBERS_LIMIT} headers: it is no image archive")
        _check_sum(block, where)
        content = _size(block, pending, where)
        data, kind = place + BLOCK, block[156:157]
        place = data + (content + BLOCK - 1) // BLOCK * BLOCK
        if data + content > size:
            raise BadInputError(f"{where}: {content} bytes of content reach beyond the end of the file ({size} bytes)")
        if kind in b"xgLK":
            _extend(pending, kind, _extension(fd, data, content, where), where)
            continue
        yield _member(block, pending, data, content, where)
        pending = _Pending()
    if place == 0 or place < size or pending.values:
        raise BadInputError(f"{path} is no tar, or is truncated")


def _check_sum(block: bytes, where: str) -> None:
    stated = _number(block[148:156], where)
    unsigned = sum(block) - sum(block[148:156]) + 8 * 32
    if stated == unsigned:
        return
    signed = sum(byte - 256 if byte > 127 else byte for byte in block[:148] + block[156:]) + 8 * 32  # noqa: PLR2004 -- old tars sum signed bytes
    if stated != signed:
        raise BadInputError(f"{where}: its checksum is wrong: the file is no tar, or is damaged")


def _number(raw: bytes, where: str) -> int:
    """Read an octal number, or GNU's base-256 for those that do not fit."""
    if raw[0] & 0x80:
        value = int.from_bytes(raw, "big", signed=False) & ((1 << (8 * len(raw) - 1)) - 1)
        if raw[0] & 0x40:
            raise BadInputError(f"{where}: a number is negative")
        return value
    digits = raw.strip(b" \0")
    if not digits:
        return 0
    if not all(byte in b"01234567" for byte in digits):
        raise BadInputError(f"{where}: {raw!r} is no octal number")
    return int(digits, 8)


def _size(block: bytes, pending: _Pending, where: str) -> int:
    stated = pending.values.get("size")
    if stated is None or block[156:157] in b"xgLK":
        size = _number(block[124:136], where)
    elif stated.isdigit() and len(stated) < 20:  # noqa: PLR2004 -- digits of 2**64
        size = int(stated)
    else:
        raise BadInputError(f"{where}: pax size {stated[:40]!r} is no size")
    # Links, devices and directories carry no content whatever their size says, as Go's archive/tar reads them.
    return 0 if block[156:157] in b"123456" else size


def _extension(fd: int, data: int, size: int, where: str) -> bytes:
    if size > EXTENSION_LIMIT:
        raise BadInputError(f"{where}: an extension header of {size} bytes")
    return os.pread(fd, size, data)


def _extend(pending: _Pending, kind: bytes, raw: bytes, where: str) -> None:
    if kind == b"L":
        pending.values["path"] = raw.rstrip(b"\0")
    elif kind == b"K":
        pending.values["linkpath"] = raw.rstrip(b"\0")
    else:
        for key, value in _pax(raw, where):
            if key.startswith("GNU.sparse"):
                raise RefusedError(f"{where}: a sparse member; container engines refuse it too")
            if kind == b"x" and key in ("path", "linkpath", "size"):
                pending.values[key] = value


def _pax(raw: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    """Give the records ``LENGTH KEY=VALUE`` and a line feed of a pax header."""
    place = 0
    while place < len(raw):
        space = raw.find(b" ", place, place + 9)
        digits = raw[place:space] if space > 0 else b""
        end = place + int(digits) if digits.isdigit() else 0
        record = raw[space + 1 : end]
        key, equals, value = record[:-1].partition(b"=")
        if not equals or end > len(raw) or not record.endswith(b"\n"):
            raise BadInputError(f"{where}: a malformed pax record")
        yield key.decode(errors="surrogateescape"), value
        place = end


def _member(block: bytes, pending: _Pending, data: int, size: int, where: str) -> Member:
    typeflag = block[156:157]
    if typeflag == b"S":
        raise RefusedError(f"{where}: a sparse member; container engines refuse it too")
    kind = _KINDS.get(typeflag, "other")
    name = pending.values.get("path", _header_name(block))
    link = pending.values.get("linkpath", block[157:257].split(b"\0", 1)[0])
    if len(name) > NAME_LIMIT or len(link) > NAME_LIMIT or b"\0" in name + link:
        raise BadInputError(f"{where}: a name of more than {NAME_LIMIT} bytes, or with a NUL")
    if kind == "file" and name.endswith(b"/"):
        kind = "dir"  # v7 tars mark directories so
    plain = kind == "file"
    return Member(_clean(name), kind, data, size if plain else 0, "" if plain else os.fsdecode(link))


def _header_name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0]
    return prefix + b"/" + name if block[257:263] == b"ustar\0" and prefix else name


def _clean(name: bytes) -> str:
    parts = [part for part in os.fsdecode(name).split("/") if part not in ("", ".")]
    return "/".join(parts)
