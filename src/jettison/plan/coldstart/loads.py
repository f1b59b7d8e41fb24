"""An image's layers as a pull sees them, and the rate of unpacking that a measured pull tells."""

import math
from collections.abc import Sequence

from jettison.files.record import FileTable
from jettison.run.pullmodel import Load, predict

# What a byte of tar costs to unpack, beside one that came as gzip: Docker 26 took 13 to 19 s for an image of 1.35 GB as
# gzip, and 7 to 9 as zstd; plain tars are only written.
WEIGHTS = {"gzip": 1.0, "zstd": 0.6, "none": 0.5}
ENTRY = 20_000  # bytes of tar that making one more file costs as much as
_STEPS = 60


def work_of(table: FileTable) -> tuple[float, ...]:
    """Return what each layer costs to unpack, in bytes of gzip tar; lowest first."""
    return tuple(WEIGHTS[layer.compression] * (layer.size + ENTRY * len(layer.entries)) for layer in table.layers)


def loads_of(table: FileTable, rate: float, disk: float = math.inf) -> tuple[Load, ...]:
    """Return the layers as a pull sees them.

    Args:
        table: of the image.
        rate: of unpacking, as :func:`rate_of` gives it.
        disk: bytes a second that the node writes: a layer takes no less than its unpacked bytes take there.
    """
    return tuple(
        Load(layer.stored, max(work / rate, layer.size / disk))
        for layer, work in zip(table.layers, work_of(table), strict=True)
    )


def rate_of(table: FileTable, total: float, bandwidth: float, parallel: int) -> float:
    """Return the rate of unpacking with which a pull takes as long as was measured.

    Args:
        table: of the image pulled.
        total: seconds that were measured.
        bandwidth: bytes a second of the link, as measured.
        parallel: downloads at a time.

    Returns:
        Bytes of :func:`work_of` a second; infinity when the download alone takes that long.
    """
    work = sum(work_of(table))
    low, high = work / max(total, 1e-6) / 10, work * 1e6
    if predict(loads_of(table, high), bandwidth, parallel=parallel).total >= total:
        return math.inf
    for _ in range(_STEPS):
        middle = math.sqrt(low * high)
        if predict(loads_of(table, middle), bandwidth, parallel=parallel).total > total:
            low = middle
        else:
            high = middle
    return high


def scaled(loads: Sequence[Load], stored: float, unpack: float) -> tuple[Load, ...]:
    """Return loads with a share of their bytes to download, and of their seconds to unpack."""
    return tuple(Load(round(load.stored * stored), load.unpack * unpack) for load in loads)


def divided(loads: Sequence[Load], parts: int) -> tuple[Load, ...]:
    """Return loads with the largest divided into ``parts`` of equal size."""
    largest = max(range(len(loads)), key=lambda number: loads[number].stored)
    one = loads[largest]
    pieces = (Load(one.stored // parts, one.unpack / parts),) * parts
    return (*loads[:largest], *pieces, *loads[largest + 1 :])
