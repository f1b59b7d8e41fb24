"""Cuts the layers of an image anew: every member byte for byte, in another order and other layers."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from jettison.errors import MachineError
from jettison.files.read import ReadOptions, read_table
from jettison.layers.encode import padding
from jettison.layers.limits import Limits
from jettison.layers.stream import unpacked_again
from jettison.layers.table import LayerTable
from jettison.layers.write import LayerWriter, WrittenLayer
from jettison.oci.image import Image, Layer
from jettison.plan.record import Layout
from jettison.progress import Progress, Task
from jettison.rebuild.divide import Piece, divide
from jettison.rebuild.layer import Recipe, recompress_layer

_PART = 1 << 20


def lay_out(
    image: Image, layout: Layout, recipes: Sequence[Recipe], progress: Progress
) -> tuple[tuple[WrittenLayer, ...], ...]:
    """Write the layers of an image anew, cut for a start.

    Args:
        image: whose layers are cut.
        layout: how.
        recipes: how each layer is written, at paths that begin with the recipe's. A layer that lies among the spools is
            removed there once its pieces are written; of the others one at a time lies there unpacked.
        progress: told of uncompressed bytes.

    Returns:
        What takes the place of each layer, lowest first; nothing where it stays as it is.

    Raises:
        BadInputError: a layer is not what its digest says, as far as it is read for that; the proof reads all of it.
        MachineError: there is no room.
    """
    options = ReadOptions(limits=recipes[0].limits if recipes else Limits(), cache=False)
    table = read_table(image, options=options, progress=progress)
    cut = divide(table, layout)
    todo = sum(layer.size for layer, pieces in zip(table.layers, cut, strict=True) if pieces)
    with progress.task("laying out", todo) as task:
        return tuple(
            _cut(layer, known, pieces, recipe, task) if pieces else _packed(layer, known, recipe, task)
            for layer, known, pieces, recipe in zip(image.layers, table.layers, cut, recipes, strict=True)
        )


def _packed(layer: Layer, table: LayerTable, recipe: Recipe, task: Task) -> tuple[WrittenLayer, ...]:
    """Pack a layer that is not cut; its tar stays."""
    if table.compression == recipe.compression:
        return ()
    made = recompress_layer(layer, table, _numbered(recipe, 0), task)
    _remove(layer, recipe)
    return (made,)


def _cut(
    layer: Layer, table: LayerTable, pieces: Sequence[Piece], recipe: Recipe, task: Task
) -> tuple[WrittenLayer, ...]:
    made = []
    with _plain(layer, table, recipe) as (file, start):
        for number, piece in enumerate(pieces):
            path = _numbered(recipe, number).path
            with LayerWriter(path, recipe.compression, recipe.level, recipe.threads) as writer:
                for index in piece:
                    entry = table.entries[index]
                    _copy(file, start + entry.offset, min(entry.end, table.size) - entry.offset, writer)
                    task.advance(entry.end - entry.offset)
                made.append(writer.finish())
    _remove(layer, recipe)
    return tuple(made)


def _remove(layer: Layer, recipe: Recipe) -> None:
    """Remove a layer that was written here on the way only."""
    path = Path(layer.blob.path)
    if path.parent == recipe.spools:
        path.unlink(missing_ok=True)


def _numbered(recipe: Recipe, number: int) -> Recipe:
    return replace(recipe, path=recipe.path.with_name(f"{recipe.path.name}-piece-{number}"))


@contextmanager
def _plain(layer: Layer, table: LayerTable, recipe: Recipe) -> Iterator[tuple[BinaryIO, int]]:
    """Give the layer's tar as a file in which one can seek, and where in it the tar begins."""
    if table.compression == "none":
        try:
            with open(layer.blob.path, "rb") as file:
                yield file, layer.blob.offset
        except OSError as error:
            raise MachineError(f"{layer.blob.path}: {error.strerror}") from error
        return
    path = recipe.spools / f"unpacked-{layer.index}"
    try:
        with open(path, "xb") as out, closing(unpacked_again(layer, table.digest, limits=recipe.limits)) as stream:
            out.writelines(stream)
        with open(path, "rb") as file:
            yield file, 0
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}", hint="free some room") from error
    finally:
        path.unlink(missing_ok=True)


def _copy(file: BinaryIO, offset: int, size: int, writer: LayerWriter) -> None:
    """Copy a member; its last block is completed, since a tar may end without its last member's padding."""
    file.seek(offset)
    left = size
    while left:
        part = file.read(min(_PART, left))
        if not part:
            raise MachineError("a layer became shorter while it was read", hint="try again")
        writer.raw(part)
        left -= len(part)
    writer.raw(padding(size))
