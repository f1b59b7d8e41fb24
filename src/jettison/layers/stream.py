"""A layer's blob as a stream of uncompressed pieces, within limits, its digest taken on the way."""

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from jettison.errors import BadInputError, MachineError
from jettison.layers.buffers import Buffers
from jettison.layers.decode import Blob, Decoder, decoder
from jettison.layers.limits import Limits, exceeded, layer_place
from jettison.layers.parts import Parts
from jettison.layers.table import Compression
from jettison.layers.threads import Ahead, Hash, HashThread
from jettison.layers.zstdframes import MAGIC as ZSTD_MAGIC
from jettison.layers.zstdframes import is_skippable
from jettison.oci.image import Extent, Layer
from jettison.progress import Task

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Piece:
    """Uncompressed bytes.

    Attributes:
        data: :data:`jettison.layers.buffers.PIECE` bytes, fewer only at the end, never none.
        stored: how many bytes of the blob were read when these came out.
    """

    data: memoryview
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
    """

    extent: Extent
    compression: Compression
    place: str
    limits: Limits
    task: Task | None = None


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


def uncompressed(layer: Layer, *, limits: Limits | None = None, task: Task | None = None) -> Generator[memoryview]:
    """Yield a layer's uncompressed tar, once, from its beginning; its digests are checked when it ends.

    Reading, decompressing and hashing run in threads beside the consumer. A consumer that stops early must close the
    generator (``contextlib.closing``).

    Args:
        layer: what to read.
        limits: what is accepted.
        task: told of stored bytes as they are read.

    Yields:
        pieces of :data:`jettison.layers.buffers.PIECE` bytes, fewer only at the end.

    Raises:
        BadInputError: the blob is malformed, cut off, over a limit, or its size, digest or diff_id is not the one
            that the documents say.
    """
    for piece in checked_pieces(layer, open_source(layer, limits or Limits(), task)):
        yield piece.data


def unpacked_again(
    layer: Layer, digest: str, *, limits: Limits | None = None, task: Task | None = None
) -> Generator[memoryview]:
    """Yield the tar of a layer that was read before, as :func:`uncompressed` does.

    That the blob is still the same is checked when it ends; its diff_id, which was checked before, then is, too.

    Args:
        layer: what to read.
        digest: of the blob that was read before.
        limits: what is accepted.
        task: told of stored bytes as they are read.

    Raises:
        BadInputError: it is not the same blob.
    """
    source = open_source(layer, limits or Limits(), task)
    check_size(layer, source)
    with Parts(source.extent, source.place) as parts:
        stored = parts.digest(None)
        with Ahead(pieces(source)) as ahead:
            for piece in ahead:
                yield piece.data
        found = stored.result()
        parts.check_unchanged()
    _check(source.place, "digest", found, digest)


def unpacked(layer: Layer, *, limits: Limits | None = None, task: Task | None = None) -> Generator[memoryview]:
    """Yield the tar of a layer without checking a digest, for those who check what they take of it.

    Args:
        layer: what to read.
        limits: what is accepted.
        task: told of stored bytes as they are read.

    Raises:
        BadInputError: it is malformed, cut off, or over a limit.
    """
    with Ahead(pieces(open_source(layer, limits or Limits(), task))) as ahead:
        for piece in ahead:
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
    check_size(layer, source)
    with HashThread() as tar_hash, Parts(source.extent, source.place) as parts:
        stored = None if source.compression == "none" else parts.digest(None)
        with Ahead(pieces(source)) as ahead:
            for piece in ahead:
                tar_hash.update(piece.data)
                yield piece
        diff_id = "sha256:" + tar_hash.hexdigest()
        digest = diff_id if stored is None else stored.result()
        parts.check_unchanged()
    check_digests(layer, source.place, digest, diff_id)
    if digests is not None:
        digests += digest, diff_id


def check_size(layer: Layer, source: Source) -> None:
    """Hold the blob's size against what the image says of it.

    Raises:
        BadInputError: it is another.
    """
    if 0 <= layer.descriptor.size != source.extent.size:
        raise BadInputError(
            f"{source.place}: the blob has {source.extent.size} bytes, its descriptor says {layer.descriptor.size}"
        )


def check_digests(layer: Layer, place: str, digest: str, diff_id: str) -> None:
    """Hold the digests that were taken of a layer against those that the image says.

    Raises:
        BadInputError: one of them is another.
    """
    _check(place, "digest", digest, layer.descriptor.digest)
    _check(place, "diff_id", diff_id, layer.diff_id)


def _check(place: str, what: str, found: str, said: str) -> None:
    if said and found != said:
        raise BadInputError(
            f"{place}: its {what} is {found}, the image says {said}",
            hint="the image is damaged: fetch or save it again",
        )


def pieces(source: Source, blob_hash: Hash | None = None) -> Iterator[Piece]:
    """Read and decompress a blob.

    Args:
        source: what to read.
        blob_hash: fed with the stored bytes, when given.

    Raises:
        BadInputError: it is malformed, cut off, or over a limit.
    """
    buffers = Buffers()
    size = 0
    with Blob(source.extent, source.place, blob_hash, source.task) as blob:
        decode = decoder(source.compression, blob, source.limits)
        while data := _filled(decode, buffers.take()):
            size += len(data)
            _check_size(source, size, blob.position)
            yield Piece(data, blob.position)


def _filled(decode: Decoder, view: memoryview) -> memoryview:
    """Return the part of ``view`` that the decoder fills: all of it but at the end."""
    size = 0
    while size < len(view) and (count := decode.readinto(view[size:])):
        size += count
    return view[:size]


def _check_size(source: Source, size: int, stored: int) -> None:
    limits = source.limits
    if size > limits.max_tar_size:
        raise exceeded(source.place, "max_tar_size", limits.max_tar_size, f"it unpacks to more than {size - 1} bytes")
    if size > limits.ratio_grace and size > limits.max_ratio * stored:
        found = f"{stored} stored bytes unpack to {size} and more"
        raise exceeded(source.place, "max_ratio", limits.max_ratio, found)


def _read_head(extent: Extent) -> bytes:
    try:
        with open(extent.path, "rb") as file:
            return os.pread(file.fileno(), min(len(ZSTD_MAGIC), extent.size), extent.offset)
    except OSError as error:
        raise MachineError(f"{extent.path}: {error.strerror}", hint="check that the image is still there") from error
