"""Blobs on their way to an output: verified as they are copied, or shared with the file they already are."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.errors import BadInputError
from jettison.oci.descriptor import make_descriptor
from jettison.oci.image import Extent, Image, Layer
from jettison.oci.make import with_manifest
from jettison.progress import Task
from jettison.sources.extent import hash_extent, pieces
from jettison.storage import cache_root

FICLONE = 0x40049409  # linux/fs.h: share a file's blocks, copied on write


@dataclass(frozen=True, slots=True)
class Contents:
    """What an output holds of an image.

    Attributes:
        image: with a manifest, and every layer's digest known.
        documents: manifest and config by digest.
        layers: each blob once, lowest first.
    """

    image: Image
    documents: dict[str, bytes]
    layers: tuple[Layer, ...]


def contents_of(image: Image) -> Contents:
    """Return what has to be written; an image without a manifest (old docker archive) gets one, its config kept."""
    if not image.manifest:
        layers = tuple(_with_digest(layer) for layer in image.layers)
        image = with_manifest(replace(image, layers=layers))
    documents = {image.config.digest: image.config.raw, image.manifest_digest: image.manifest}
    unique = {layer.descriptor.digest: layer for layer in reversed(image.layers)}
    layers = tuple(sorted(unique.values(), key=lambda layer: layer.index))
    return Contents(image, documents, layers)


def verified_pieces(layer: Layer, task: Task) -> Iterator[memoryview]:
    """Give a layer's stored bytes, and fail at the end when they are not what its descriptor says.

    Raises:
        BadInputError: size or digest differ; what was written until then must be thrown away.
    """
    check_size(layer)
    hasher = hashlib.sha256()
    for piece in pieces(layer.blob):
        hasher.update(piece)
        task.advance(len(piece))
        yield piece
    _check(layer, "sha256:" + hasher.hexdigest())


def check_size(layer: Layer) -> None:
    """Refuse a layer whose blob has another size than its descriptor says.

    Raises:
        BadInputError: it has.
    """
    said = layer.descriptor.size
    if layer.blob.size != said:
        raise BadInputError(f"{_where(layer)}: the descriptor says {said} bytes, the blob has {layer.blob.size}")


def place_blob(layer: Layer, target: Path, task: Task, *, proved: bool = False) -> None:
    """Make ``target`` hold a layer's blob: shared blocks or a hard link where that is safe, else a copy.

    A hard link is made only to files of the cache folder, which nobody writes to; it becomes read-only.

    Args:
        layer: whose blob.
        target: must not exist.
        task: told of the bytes.
        proved: whether the caller reads ``target`` and checks its digest; then what is shared is not read here.

    Raises:
        BadInputError: size or digest differ.
    """
    check_size(layer)
    if _share(layer.blob, target):
        if not proved:
            _check(layer, hash_extent(Extent(str(target), 0, layer.blob.size)))
        task.advance(layer.blob.size)
        return
    with open(target, "xb", buffering=0) as file:
        for piece in verified_pieces(layer, task):
            write_all(file.fileno(), piece)


def write_all(fd: int, piece: memoryview | bytes) -> None:
    """Write all of ``piece``; the kernel may take less at a time."""
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _with_digest(layer: Layer) -> Layer:
    if layer.descriptor.digest:
        return layer
    descriptor = make_descriptor(layer.descriptor.media_type, hash_extent(layer.blob), layer.blob.size)
    return replace(layer, descriptor=descriptor)


def _share(extent: Extent, target: Path) -> bool:
    """Try to make ``target`` the same bytes without copying; False when that cannot be done here."""
    if extent.offset or not extent.size or os.stat(extent.path).st_size != extent.size:
        return False
    if _clone(extent.path, target):
        return True
    if not Path(extent.path).is_relative_to(cache_root()):
        return False
    with contextlib.suppress(OSError):
        os.link(extent.path, target)
        target.chmod(0o444)
        return True
    return False


def _clone(source: str, target: Path) -> bool:
    with open(source, "rb") as reader, open(target, "xb") as writer, contextlib.suppress(OSError):
        fcntl.ioctl(writer, FICLONE, reader.fileno())
        return True
    target.unlink()
    return False


def _check(layer: Layer, actual: str) -> None:
    if actual != layer.descriptor.digest:
        raise BadInputError(f"{_where(layer)}: its bytes have the digest {actual}")


def _where(layer: Layer) -> str:
    return f"{layer.blob.path}: layer {layer.index} {layer.descriptor.digest}"
