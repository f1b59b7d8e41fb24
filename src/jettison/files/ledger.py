"""The ledger: every byte of an image by layer, owner and kind, on disk and in the pull; it adds up, or it is a bug.

GPU code inside a shared library is a row of its own (kind ``gpu code``), so a file with GPU code counts in two rows.
"""

from dataclasses import dataclass

from jettison.errors import JettisonError
from jettison.files.record import FileTable
from jettison.layers.table import LayerTable

GPU_CODE = "gpu code"
TAR_STRUCTURE = "tar structure"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One cell of the ledger.

    Attributes:
        layer: index of the layer.
        owner: the owner's key; empty for nobody.
        kind: name of a kind, or ``tar structure`` for what a tar holds beyond its entries.
        visible: whether the container sees these bytes.
        files: regular files; a file's GPU code adds none.
        disk: bytes of content.
        pull: bytes in the pull.
    """

    layer: int
    owner: str
    kind: str
    visible: bool
    files: int
    disk: int
    pull: int


@dataclass(frozen=True, slots=True)
class LedgerLayer:
    """One layer's totals, which its rows add up to.

    Attributes:
        layer: its index.
        disk: bytes of content.
        overhead: bytes of the uncompressed tar that are headers, padding and the end: disk + overhead = tar.
        tar: bytes of the uncompressed tar.
        pull: bytes in the pull.
    """

    layer: int
    disk: int
    overhead: int
    tar: int
    pull: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """Bytes by layer, owner and kind.

    Attributes:
        rows: sorted by layer, then disk, largest first.
        layers: totals, lowest layer first.
        disk: sum of the rows' disk bytes.
        pull: sum of the rows' pull bytes.
    """

    rows: tuple[LedgerRow, ...]
    layers: tuple[LedgerLayer, ...]
    disk: int
    pull: int


_Key = tuple[int, str, str, bool]
_Sums = dict[_Key, list[int]]


def make_ledger(table: FileTable) -> Ledger:
    """Add up the bytes of ``table``.

    Raises:
        JettisonError: the sums do not agree with the image: a bug, and no figure may be shown.
    """
    sums = _sum_files(table)
    layers = tuple(_total(index, layer) for index, layer in enumerate(table.layers))
    for layer in layers:
        rest = layer.pull - sum(cell[2] for key, cell in sums.items() if key[0] == layer.layer)
        sums[layer.layer, "", TAR_STRUCTURE, True] = [0, 0, rest]
    rows = [LedgerRow(*key, *cell) for key, cell in sums.items()]
    rows.sort(key=lambda row: (row.layer, -row.disk, -row.pull, row.owner, row.kind, row.visible))
    ledger = Ledger(tuple(rows), layers, sum(row.disk for row in rows), sum(row.pull for row in rows))
    _check(ledger, table)
    return ledger


def alive(table: FileTable) -> frozenset[tuple[int, int]]:
    """Return the (layer, index) of hidden entries whose content a visible hard link still shows."""
    files = {(file.layer, file.index): file for file in table.files} if table.inodes else {}
    held = (target for link, target in table.inodes.items() if files[link].visible)
    return frozenset(target for target in held if not files[target].visible)


def _sum_files(table: FileTable) -> _Sums:
    sums: _Sums = {}
    lives = alive(table)
    for file in table.files:
        size, pull, key = file.entry.size, file.pull, (file.layer, file.index)
        seen = file.visible or key in lives
        facts = table.elfs.get(key)
        gpu = min(facts.gpu_size, size) if facts else 0
        if gpu:
            gpu_pull = pull * gpu // size
            _add(sums, (file.layer, file.owner, GPU_CODE, seen), 0, gpu, gpu_pull)
            size, pull = size - gpu, pull - gpu_pull
        _add(sums, (file.layer, file.owner, file.kind, seen), file.entry.type == "file", size, pull)
    return sums


def _add(sums: _Sums, key: _Key, files: int, disk: int, pull: int) -> None:
    cell = sums.get(key)
    if cell is None:
        sums[key] = [int(files), disk, pull]
    else:
        cell[0] += files
        cell[1] += disk
        cell[2] += pull


def _total(index: int, layer: LayerTable) -> LedgerLayer:
    """Add up a layer from its entries' places in the tar, independently of their sizes' sum."""
    overhead, end = 0, 0
    for entry in layer.entries:
        overhead += entry.data - end + (entry.end - entry.data - entry.size)
        end = entry.end
    overhead += layer.size - end
    return LedgerLayer(index, layer.size - overhead, overhead, layer.size, layer.pull)


def _check(ledger: Ledger, table: FileTable) -> None:
    sums = {layer.layer: [0, 0] for layer in ledger.layers}
    for row in ledger.rows:
        sums[row.layer][0] += row.disk
        sums[row.layer][1] += row.pull
    for total, layer in zip(ledger.layers, table.layers, strict=True):
        content = sum(entry.size for entry in layer.entries)
        if sums[total.layer] != [content, layer.pull] or content + total.overhead != layer.size:
            raise JettisonError(
                f"the ledger of layer {total.layer} does not add up: rows {sums[total.layer]}, entries {content}, "
                f"tar {layer.size}, pull {layer.pull}",
                hint="this is a bug in Jettison; please report it with the image's reference",
            )
