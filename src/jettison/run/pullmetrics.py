"""Image pulls in the metrics of a kubelet and of containerd (Prometheus text format), since each was started.

A kubelet has ``kubelet_image_pull_duration_seconds``, a histogram whose only label is a range of sizes. containerd's
CRI plugin counts pulls by how they ended, those under way, and has a histogram of their throughput: bytes fetched by
the seconds of the whole pull, in MiB/s. Its names begin with ``containerd_cri_sandboxed_`` or, in older ones, with
``containerd_cri_`` or nothing; from 2.4 on the histogram's ends in ``_mibps``. None names an image, and none tells
waiting or unpacking apart (containerd, internal/cri/server/images/metrics.go).
"""

import math
import re
from dataclasses import dataclass

from jettison.errors import UsageError

NAME = "kubelet_image_pull_duration_seconds"
_LINE = re.compile(rf"{NAME}_(bucket|sum|count)(?:\{{([^}}]{{0,500}})\}})? +([0-9.eE+-]+|\+?Inf)(?: +-?\d+)?\s*\Z")
_RUNTIME = re.compile(
    r"(?:containerd_)?(?:cri_)?(?:sandboxed_)?"
    r"(image_pulls_total|in_progress_image_pulls_total|image_pulling_throughput(?:_mibps)?_(?:sum|count))"
    r"(?:\{([^}]{0,500})\})? +([0-9.eE+-]+)(?: +-?\d+)?\s*\Z"
)
_MIB = 1 << 20
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


@dataclass(frozen=True, slots=True)
class RuntimePulls:
    """The pulls of a node as its containerd counts them.

    Attributes:
        pulls: how many succeeded.
        failed: how many did not.
        under_way: how many were not at their end.
        rate: mean of the pulls' bytes a second, unpacking included; 0 when it is not told.
    """

    pulls: int
    failed: int
    under_way: int
    rate: int


def read_metrics(raw: bytes, where: str) -> tuple[tuple[PulledSize, ...], RuntimePulls | None]:
    """Read the metrics of a kubelet, of containerd, or of both, one after the other.

    Args:
        raw: the text; other metrics are left out.
        where: for the error.

    Returns:
        A kubelet's: a row a size, those with most seconds in all first. And containerd's; None without.

    Raises:
        UsageError: neither speaks of pulls.
    """
    lines = raw.decode("utf-8", "replace").splitlines()
    sizes, runtime = _sizes(lines), _runtime(lines)
    if not sizes and runtime is None:
        hint = "make it with: kubectl get --raw /api/v1/nodes/NODE/proxy/metrics"
        raise UsageError(f"{where} has neither {NAME} nor containerd's image_pulls_total", hint=hint)
    return sizes, runtime


def _runtime(lines: list[str]) -> RuntimePulls | None:
    found: dict[str, float] = {}
    for line in lines:
        if match := _RUNTIME.match(line):
            status = dict(_LABEL.findall(match[2] or "")).get("status", "")
            value = _number(match[3])
            found[f"{match[1]} {status}".strip()] = value if math.isfinite(value) and value > 0 else 0.0
    if not any(name.startswith("image_pull") for name in found):
        return None
    names = ("image_pulling_throughput_mibps", "image_pulling_throughput")
    rates = [
        found[f"{name}_sum"] / count
        for name in names
        if (count := found.get(f"{name}_count"))
        if f"{name}_sum" in found
    ]
    return RuntimePulls(
        pulls=int(found.get("image_pulls_total success", 0)),
        failed=int(found.get("image_pulls_total failure", 0)),
        under_way=int(found.get("in_progress_image_pulls_total", 0)),
        rate=round(rates[0] * _MIB) if rates else 0,
    )


def _sizes(lines: list[str]) -> tuple[PulledSize, ...]:
    buckets: dict[str, list[tuple[float, float]]] = {}
    sums: dict[str, float] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        labels = dict(_LABEL.findall(match[2] or ""))
        size, value = labels.get(_SIZE, ""), _number(match[3])
        if match[1] == "bucket":
            buckets.setdefault(size, []).append((_number(labels.get("le", "")), value))
        elif match[1] == "sum":
            sums[size] = value
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
