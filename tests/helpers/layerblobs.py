"""Layers made in code: a blob in a file as a record, header blocks made by hand, readings by ``tarfile`` as oracle."""

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zstandard

from jettison.layers.entry import Entry, EntryType
from jettison.layers.header import BLOCK
from jettison.layers.limits import Limits
from jettison.layers.read import read_layer
from jettison.layers.table import Compression, LayerTable, Observer
from jettison.oci.digest import sha256
from jettison.oci.image import Descriptor, Extent, Layer

END = bytes(2 * BLOCK)
_TYPES: dict[bytes, EntryType] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "hardlink",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
    tarfile.FIFOTYPE: "fifo",
}


def layer_of(folder: Path, blob: bytes, *, digest: str | None = None, diff_id: str = "", index: int = 3) -> Layer:
    """Put a blob into a file, behind 7 other bytes, and return the layer's record, its digest right by default."""
    path = folder / f"blob-{hashlib.sha256(blob).hexdigest()[:16]}"
    path.write_bytes(b"before " + blob + b" after")
    said = sha256(blob) if digest is None else digest
    return Layer(index, Descriptor("", said, len(blob), {}), diff_id, Extent(str(path), 7, len(blob)), "")


def read_tar(
    folder: Path, tar: bytes, *, limits: Limits | None = None, observers: Sequence[Observer] = ()
) -> LayerTable:
    """Read a tar as a layer that is not compressed."""
    return read_layer(layer_of(folder, tar), observers, limits=limits)


def packed(tar: bytes, compression: Compression) -> bytes:
    """Compress a tar as one gzip member or one zstd frame."""
    if compression == "gzip":
        return gzip.compress(tar, mtime=0)
    return zstandard.ZstdCompressor(write_checksum=True).compress(tar) if compression == "zstd" else tar


def header(name: bytes, **fields: Any) -> bytes:
    """Make one header block by hand; fields are bytes as stored, or numbers; the checksum is right unless given.

    Fields: mode, uid, gid, size, mtime, flag, link, magic, major, minor, prefix, checksum.
    """
    numbers = {key: _field(fields.get(key, 0), width) for key, width in _WIDTHS.items()}
    block = b"".join(
        (
            name.ljust(100, b"\0"),
            numbers["mode"] + numbers["uid"] + numbers["gid"] + numbers["size"] + numbers["mtime"],
            b" " * 8,
            fields.get("flag", b"0"),
            fields.get("link", b"").ljust(100, b"\0"),
            fields.get("magic", b"ustar\00000").ljust(8 + 64, b"\0"),
            numbers["major"] + numbers["minor"],
            fields.get("prefix", b"").ljust(167, b"\0"),
        )
    )
    checksum: bytes = fields.get("checksum", b"%06o\0 " % sum(block))
    return block[:148] + checksum + block[156:]


_WIDTHS = {"mode": 8, "uid": 8, "gid": 8, "size": 12, "mtime": 12, "major": 8, "minor": 8}


def _field(value: int | bytes, width: int) -> bytes:
    return value.ljust(width, b"\0") if isinstance(value, bytes) else b"%0*o\0" % (width - 1, value)


def member(name: bytes, content: bytes = b"", **fields: Any) -> bytes:
    """Make a member by hand: header, content, padding."""
    return header(name, size=len(content), **fields) + content + bytes(-len(content) % BLOCK)


def pax(records: Mapping[bytes, bytes], *, flag: bytes = b"x") -> bytes:
    """Make an extended header by hand."""
    body = b""
    for key, value in records.items():
        rest = b" " + key + b"=" + value + b"\n"
        length = len(rest)
        while length != len(rest) + len(str(length)):
            length = len(rest) + len(str(length))
        body += b"%d" % length + rest
    return member(b"PaxHeaders/x", body, flag=flag)


def oracle(tar: bytes) -> list[tuple[Any, ...]]:
    """Read a tar with ``tarfile``: path, type, size, mode, uid, gid, whole seconds, link, digest, device, xattrs."""
    with tarfile.open(fileobj=io.BytesIO(tar), encoding="utf-8", errors="surrogateescape") as file:
        return [_row(file, info) for info in file]


def _row(file: tarfile.TarFile, info: tarfile.TarInfo) -> tuple[Any, ...]:
    kind = _TYPES[info.type]
    content = file.extractfile(info) if kind == "file" else None
    link = {"symlink": info.linkname, "hardlink": _clean(info.linkname)}.get(kind, "")
    xattrs = {
        key.removeprefix("SCHILY.xattr."): os.fsencode(value)
        for key, value in info.pax_headers.items()
        if key.startswith("SCHILY.xattr.")
    }
    return (
        _clean(info.name),
        kind,
        info.size if kind == "file" else 0,
        info.mode & 0o7777,
        info.uid,
        info.gid,
        int(info.mtime // 1),
        link,
        sha256(content.read()) if content else "",
        (info.devmajor, info.devminor) if kind in {"char", "block"} else (0, 0),
        tuple(sorted(xattrs.items())),
    )


def row(entry: Entry) -> tuple[Any, ...]:
    """Return of an entry what :func:`oracle` gives."""
    return (
        entry.path,
        entry.type,
        entry.size,
        entry.mode,
        entry.uid,
        entry.gid,
        entry.mtime // 1_000_000_000,
        entry.link,
        entry.digest,
        entry.device,
        entry.xattrs,
    )


def _clean(name: str) -> str:
    return "/".join(part for part in name.split("/") if part not in {"", "."})
