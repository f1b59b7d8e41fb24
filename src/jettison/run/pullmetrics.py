"""Image pulls in the kubelet's own metrics: a histogram by size, the only label there is.

``kubelet_image_pull_duration_seconds``, from ``/metrics`` of a kubelet (Prometheus text format). It counts since the
kubelet was started, names no image, and does not tell waiting or unpacking apart.
"""

import math
import re
from dataclasses import dataclass

from jettison.errors import UsageError

NAME = "kubelet_image_pull_duration_seconds"
_LINE = re.compile(rf"{NAME}_(bucket|sum|count)(?:\{{([^}}]{{0,500}})\}})? +([0-9.eE+-]+|\+?Inf)(?: +-?\d+)?\s*\Z")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.){0,200})"')
_SIZE = "image_size_in_bytes"


@dataclass(frozen=True, slots=True)
class PulledSize:
    """The pulls of images of a size.

    Attributes:
        size: as the kubelet names it, such as ``1GB-5GB``; empty when it names none.
        pulls: how many.
        mean: seconds.
        median: seconds, interpolated within the histogram's bucket as Prometheus does.
        p90: likewise.
    """

    size: str
    pulls: int
    mean: float
    median: float
    p90: float


def read_metrics(raw: bytes, where: str) -> tuple[PulledSize, ...]:
    """Read a kubelet's metrics.

    Args:
        raw: the text, other metrics left out.
        where: for the error.

    Returns:
        A row a size, those with most seconds in all first.

    Raises:
        UsageError: the histogram is not in it.
    """
    buckets: dict[str, list[tuple[float, float]]] = {}
    sums: dict[str, float] = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        labels = dict(_LABEL.findall(match[2] or ""))
        size, value = labels.get(_SIZE, ""), _number(match[3])
        if match[1] == "bucket":
            buckets.setdefault(size, []).append((_number(labels.get("le", "")), value))
        elif match[1] == "sum":
            sums[size] = value
    if not buckets:
        hint = "make it with: kubectl get --raw /api/v1/nodes/NODE/proxy/metrics"
        raise UsageError(f"{where} has no {NAME}", hint=hint)
    rows = [_row(size, sorted(found), sums.get(size, 0.0)) for size, found in buckets.items()]
    return tuple(sorted(rows, key=lambda row: (-row.mean * row.pulls, row.size)))


def _number(text: str) -> float:
    """Return a number as Prometheus writes it, and infinity for what is none: a bound nothing is below."""
    try:
        value = float(text)
    except ValueError:
        return math.inf
    return value if not math.isnan(value) else math.inf


def _row(size: str, buckets: list[tuple[float, float]], total: float) -> PulledSize:
    count = buckets[-1][1] if math.isfinite(buckets[-1][1]) and buckets[-1][1] > 0 else 0.0
    mean = total / count if count else 0.0
    return PulledSize(
        size,
        int(count),
        mean if math.isfinite(mean) else 0.0,
        _quantile(buckets, count / 2),
        _quantile(buckets, 0.9 * count),
    )


def _quantile(buckets: list[tuple[float, float]], rank: float) -> float:
    """Return where a rank lies, straight lines drawn within buckets; the last finite bound for what lies beyond."""
    below, start = 0.0, 0.0
    for bound, value in buckets:
        if value >= rank > below and math.isfinite(bound):
            return start + (bound - start) * (rank - below) / (value - below)
        if math.isfinite(bound):
            start, below = bound, max(below, value)
    return start if rank > below else 0.0
