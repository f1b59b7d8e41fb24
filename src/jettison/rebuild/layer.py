"""Rewrites one layer in one streaming pass: kept members byte for byte, the others as the edits say."""

import hashlib
import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jettison.errors import MachineError
from jettison.layers.compress import make_compressor
from jettison.layers.limits import Limits
from jettison.layers.stream import unpacked_again
from jettison.layers.table import Compression, LayerTable
from jettison.layers.write import MEDIA_TYPES, LayerWriter, WrittenLayer
from jettison.oci.descriptor import make_descriptor
from jettison.oci.image import Descriptor, Extent, Layer
from jettison.progress import Task
from jettison.rebuild.edits import LayerEdits
from jettison.rebuild.links import Key
from jettison.rebuild.relink import Write

_PIECE = 1 << 20
_TAR_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to write a layer.

    Attributes:
        path: the file to write.
        compression: codec.
        level: of the codec; None for its default.
        threads: that compress.
        spools: folder for content that moves from one member to another, in this layer or a higher one.
        limits: what is accepted of the original.
    """

    path: Path
    compression: Compression
    level: int | None
    threads: int
    spools: Path
    limits: Limits

    def spool(self, key: Key) -> Path:
        """Return the file for the content of the entry ``key``."""
        return self.spools / f"content-{key[0]}-{key[1]}"


def rewrite_layer(layer: Layer, table: LayerTable, edits: LayerEdits, recipe: Recipe, task: Task) -> WrittenLayer:
    """Write a layer anew.

    Args:
        layer: the original.
        table: of the original.
        edits: what becomes of its entries.
        recipe: how to write it.
        task: told of the original's stored bytes.

    Raises:
        BadInputError: the blob is not what it was when it was read.
    """
    with (
        LayerWriter(recipe.path, recipe.compression, recipe.level, recipe.threads) as writer,
        closing(unpacked_again(layer, table.digest, limits=recipe.limits, task=task)) as stream,
    ):
        _Rewriter(layer, table, edits, recipe, writer).run(stream)
        return writer.finish()


def save_content(layer: Layer, table: LayerTable, edits: LayerEdits, recipe: Recipe, task: Task) -> None:
    """Save the content that other layers need of one that is not written anew.

    Args:
        layer: as for :func:`rewrite_layer`.
        table: likewise.
        edits: likewise.
        recipe: likewise; nothing is written at its path.
        task: likewise.

    Raises:
        BadInputError: the blob is not what it was when it was read.
    """
    with closing(unpacked_again(layer, table.digest, limits=recipe.limits, task=task)) as stream:
        _Rewriter(layer, table, edits, recipe, None).run(stream)


def recompress_layer(layer: Layer, table: LayerTable, recipe: Recipe, task: Task) -> WrittenLayer:
    """Write a layer with another codec; its tar stays as it is, to the last byte, and so does its diff_id.

    Args:
        layer: the original.
        table: of the original.
        recipe: how to write it.
        task: told of the original's stored bytes.

    Raises:
        BadInputError: the blob is not what it was when it was read.
        MachineError: the new one cannot be written.
    """
    compressor = make_compressor(recipe.compression, recipe.level, recipe.threads)
    digest = hashlib.sha256()
    stored = 0
    try:
        with (
            open(recipe.path, "xb") as file,
            closing(unpacked_again(layer, table.digest, limits=recipe.limits, task=task)) as stream,
        ):
            packed = itertools.chain.from_iterable(map(compressor.feed, stream))
            for piece in itertools.chain(packed, compressor.finish()):
                file.write(piece)
                digest.update(piece)
                stored += len(piece)
    except OSError as error:
        raise MachineError(f"{recipe.path}: {error.strerror}", hint="free some room") from error
    finally:
        compressor.close()
    return WrittenLayer(
        path=recipe.path,
        digest=f"sha256:{digest.hexdigest()}",
        diff_id=table.diff_id,
        stored=stored,
        size=table.size,
        media_type=MEDIA_TYPES[recipe.compression],
        compression=recipe.compression,
    )


def placed(written: WrittenLayer, annotations: Mapping[str, str] | None = None) -> tuple[Descriptor, str, Extent]:
    """Return descriptor, diff_id and place of a layer that was written, as an image is made of.

    Args:
        written: the layer.
        annotations: of its descriptor.
    """
    descriptor = make_descriptor(written.media_type, written.digest, written.stored, annotations=annotations)
    return descriptor, written.diff_id, Extent(str(written.path), 0, written.stored)


class _Rewriter:
    """One pass over a layer's uncompressed tar; each byte is seen once."""

    def __init__(
        self, layer: Layer, table: LayerTable, edits: LayerEdits, recipe: Recipe, writer: LayerWriter | None
    ) -> None:
        self._layer = layer
        self._table = table
        self._edits = edits
        self._recipe = recipe
        self._writer = writer
        self._stream: Iterator[memoryview] = iter(())
        self._piece = memoryview(b"")
        self._offset = 0

    def run(self, stream: Iterator[memoryview]) -> None:
        """Rewrite the tar, and read the stream to its end, where its digests are checked."""
        self._stream = stream
        entries, edits = self._table.entries, self._edits
        for index in sorted(edits.drops | edits.writes.keys() | edits.spools):
            self._copy(entries[index].offset)
            self._one(index)
        if entries:
            self._copy(entries[-1].end)
            self._pad(entries[-1].end)
        for write in edits.adds:
            self._write(write)
        self._take(self._table.size)
        for _ in stream:
            pass

    def _one(self, index: int) -> None:
        """Pass one entry that goes, is written anew, or whose content is needed elsewhere."""
        entry, edits = self._table.entries[index], self._edits
        stays = index not in edits.drops and index not in edits.writes
        with ExitStack() as stack:
            spool = None
            if index in edits.spools:
                spool = stack.enter_context(open(self._recipe.spool((self._layer.index, index)), "wb"))
            self._take(entry.data, copy=stays)
            self._take(entry.data + entry.size, copy=stays, spool=spool)
            self._take(entry.end, copy=stays)
        if index in edits.writes:
            self._write(edits.writes[index])

    def _write(self, write: Write) -> None:
        if self._writer is None:
            return
        if write.source is not None:
            content: Iterator[bytes] = _pieces(self._recipe.spool(write.source))
        elif isinstance(write.content, bytes):
            content = iter((write.content,))
        else:
            content = _pieces(write.content)
        self._writer.add(write.entry, content)

    def _copy(self, end: int) -> None:
        self._take(end, copy=True)

    def _pad(self, end: int) -> None:
        """Complete the last block: a tar may end without its last member's padding."""
        last = len(self._table.entries) - 1
        if self._writer is not None and last not in self._edits.drops and last not in self._edits.writes:
            self._writer.raw(bytes(-end % _TAR_BLOCK))

    def _take(self, end: int, *, copy: bool = False, spool: BinaryIO | None = None) -> None:
        """Move to ``end``; what is passed is copied to the new tar, to a spool, or left out."""
        while self._offset < end:
            if not self._piece:
                piece = next(self._stream, None)
                if piece is None:
                    return
                self._piece = piece
            taken = self._piece[: end - self._offset]
            self._piece = self._piece[len(taken) :]
            self._offset += len(taken)
            if copy and self._writer is not None:
                self._writer.raw(taken)
            if spool is not None:
                spool.write(taken)


def _pieces(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            yield piece
