"""How layers are cut for a start: what is read first apart from the rest, large layers in pieces. No byte is read.

Engines fetch several layers at once and unpack one after another, so of two pieces one can be unpacked while the other
is on its way. A piece repeats the directories that its files lie in: an engine that unpacks each layer into a folder of
its own (overlay2) would make them with other modes where they are not in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from jettison.files.record import FileTable
from jettison.layers.entry import Entry
from jettison.layers.table import LayerTable
from jettison.plan.record import Layout

LEAST = 16 << 20
"""Bytes of tar below which a layer, and a piece of one, is not cut any more."""
_HOT = 1 << 20  # bytes read at the start below which they get no piece of their own

Piece = tuple[int, ...]
"""Indices of a layer's entries in the order of the piece; a directory may be in several pieces of its layer."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Entries that stay together: a file with its hard links, first the one that holds the content."""

    indices: tuple[int, ...]
    size: int
    rank: float


@dataclass(slots=True)
class _Run:
    """Units of one layer that follow one another, and in how many pieces they are cut."""

    layer: int
    units: Sequence[_Unit]
    size: int
    pieces: int = 1


def divide(table: FileTable, layout: Layout) -> tuple[tuple[Piece, ...], ...]:
    """Cut the layers of an image.

    Args:
        table: of the image.
        layout: how many layers there may be, and what is read first.

    Returns:
        One tuple a layer, lowest first: its pieces, lowest first; empty for a layer that stays as it is. Such are small
        ones, and those whose meaning could change: with a path twice, names reached through a symlink, or hard links
        into another layer.
    """
    rank = {path: number for number, path in enumerate(layout.order)}
    runs = [run for index in range(len(table.layers)) if _can(table, index) for run in _runs(table, index, rank)]
    _share(runs, layout.layers - len(table.layers) + len({run.layer for run in runs}))
    cut: list[tuple[Piece, ...]] = []
    for index, layer in enumerate(table.layers):
        mine = [units for run in runs if run.layer == index for units in _cut(run)]
        cut.append(tuple(_pieces(layer, mine)))
    return tuple(cut)


def _can(table: FileTable, index: int) -> bool:
    """Tell whether a layer means the same in any order."""
    layer = table.layers[index]
    if layer.size < LEAST:
        return False
    paths = {entry.path for entry in layer.entries}
    mine = [file for file in table.files if file.layer == index]
    return (
        len(paths) == len(layer.entries)
        and all(file.path == file.entry.path for file in mine)
        and not any(entry.whiteout in paths for entry in layer.entries if entry.whiteout)
        and all(holder[0] == index for key, holder in table.inodes.items() if key[0] == index)
    )


def _runs(table: FileTable, index: int, rank: Mapping[str, int]) -> Iterator[_Run]:
    """Give what is read at the start, in that order, then the rest in the order of the layer."""
    units = list(_units(table, index, rank))
    hot = sorted((unit for unit in units if unit.rank < inf), key=lambda unit: (unit.rank, unit.indices))
    cold = [unit for unit in units if unit.rank == inf]
    sizes = [sum(unit.size for unit in group) for group in (hot, cold)]
    if min(sizes) < _HOT:
        hot, cold = [*hot, *cold], []
    yield from (_Run(index, group, sum(unit.size for unit in group)) for group in (hot, cold) if group)


def _units(table: FileTable, index: int, rank: Mapping[str, int]) -> Iterator[_Unit]:
    groups: dict[int, list[int]] = {}
    entries = table.layers[index].entries
    for number, entry in enumerate(entries):
        if entry.type != "dir" and not _is_marker(entry):
            groups.setdefault(table.inodes.get((index, number), (index, number))[1], []).append(number)
    for holder, members in groups.items():
        indices = (holder, *(number for number in members if number != holder))
        size = sum(entries[number].end - entries[number].offset for number in indices)
        yield _Unit(indices, size, min(rank.get(entries[number].path, inf) for number in indices))


def _is_marker(entry: Entry) -> bool:
    return bool(entry.is_opaque or entry.whiteout)


def _share(runs: list[_Run], layers: int) -> None:
    """Give one more piece each time to the run whose pieces are largest; join runs where there are too many."""
    for layer in sorted({run.layer for run in runs}, key=lambda layer: sum(r.size for r in runs if r.layer == layer)):
        if len(runs) <= layers:
            break
        mine = [run for run in runs if run.layer == layer]
        first = runs.index(mine[0])
        joined = _Run(layer, [unit for run in mine for unit in run.units], sum(run.size for run in mine))
        runs[first : first + len(mine)] = [joined]
    for _ in range(layers - len(runs)):
        can = [run for run in runs if run.pieces < len(run.units) and run.size / (run.pieces + 1) >= LEAST]
        if not can:
            return
        max(can, key=lambda run: run.size / run.pieces).pieces += 1


def _cut(run: _Run) -> Iterator[list[_Unit]]:
    """Cut a run into pieces of about one size."""
    piece: list[_Unit] = []
    done, number = 0, 1
    for unit in run.units:
        if piece and number < run.pieces and done + unit.size / 2 > run.size * number / run.pieces:
            yield piece
            piece = []
            number += 1
        piece.append(unit)
        done += unit.size
    if piece:
        yield piece


def _pieces(layer: LayerTable, groups: Sequence[Sequence[_Unit]]) -> Iterator[Piece]:
    """Give the entries of each piece: whiteouts in the lowest, folders where they are needed, others in the last."""
    folders = {entry.path: number for number, entry in enumerate(layer.entries) if entry.type == "dir"}
    markers = [number for number, entry in enumerate(layer.entries) if _is_marker(entry)]
    left = dict.fromkeys(folders.values())
    for number, units in enumerate(groups):
        wanted = [*(markers if number == 0 else ()), *(index for unit in units for index in unit.indices)]
        piece = _with_folders(layer, wanted, folders)
        for index in piece:
            left.pop(index, None)
        if number == len(groups) - 1:
            piece = tuple(dict.fromkeys((*piece, *_with_folders(layer, left, folders))))
        yield piece


def _with_folders(layer: LayerTable, wanted: Iterable[int], folders: Mapping[str, int]) -> Piece:
    """Put before each entry the directories of its layer that it lies in."""
    piece: dict[int, None] = {}
    for index in wanted:
        above: list[int] = []
        path = layer.entries[index].path
        while path:
            path = path.rpartition("/")[0]
            if path in folders:
                if folders[path] in piece:
                    break
                above.append(folders[path])
        piece.update(dict.fromkeys(reversed(above)))
        piece[index] = None
    return tuple(piece)
