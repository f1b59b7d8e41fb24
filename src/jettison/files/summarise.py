"""An inspection made from a file table: the ledger, summed up in the ways that people ask for."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from heapq import nsmallest
from typing import TypeVar

from jettison.files.gpu import table_rows, table_skips
from jettison.files.inspection import (
    FileSummary,
    Inspection,
    KindSummary,
    LayerSummary,
    OwnerSummary,
    Sizes,
)
from jettison.files.kinds.match import model_format
from jettison.files.kinds.table import KINDS, MODEL_WEIGHTS
from jettison.files.ledger import TAR_STRUCTURE, Ledger, LedgerRow, alive, make_ledger
from jettison.files.record import File, FileTable
from jettison.files.waste import MOST_GROUPS, duplicates, find_waste

MOST_FILES = 100
_Key = TypeVar("_Key", bound=Hashable)
_ORDER = {kind.name: place for place, kind in enumerate(KINDS)} | {TAR_STRUCTURE: len(KINDS)}


def make_inspection(table: FileTable) -> Inspection:
    """Sum up a file table; pull and unpack time are left to the caller.

    Raises:
        JettisonError: the ledger does not add up (a bug).
    """
    image = table.image
    ledger = make_ledger(table)
    groups = duplicates(table)
    waste, findings = find_waste(table, groups)
    contents = _contents(table)
    history = image.config.history
    return Inspection(
        reference=image.name,
        digest=image.manifest_digest,
        platform=str(image.config.platform),
        created=history[-1].created if history else "",
        sizes=_sizes(table, ledger, contents),
        estimate=None,
        layers=_layers(table, ledger),
        owners=_owners(table, ledger),
        kinds=_kinds(ledger),
        waste=waste,
        findings=findings,
        duplicates=groups[:MOST_GROUPS],
        largest=_largest(table, contents),
        models=_largest(table, [file for file in contents if file.kind == MODEL_WEIGHTS]),
        gpu=table_rows(table),
        ledger=ledger,
        skips=(*table.skips, *table_skips(table)),
    )


def _contents(table: FileTable) -> list[File]:
    """Return the entries that hold what the container sees: visible files, and those seen through a hard link only."""
    lives = alive(table)
    hidden = [file for file in table.files if (file.layer, file.index) in lives] if lives else []
    return [file for file in table.visible.values() if file.entry.type == "file"] + hidden


def _sizes(table: FileTable, ledger: Ledger, contents: list[File]) -> Sizes:
    return Sizes(
        disk=sum(file.entry.size for file in contents),
        disk_total=ledger.disk,
        tar=sum(layer.size for layer in table.layers),
        stored=sum(layer.stored for layer in table.layers),
        pull=ledger.pull,
        pull_estimated=any(layer.estimated for layer in table.layers),
        files=sum(file.entry.type in ("file", "hardlink") for file in table.visible.values()),
        entries=len(table.files),
        layers=len(table.layers),
    )


def _layers(table: FileTable, ledger: Ledger) -> tuple[LayerSummary, ...]:
    hidden = _sum_by(ledger.rows, lambda row: row.layer)
    return tuple(
        LayerSummary(
            index=index,
            digest=read.digest,
            diff_id=read.diff_id,
            compression=read.compression,
            stored=read.stored,
            size=read.size,
            disk=total.disk,
            hidden=hidden[index][2],
            pull=read.pull,
            pull_estimated=read.estimated,
            files=hidden[index][0],
            entries=len(read.entries),
            created_by=layer.created_by,
        )
        for index, (read, total, layer) in enumerate(zip(table.layers, ledger.layers, table.image.layers, strict=True))
    )


def _owners(table: FileTable, ledger: Ledger) -> tuple[OwnerSummary, ...]:
    sums = _sum_by(ledger.rows, lambda row: row.owner)
    rows = []
    for key, (files, disk, hidden, pull) in sums.items():
        owner = table.owners.get(key)
        name, version = (owner.name, owner.version) if owner else ("nobody", "")
        rows.append(OwnerSummary(key, owner.type if owner else "none", name, version, files, disk, hidden, pull))
    return tuple(sorted(rows, key=lambda row: (-row.disk, row.key)))


def _kinds(ledger: Ledger) -> tuple[KindSummary, ...]:
    sums = _sum_by(ledger.rows, lambda row: row.kind)
    rows = (KindSummary(name, *cell) for name, cell in sums.items())
    return tuple(sorted(rows, key=lambda row: _ORDER[row.name]))


def _sum_by(rows: Iterable[LedgerRow], key: Callable[[LedgerRow], _Key]) -> dict[_Key, list[int]]:
    """Return files, disk, hidden and pull by ``key``."""
    sums: dict[_Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        cell = sums[key(row)]
        cell[0] += row.files
        cell[1] += row.disk
        cell[2] += 0 if row.visible else row.disk
        cell[3] += row.pull
    return sums


def _largest(table: FileTable, files: list[File]) -> tuple[FileSummary, ...]:
    most = nsmallest(MOST_FILES, files, key=lambda file: (-file.entry.size, file.path))
    return tuple(_summary(table, file) for file in most)


def _summary(table: FileTable, file: File) -> FileSummary:
    facts = table.elfs.get((file.layer, file.index))
    gpu = min(facts.gpu_size, file.entry.size) if facts else 0
    form = model_format(file.path) if file.kind == MODEL_WEIGHTS else ""
    return FileSummary(file.path, file.layer, file.owner, file.kind, file.entry.size, file.pull, gpu, form)
