"""zstd:chunked: a zstd layer that engines can fetch in part, its tar unchanged but for folders it lacks.

Each file's content, in chunks, is a zstd frame of its own; what lies between (headers, padding) is one, too. Behind
them, in skippable frames that every other zstd reader passes over: the table of contents, tar-split (what the tar has
beside content), and a footer. Where they lie, and the table's digest, stands in annotations of the layer's descriptor.

Sources: containers/storage, ``docs/containers-storage-zstd-chunked.md`` and ``pkg/chunked``.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from struct import pack

import zstandard

from jettison.layers.compress import ZSTD_LEVEL
from jettison.layers.crc64 import Crc64
from jettison.layers.encode import encode_header
from jettison.layers.entry import Entry
from jettison.layers.frames import Frames, Tape, zstd_frame
from jettison.layers.rawhead import UnfitError, read_raw_head
from jettison.layers.table import LayerTable
from jettison.layers.tarsplit import TarSplit
from jettison.layers.toc import Listed, chunked_entries, table
from jettison.layers.write import MEDIA_TYPES, WrittenLayer
from jettison.oci.digest import sha256

_ANNOTATION = "io.github.containers.zstd-chunked."
_SKIPPABLE = 0x184D2A50
_FRAME_HEADER = 8
_TABLE_TYPE = 1  # CRFS's
_MAGIC = b"GNUlInUx"
_MOST_TAIL = 1 << 20  # bytes behind the last member; tar writes 10 KiB at most


def write_chunked(
    path: Path,
    stream: Iterator[memoryview],
    layer: LayerTable,
    folders: Sequence[Entry] = (),
    level: int | None = None,
    threads: int | None = None,
) -> tuple[WrittenLayer, Mapping[str, str]]:
    """Write a layer as zstd:chunked.

    Args:
        path: the blob; must not exist. It is removed after an error.
        stream: the layer's uncompressed tar.
        layer: what was read of it.
        folders: to put before its members; an engine that pulls in part makes those that are missing without rights.
        level: of zstd, 1 to 22; 3 when None.
        threads: that compress at once; one a core when None. The bytes written do not depend on it.

    Returns:
        What was written, and the annotations that its descriptor has to have.

    Raises:
        UnfitError: the table of contents cannot tell of it.
        BadInputError: the stream is not what was read.
        MachineError: the blob cannot be written.
    """
    level = level or ZSTD_LEVEL
    split = TarSplit(level)
    with Frames(path, zstd_frame(level), threads) as frames:
        added = b"".join(map(encode_header, folders))
        members = _add(folders, frames, split)
        tar = hashlib.sha256(added)
        members += _copy(Tape(_hashed(stream, tar) if folders else stream), layer, frames, split)
        annotations = _finish(frames, members, split, level)
        digest = frames.finish()
    diff_id = "sha256:" + tar.hexdigest() if folders else layer.diff_id
    size = layer.size + len(added)
    written = WrittenLayer(path, digest, diff_id, frames.stored, size, MEDIA_TYPES["zstd"], "zstd")
    return written, annotations


def _add(folders: Sequence[Entry], frames: Frames, split: TarSplit) -> list[Listed]:
    members = []
    for entry in folders:
        head = encode_header(entry)
        raw = read_raw_head(head, entry)
        frames.put(head)
        split.segment(head)
        split.file(raw.name, 0, Crc64())
        members.append(Listed(entry, raw, ()))
    return members


def _hashed(stream: Iterator[memoryview], digest: "hashlib._Hash") -> Iterator[memoryview]:
    for piece in stream:
        digest.update(piece)
        yield piece


def _copy(tape: Tape, layer: LayerTable, frames: Frames, split: TarSplit) -> list[Listed]:
    """Pack the tar, part by part, to its end."""
    members = []
    for entry in layer.entries:
        between = tape.to(entry.offset)
        head = tape.to(entry.data)
        frames.put(between + head)
        split.segment(between + head)
        raw = read_raw_head(head, entry)
        checksum, chunks = Crc64(), []
        for chunk, data in tape.chunks(entry.size):
            frames.put(data, chunk)
            checksum.update(data)
            chunks.append(chunk)
        split.file(raw.name, entry.size, checksum)
        members.append(Listed(entry, raw, tuple(chunks)))
    if layer.size - tape.at > _MOST_TAIL:
        raise UnfitError(f"{layer.size - tape.at} bytes behind its last member")
    tail = tape.to(layer.size)
    frames.put(tail)
    split.segment(tail)
    return members


def _finish(frames: Frames, members: list[Listed], split: TarSplit, level: int) -> Mapping[str, str]:
    """Write table, tar-split and footer; return the annotations."""
    frames.flush()
    lines, lines_digest = split.finish()
    packed, size = _packed_table(members, lines_digest, level)
    table_at = _skippable(frames, packed)
    lines_at = _skippable(frames, lines)
    places = (table_at, len(packed), size, _TABLE_TYPE, lines_at, len(lines), split.size)
    _skippable(frames, pack("<7Q", *places) + _MAGIC)
    return {
        _ANNOTATION + "manifest-checksum": sha256(packed),
        _ANNOTATION + "manifest-position": ":".join(map(str, places[:4])),
        _ANNOTATION + "tarsplit-position": ":".join(map(str, places[4:])),
    }


def _packed_table(members: list[Listed], lines_digest: str, level: int) -> tuple[bytes, int]:
    """Return the table packed, and its size when it is not."""
    packer = zstandard.ZstdCompressor(level, write_checksum=True).compressobj()
    size, packed = 0, []
    for piece in table(chunked_entries(members), tarSplitDigest=lines_digest):
        size += len(piece)
        packed.append(packer.compress(piece))
    packed.append(packer.flush())
    return b"".join(packed), size


def _skippable(frames: Frames, data: bytes) -> int:
    """Write a skippable frame, and return where its content begins."""
    frames.write(pack("<II", _SKIPPABLE, len(data)))
    frames.write(data)
    return frames.stored - len(data)
