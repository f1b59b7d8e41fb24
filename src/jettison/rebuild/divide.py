"""How layers are cut for a start: what is read first apart from the rest, large layers in pieces. No byte is read.

Engines fetch several layers at once and unpack one after another, so of two pieces one can be unpacked while the other
is on its way. A piece repeats the directories that its files lie in: an engine that unpacks each layer into a folder of
its own (overlay2) would make them with other modes where they are not in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from jettison.files.folders import parents_of
from jettison.files.record import File, FileTable
from jettison.layers.entry import Entry
from jettison.layers.table import LayerTable
from jettison.plan.record import MOST_LAYERS, Layout

LEAST = 16 << 20
"""Bytes of tar below which a layer is not cut, and that a piece has at least."""
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
    """Units of one layer that follow one another, and the pieces that they are cut in."""

    layer: int
    units: Sequence[_Unit]
    size: int
    pieces: Sequence[Sequence[_Unit]]


def divide(table: FileTable, layout: Layout) -> tuple[tuple[Piece, ...], ...]:
    """Cut the layers of an image.

    Args:
        table: of the image.
        layout: how many layers there may be, and what is read first.

    Returns:
        One tuple a layer, lowest first: its pieces, lowest first; empty for a layer that stays as it is: a small one,
        one for which no piece is left, or one whose meaning could change, with a path twice, names reached through a
        symlink, or hard links into another layer.
    """
    rank = {path: number for number, path in reversed(tuple(enumerate(layout.order)))}
    files: dict[int, list[File]] = {}
    for file in table.files:
        files.setdefault(file.layer, []).append(file)
    strays = {key[0] for key, holder in table.inodes.items() if holder[0] != key[0]}
    able = [
        index
        for index, layer in enumerate(table.layers)
        if index not in strays and _can(layer, index, files.get(index, ()))
    ]
    runs = [run for index in able for run in _runs(table, index, rank)]
    _share(runs, min(layout.layers, MOST_LAYERS) - len(table.layers) + len({run.layer for run in runs}))
    cut: list[tuple[Piece, ...]] = []
    for index, layer in enumerate(table.layers):
        mine = [units for run in runs if run.layer == index for units in run.pieces]
        cut.append(tuple(_pieces(layer, mine)) if len(mine) > 1 else ())
    return tuple(cut)


def _can(layer: LayerTable, index: int, files: Sequence[File]) -> bool:
    """Tell whether a layer means the same in any order; none of its hard links leads into another."""
    if layer.size < LEAST:
        return False
    paths = {entry.path for entry in layer.entries}
    return (
        len(paths) == len(layer.entries)
        and all(file.path == file.entry.path and file.hidden_by != index for file in files)
        and not any(entry.whiteout in paths for entry in layer.entries if entry.whiteout)
        and all(entry.link in paths for entry in layer.entries if entry.type == "hardlink")
    )


def _runs(table: FileTable, index: int, rank: Mapping[str, int]) -> Iterator[_Run]:
    """Give what is read at the start, in that order, then the rest in the order of the layer."""
    units = list(_units(table, index, rank))
    hot = sorted((unit for unit in units if unit.rank < inf), key=lambda unit: (unit.rank, unit.indices))
    cold = [unit for unit in units if unit.rank == inf]
    sizes = [sum(unit.size for unit in group) for group in (hot, cold)]
    if min(sizes) < _HOT:
        hot, cold = [*hot, *cold], []
    yield from (_run(index, group) for group in (hot, cold) if group)


def _run(layer: int, units: Sequence[_Unit]) -> _Run:
    return _Run(layer, units, sum(unit.size for unit in units), (units,))


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
        runs[first : first + len(mine)] = [_run(layer, [unit for run in mine for unit in run.units])]
    able = list(runs)
    left = layers - len(runs)
    while left > 0 and able:
        widest = max(able, key=lambda run: run.size / len(run.pieces))
        pieces = _cut(widest.units, widest.size, len(widest.pieces) + 1)
        if len(pieces) > len(widest.pieces):
            widest.pieces = pieces
            left -= 1
        else:
            able.remove(widest)


def _cut(units: Sequence[_Unit], size: int, most: int) -> Sequence[Sequence[_Unit]]:
    """Cut units into pieces of about one size, none below the least; fewer where files are too large for more."""
    pieces: list[list[_Unit]] = [[]]
    left, held = size, 0
    for unit in units:
        wanted = left / (most - len(pieces) + 1)
        full = held + unit.size / 2 > wanted and held >= LEAST and left - held >= LEAST
        if full and len(pieces) < most:
            left -= held
            held = 0
            pieces.append([])
        pieces[-1].append(unit)
        held += unit.size
    return pieces


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
        for folder in (*parents_of(layer.entries[index].path), ""):
            if folder in folders:
                if folders[folder] in piece:
                    break
                above.append(folders[folder])
        piece.update(dict.fromkeys(reversed(above)))
        piece[index] = None
    return tuple(piece)
