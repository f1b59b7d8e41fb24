"""How long a pull takes, worked out: downloads that share a link, layers unpacked one after another.

Engines download a few layers at a time (Docker and containerd three, containers/image six), each as fast as the link's
share allows, and unpack a layer once it is whole and the one below it is unpacked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PARALLEL = 3


@dataclass(frozen=True, slots=True)
class Load:
    """One layer as a pull sees it.

    Attributes:
        stored: bytes to download.
        unpack: seconds to unpack it, once it is there.
    """

    stored: int
    unpack: float


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull that was worked out, or measured.

    Attributes:
        download: seconds until the last byte is there.
        unpack: seconds in which layers are unpacked.
        total: seconds until the last layer is unpacked.
    """

    download: float
    unpack: float
    total: float


def predict(loads: Sequence[Load], bandwidth: float, *, parallel: int = PARALLEL) -> Pull:
    """Work out a pull.

    Args:
        loads: layers, lowest first.
        bandwidth: bytes a second; infinity for a download that takes no time.
        parallel: downloads at a time.

    Raises:
        ValueError: there is no bandwidth, or nothing may be downloaded at a time (a bug of the caller).
    """
    if bandwidth <= 0 or parallel < 1:
        raise ValueError("a pull takes a link")
    arrivals = _arrivals([load.stored for load in loads], bandwidth, parallel)
    now = 0.0
    for load, arrival in zip(loads, arrivals, strict=True):
        now = max(now, arrival) + load.unpack
    return Pull(max(arrivals, default=0.0), sum(load.unpack for load in loads), now)


def _arrivals(sizes: Sequence[int], bandwidth: float, parallel: int) -> list[float]:
    """Return when each download ends; those under way share the link equally, and the next begins as one ends."""
    ends = [0.0] * len(sizes)
    left: dict[int, float] = {}
    waiting = list(range(len(sizes)))[::-1]
    now = 0.0
    while left or waiting:
        while waiting and len(left) < parallel:
            number = waiting.pop()
            left[number] = float(sizes[number])
        step = min(left.values())
        now += step * len(left) / bandwidth
        for number in list(left):
            left[number] -= step
            if left[number] <= 0:
                ends[number] = now
                del left[number]
    return ends
