"""Tables of layers kept between runs: by columns, packed with zstd, loaded by whole columns.

A file is one zstd frame (checksummed) of: 8 bytes that give the length of a JSON head, the head, and then the columns.
Names hold no NUL, so a column of names is one string split at NULs.
"""

import gc
import hashlib
import json
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, make_dataclass
from typing import Any, cast, get_args

import zstandard

from jettison.layers.entry import Entry, EntryType
from jettison.layers.stream import detect
from jettison.layers.table import LayerTable, Observer
from jettison.oci.image import Layer
from jettison.storage import Cache

FORMAT = 1
_TYPES: tuple[EntryType, ...] = get_args(EntryType)
_NUMBERS = ("size", "mode", "uid", "gid", "mtime", "data", "end")
_NO_DEVICE = (0, 0)
_INT64 = 1 << 63
_HEX = 64
# An Entry that is not frozen yet: setting 14 slots of a frozen record costs three times as much (measured: 147 against
# 55 ms for 60,000), and both classes lay out their slots alike, so a draft becomes an Entry by its class.
_Draft: Any = make_dataclass("_Draft", [field.name for field in fields(Entry)], slots=True)
_LEVEL = 3


def table_key(layer: Layer, observers: Sequence[Observer]) -> str:
    """Return the cache's key of what these observers see in this layer.

    The blob is named by its digest; where that is not known yet, by diff_id, size and compression. The key is empty
    when nothing is known: such a layer is not cached.
    """
    if not layer.descriptor.digest and not layer.diff_id:
        return ""
    blob: list[str | int] = [layer.descriptor.digest]
    if not layer.descriptor.digest:
        blob = [layer.diff_id, layer.blob.size, detect(layer.blob)]
    names = sorted((observer.name, observer.version) for observer in observers)
    return hashlib.sha256(json.dumps([FORMAT, blob, names]).encode()).hexdigest() + ".layer"


def load_table(cache: Cache, key: str, layer: Layer) -> LayerTable | None:
    """Return the table of a layer from the cache.

    A file that is damaged, or of a table that is not this layer's, counts as absent.
    """
    packed = cache.get(key)
    if packed is None:
        return None
    try:
        table = unpack_table(packed)
    except (zstandard.ZstdError, ValueError, TypeError, KeyError, IndexError, EOFError):
        return None
    said = (layer.descriptor.digest or table.digest, layer.diff_id or table.diff_id, layer.blob.size)
    return table if said == (table.digest, table.diff_id, table.stored) else None


def save_table(cache: Cache, key: str, table: LayerTable) -> None:
    """Put a table into the cache; a cache that cannot be written (full disk, no right) is no reason to fail."""
    try:
        with cache.put(key) as file:
            file.write(pack_table(table))
    except OSError:
        return


def pack_table(table: LayerTable) -> bytes:
    """Serialise a table."""
    entries = table.entries
    head = {
        "format": FORMAT,
        "digest": table.digest,
        "diff_id": table.diff_id,
        "compression": table.compression,
        "stored": table.stored,
        "size": table.size,
        "marks": table.marks,
        "estimated": table.estimated,
        "observed": {name: list(values.items()) for name, values in table.observed.items()},
        "count": len(entries),
        "rare": _pack_rare(entries),
    }
    names = "\0".join(entry.path for entry in entries), "\0".join(entry.link for entry in entries)
    columns = [
        *(name.encode("utf-8", "surrogateescape") for name in names),
        bytes(_TYPES.index(entry.type) for entry in entries),
        *(_numbers(entries, field).tobytes() for field in _NUMBERS),
        bytes.fromhex("".join(entry.digest.removeprefix("sha256:") for entry in entries)),
    ]
    head["columns"] = [len(column) for column in columns]
    text = json.dumps(head, separators=(",", ":")).encode()
    return zstandard.ZstdCompressor(_LEVEL, write_checksum=True).compress(
        b"".join([len(text).to_bytes(8, "little"), text, *columns])
    )


def _numbers(entries: Sequence[Entry], field: str) -> "array[int]":
    values = (getattr(entry, field) for entry in entries)
    return array("q", [value if -_INT64 <= value < _INT64 else 0 for value in values])


def _pack_rare(entries: Sequence[Entry]) -> list[Any]:
    """List what few entries have: devices, extended attributes, times that 64 bits of nanoseconds do not hold."""
    return [
        (index, entry.device, [(name, value.hex()) for name, value in entry.xattrs], str(entry.mtime))
        for index, entry in enumerate(entries)
        if entry.device != _NO_DEVICE or entry.xattrs or not -_INT64 <= entry.mtime < _INT64
    ]


def unpack_table(packed: bytes) -> LayerTable:
    """Load a table.

    Raises:
        ValueError: it is not whole, or not of this version (or another of the errors that damaged bytes give:
            :func:`load_table` knows them).
    """
    data = zstandard.ZstdDecompressor().decompress(packed)
    start = 8 + int.from_bytes(data[:8], "little")
    head = json.loads(data[8:start])
    if head["format"] != FORMAT:
        raise ValueError("another version's table")
    columns = []
    for length in head["columns"]:
        columns.append(data[start : start + length])
        start += length
    with _no_collection():
        entries = _unpack_entries(head["count"], head["rare"], columns)
    return LayerTable(
        digest=head["digest"],
        diff_id=head["diff_id"],
        compression=head["compression"],
        stored=head["stored"],
        size=head["size"],
        entries=entries,
        marks=tuple((offset, stored) for offset, stored in head["marks"]),
        estimated=head["estimated"],
        observed={name: dict(values) for name, values in head["observed"].items()},
    )


def _unpack_entries(count: int, rare: Sequence[Any], columns: Sequence[bytes]) -> tuple[Entry, ...]:
    if not count:
        return ()
    paths, links = (column.decode("utf-8", "surrogateescape").split("\0") for column in columns[:2])
    types = [_TYPES[code] for code in columns[2]]
    size, mode, uid, gid, mtime, data, end = (array("q", column).tolist() for column in columns[3:10])
    digests = _unpack_digests(types, columns[10].hex())
    devices = [_NO_DEVICE] * count
    xattrs: list[tuple[tuple[str, bytes], ...]] = [()] * count
    for index, device, attributes, time in rare:
        devices[index] = (device[0], device[1])
        xattrs[index] = tuple((name, bytes.fromhex(value)) for name, value in attributes)
        mtime[index] = int(time)
    values = (paths, types, size, mode, uid, gid, mtime, links, digests, devices, xattrs, [0, *end[:-1]], data, end)
    if any(len(column) != count for column in values):
        raise ValueError("columns of different lengths")
    return _make_entries(values)


def _make_entries(columns: Sequence[Sequence[Any]]) -> tuple[Entry, ...]:
    drafts = tuple(map(_Draft, *columns))
    for draft in drafts:
        draft.__class__ = Entry
    return cast("tuple[Entry, ...]", drafts)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking through records that are being made by the ten thousand."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _unpack_digests(types: Sequence[EntryType], text: str) -> list[str]:
    starts = iter(range(0, len(text), _HEX))
    digests = []
    for kind in types:
        if kind == "file":
            start = next(starts, len(text))
            digests.append("sha256:" + text[start : start + _HEX])
        else:
            digests.append("")
    return digests
