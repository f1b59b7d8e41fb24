"""A layer's blob as a stream of uncompressed pieces, within limits, its digest taken on the way.

Compressions: none, gzip (RFC 1952, several members in a row, as eStargz writes) and zstd (RFC 8878, several frames
and skippable frames, as zstd:chunked writes).
"""

import hashlib
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import cast

import zstandard
from isal import igzip_lib

from jettison.errors import BadInputError, MachineError
from jettison.layers.limits import Limits, exceeded, layer_place
from jettison.layers.marks import GzipEstimate
from jettison.layers.table import Compression
from jettison.layers.threads import Ahead, Hash, HashThread
from jettison.layers.zstdframes import MAGIC as ZSTD_MAGIC
from jettison.layers.zstdframes import FrameWalk, is_skippable
from jettison.oci.image import Extent, Layer
from jettison.progress import Task

PIECE = 1 << 20
_READ = 1 << 18
_SMALL = 1 << 16
_FIRST_STEP = 1 << 12
_IsalError = cast("type[Exception]", igzip_lib.IsalError)  # the package's types call it an instance
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Piece:
    """Uncompressed bytes.

    Attributes:
        data: at most :data:`PIECE` bytes, never none.
        stored: how many bytes of the blob were read when these came out; when :attr:`Source.estimate` is set, how many
            a gzip blob of the same content would have, about.
    """

    data: bytes
    stored: int


@dataclass(frozen=True, slots=True)
class Source:
    """What :func:`pieces` reads, and with which care.

    Attributes:
        extent: where the blob lies.
        compression: from :func:`detect`.
        place: the layer, for messages.
        limits: what is accepted.
        task: told of stored bytes as they are read; None when nobody listens.
        estimate: whether to estimate what gzip would make of a plain tar.
    """

    extent: Extent
    compression: Compression
    place: str
    limits: Limits
    task: Task | None = None
    estimate: bool = False


def detect(extent: Extent) -> Compression:
    """Tell how a blob is compressed, by its first bytes (the media type may lie: containerd, too, looks at them).

    Raises:
        MachineError: the file cannot be read.
    """
    head = _read_head(extent)
    if head.startswith(_GZIP_MAGIC):
        return "gzip"
    if head == ZSTD_MAGIC or (len(head) == len(ZSTD_MAGIC) and is_skippable(head)):
        return "zstd"
    return "none"


def open_source(layer: Layer, limits: Limits, task: Task | None = None) -> Source:
    """Make ready to read a layer."""
    return Source(layer.blob, detect(layer.blob), layer_place(layer), limits, task)


def uncompressed(layer: Layer, *, limits: Limits | None = None, task: Task | None = None) -> Generator[bytes]:
    """Yield a layer's uncompressed tar, once, from its beginning; its digests are checked when it ends.

    Reading, decompressing and hashing run in threads beside the consumer. A consumer that stops early must close the
    generator (``contextlib.closing``).

    Args:
        layer: what to read.
        limits: what is accepted.
        task: told of stored bytes as they are read.

    Yields:
        pieces of at most 1 MiB.

    Raises:
        BadInputError: the blob is malformed, cut off, over a limit, or its size, digest or diff_id is not the one
            that the documents say.
    """
    for piece in checked_pieces(layer, open_source(layer, limits or Limits(), task)):
        yield piece.data


def checked_pieces(layer: Layer, source: Source, digests: list[str] | None = None) -> Generator[Piece]:
    """Yield the pieces of a layer, checking size, digest and diff_id when it ends.

    Args:
        layer: what to check against.
        source: what to read.
        digests: gets the blob's digest and the diff_id appended, when given.

    Raises:
        BadInputError: as :func:`uncompressed`.
    """
    if 0 <= layer.descriptor.size != source.extent.size:
        raise BadInputError(
            f"{source.place}: the blob has {source.extent.size} bytes, its descriptor says {layer.descriptor.size}"
        )
    plain = source.compression == "none"
    with HashThread() as tar_hash:
        blob_hash: Hash = tar_hash if plain else hashlib.sha256()
        with Ahead(pieces(source, blob_hash)) as ahead:
            for piece in ahead:
                if not plain:
                    tar_hash.update(piece.data)
                yield piece
        diff_id = "sha256:" + tar_hash.hexdigest()
        digest = diff_id if plain else "sha256:" + blob_hash.hexdigest()
    _check(source.place, "digest", digest, layer.descriptor.digest)
    _check(source.place, "diff_id", diff_id, layer.diff_id)
    if digests is not None:
        digests += digest, diff_id


def _check(place: str, what: str, found: str, said: str) -> None:
    if said and found != said:
        raise BadInputError(
            f"{place}: its {what} is {found}, the image says {said}",
            hint="the image is damaged: fetch or save it again",
        )


def pieces(source: Source, blob_hash: Hash) -> Iterator[Piece]:
    """Read, hash and decompress a blob.

    Args:
        source: what to read.
        blob_hash: fed with the stored bytes.

    Raises:
        BadInputError: it is malformed, cut off, or over a limit.
    """
    blob = _Blob(source, blob_hash)
    try:
        decode = {"none": _plain, "gzip": _gunzip, "zstd": _unzstd}[source.compression]
        estimate = GzipEstimate() if source.estimate and source.compression == "none" else None
        size = 0
        for data in _gather(decode(blob)):
            size += len(data)
            _check_size(source, size, blob.position)
            yield Piece(data, estimate.add(data) if estimate else blob.position)
    finally:
        blob.close()


def _gather(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Put small pieces together, so that each piece's fixed cost is paid for some 10,000 bytes at least."""
    held: list[bytes] = []
    length = 0
    for part in parts:
        if held and (length >= _SMALL or len(part) >= _SMALL):
            yield b"".join(held)
            held, length = [], 0
        if len(part) >= _SMALL:
            yield part
        else:
            held.append(part)
            length += len(part)
    if held:
        yield b"".join(held)


def _check_size(source: Source, size: int, stored: int) -> None:
    limits = source.limits
    if size > limits.max_tar_size:
        raise exceeded(source.place, "max_tar_size", limits.max_tar_size, f"it unpacks to more than {size - 1} bytes")
    if size > limits.ratio_grace and size > limits.max_ratio * stored:
        found = f"{stored} stored bytes unpack to {size} and more"
        raise exceeded(source.place, "max_ratio", limits.max_ratio, found)


class _Blob:
    """The stored bytes, read in order, hashed and counted."""

    def __init__(self, source: Source, blob_hash: Hash) -> None:
        self.source = source
        self.position = 0
        self._hash = blob_hash
        try:
            self._file = open(source.extent.path, "rb", buffering=0)  # noqa: SIM115 -- closed by close()
        except OSError as error:
            raise MachineError(f"{source.place}: {error}") from error

    def close(self) -> None:
        self._file.close()

    def read(self, size: int = _READ) -> bytes:
        """Return up to ``size`` next bytes, none at the end."""
        extent = self.source.extent
        data = os.pread(self._file.fileno(), min(size, extent.size - self.position), extent.offset + self.position)
        if not data and self.position < extent.size:
            raise BadInputError(
                f"{self.source.place}: the file ends after {self.position} of the blob's {extent.size} bytes",
                hint="fetch or save the image again",
            )
        self.position += len(data)
        self._hash.update(data)
        if self.source.task is not None:
            self.source.task.advance(len(data))
        return data


def _plain(blob: _Blob) -> Iterator[bytes]:
    while data := blob.read(PIECE):
        yield data


def _gunzip(blob: _Blob) -> Iterator[bytes]:
    """Unpack gzip members one after another.

    A member is fed in steps that double from 4 KiB, since the decoder copies what it leaves unused: thousands of tiny
    members in one read would otherwise cost quadratic time.
    """
    place = blob.source.place
    data = memoryview(blob.read())
    at = 0
    while data:
        member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        step = _FIRST_STEP
        while not member.eof:
            fed = data[:0]
            if member.needs_input:
                if at == len(data):
                    data, at = memoryview(blob.read()), 0
                if not data:
                    raise BadInputError(f"{place}: the gzip stream is cut off", hint="fetch or save the image again")
                fed = data[at : at + step]
                at += len(fed)
                step = min(2 * step, _READ)
            try:
                piece = member.decompress(fed, PIECE)
            except _IsalError as error:
                raise BadInputError(f"{place}: malformed gzip stream: {error}") from error
            if piece:
                yield piece
        at -= len(member.unused_data)
        if at == len(data):
            data, at = memoryview(blob.read()), 0


def _unzstd(blob: _Blob) -> Iterator[bytes]:
    source = blob.source
    walk = FrameWalk(source.place)

    class _Walked:
        """What the decoder reads from."""

        def read(self, size: int) -> bytes:
            data = blob.read(size)
            walk.feed(data)
            return data

    decoder = zstandard.ZstdDecompressor(max_window_size=source.limits.max_window)
    try:
        with decoder.stream_reader(_Walked(), read_across_frames=True) as reader:  # type: ignore[arg-type]  # read() is all it calls
            while piece := reader.read(PIECE):
                yield piece
    except zstandard.ZstdError as error:
        hint = f"a window over {source.limits.max_window} bytes needs --limit max-window=VALUE"
        raise BadInputError(f"{source.place}: malformed zstd stream: {error}", hint=hint) from error
    walk.finish()


def _read_head(extent: Extent) -> bytes:
    try:
        with open(extent.path, "rb") as file:
            return os.pread(file.fileno(), min(len(ZSTD_MAGIC), extent.size), extent.offset)
    except OSError as error:
        raise MachineError(f"{extent.path}: {error.strerror}", hint="check that the image is still there") from error
