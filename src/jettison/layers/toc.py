"""Tables of contents of layers that are pulled lazily: zstd:chunked's and eStargz's, which both come of CRFS's.

Sources: containers/storage, ``docs/containers-storage-zstd-chunked.md`` and ``pkg/chunked``; containerd's
stargz-snapshotter, ``docs/estargz.md``. Both are ``{"version": 1, "entries": […]}``, one object a member and, for a
file of several chunks, one more for each chunk after the first.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jettison.layers.entry import Entry
from jettison.layers.frames import Chunk
from jettison.layers.rawhead import RawHead

_NANO = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = {"file": "reg"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A member, for the table: what its header says, and where its content lies."""

    entry: Entry
    raw: RawHead
    chunks: Sequence[Chunk]


def chunked_entries(members: Iterable[Listed]) -> Iterator[dict[str, Any]]:
    """Return a layer's members as zstd:chunked's table has them."""
    for one in members:
        told = _common(one) | _optional({"mode": one.raw.mode, "uid": one.entry.uid, "gid": one.entry.gid})
        told["modtime"] = _time(one.entry.mtime)
        told |= _optional({"linkName": one.raw.link, "devMajor": one.raw.device[0], "devMinor": one.raw.device[1]})
        for key, moment in (("accesstime", one.raw.atime), ("changetime", one.raw.ctime)):
            if moment is not None:
                told[key] = _time(moment)
        if one.chunks:
            told |= {"digest": one.entry.digest, "offset": one.chunks[0].start, "endOffset": one.chunks[-1].end}
        several = len(one.chunks) > 1
        yield told | (_chunk(one.chunks[0], last=False) if several else {})
        for chunk in one.chunks[1:]:
            yield {"type": "chunk", "name": one.raw.name} | _chunk(chunk, last=False)


def estargz_entries(members: Iterable[Listed]) -> Iterator[dict[str, Any]]:
    """Return a layer's members as eStargz's table has them; there a last chunk's size is left out."""
    for one in members:
        told = _common(one) | {"mode": one.raw.mode, "uid": one.entry.uid, "gid": one.entry.gid}
        if one.entry.mtime // _NANO:
            told["modtime"] = _time(one.entry.mtime // _NANO * _NANO)
        if one.entry.type in ("symlink", "hardlink"):
            told["linkName"] = one.raw.link
        if one.entry.type in ("char", "block"):
            told |= {"devMajor": one.entry.device[0], "devMinor": one.entry.device[1]}
        if one.entry.type == "file":
            told["digest"] = one.entry.digest
        last = len(one.chunks) - 1
        yield told | (_chunk(one.chunks[0], last=last == 0) if one.chunks else {})
        for number, chunk in enumerate(one.chunks[1:], 1):
            yield {"name": one.raw.name, "type": "chunk"} | _chunk(chunk, last=number == last)


def table(entries: Iterable[dict[str, Any]], **more: str) -> Iterator[bytes]:
    """Write a table as JSON, in pieces.

    Args:
        entries: of it.
        more: fields beside them.
    """
    yield b'{"version":1,"entries":['
    comma = b""
    for entry in entries:
        yield comma + json.dumps(entry, separators=(",", ":")).encode()
        comma = b","
    yield b"]" + b"".join(f",{json.dumps(key)}:{json.dumps(value)}".encode() for key, value in more.items()) + b"}"


def _common(one: Listed) -> dict[str, Any]:
    told: dict[str, Any] = {"type": _TYPES.get(one.entry.type, one.entry.type), "name": one.raw.name}
    if one.entry.size:
        told["size"] = one.entry.size
    if one.entry.xattrs:
        told["xattrs"] = {key: b64encode(value).decode() for key, value in one.entry.xattrs}
    return told


def _chunk(chunk: Chunk, *, last: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"offset": chunk.start, "chunkDigest": chunk.digest}
    return told | _optional({"chunkOffset": chunk.at, "chunkSize": 0 if last else chunk.size})


def _optional(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is zero or empty, as Go's ``omitempty`` does."""
    return {key: value for key, value in fields.items() if value}


def _time(nanoseconds: int) -> str:
    """Write a moment as RFC 3339 has it, in UTC, with a fraction where there is one."""
    seconds, fraction = divmod(nanoseconds, _NANO)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
    return text + (f".{fraction:09d}".rstrip("0") if fraction else "") + "Z"
