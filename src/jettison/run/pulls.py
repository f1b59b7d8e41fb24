"""Image pulls as Kubernetes tells of them: the kubelet's events, in the forms of its versions.

``Successfully pulled image "X" in 1m2.3s (1m5s including waiting). Image size: N bytes.``: the part in brackets came
with Kubernetes 1.25, the size with 1.30 (kubelet, images/image_manager.go). With containerd the size is that of the
compressed layers. Waiting is the queue of a kubelet that pulls one image at a time.
"""

import json
import math
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jettison.errors import UsageError
from jettison.finding import Skip
from jettison.run.pullmetrics import PulledSize, RuntimePulls

LIMIT = 500_000_000  # bytes of events
_PULLED = re.compile(
    r'Successfully pulled image "(?P<image>[^"]{1,500})"(?: in (?P<pull>[0-9.hmsµun]{1,40}))?'
    r"(?: \((?P<all>[0-9.hmsµun]{1,40}) including waiting\))?\.?(?: Image size: (?P<size>\d{1,18}) bytes)?"
)
_PRESENT = re.compile(r'Container image "(?P<image>[^"]{1,500})" already present on machine')
_FAILED = re.compile(r'Failed to pull image "(?P<image>[^"]{1,500})"')
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|µs|us|ns)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_P90 = 0.9
_UNREAD = 20


@dataclass(frozen=True, slots=True)
class PulledImage:
    """The pulls of one image on one node, or on all.

    Attributes:
        image: as the pod names it.
        node: empty for all nodes together.
        pulls: how many succeeded.
        present: how many pods found it there.
        failed: how many pulls failed.
        size: bytes, as the kubelet says; 0 when it does not.
        median: seconds of a pull, without waiting.
        p90: nine of ten pulls took no longer.
        longest: seconds.
        waited: median of the seconds in the queue before; None when the kubelet does not tell.
        rate: bytes a second of the median pull; 0 without a size.
    """

    image: str
    node: str
    pulls: int
    present: int
    failed: int
    size: int
    median: float
    p90: float
    longest: float
    waited: float | None
    rate: int


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a cluster's events say of image pulls.

    Attributes:
        events: how many there were.
        images: over all nodes, the one whose pulls took longest in all first.
        nodes: the same by node.
        skips: events that speak of a pull and were not understood, at most 20.
        sizes: from a kubelet's metrics, where they were given.
        runtime: from containerd's, where they were given.
    """

    events: int
    images: tuple[PulledImage, ...]
    nodes: tuple[PulledImage, ...]
    skips: tuple[Skip, ...]
    sizes: tuple[PulledSize, ...] = ()
    runtime: RuntimePulls | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """One event: seconds below 0 for none."""

    image: str
    node: str
    kind: str
    seconds: float = -1.0
    waited: float = -1.0
    size: int = 0
    count: int = 1


def read_pulls(raw: bytes, where: str) -> PullReport:
    """Read events.

    Args:
        raw: what ``kubectl get events -A -o json`` prints.
        where: for errors.

    Raises:
        UsageError: it is no list of events.
    """
    if len(raw) > LIMIT:
        raise UsageError(f"{where}: more than {LIMIT} bytes of events", hint="choose some: kubectl get events -n …")
    try:
        document = json.loads(raw)
        items = document["items"]
    except (ValueError, KeyError, TypeError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise UsageError(f"{where} is no list of events", hint="make one with: kubectl get events -A -o json")
    skips: list[Skip] = []
    told = list(_read(items, skips))
    return PullReport(
        len(items),
        tuple(_summaries(told, by_node=False)),
        tuple(_summaries(told, by_node=True)),
        tuple(skips[:_UNREAD]),
    )


def seconds_of(text: str) -> float | None:
    """Return the seconds of a duration as Go writes it (``1m2.3s``); None when it is none."""
    total, at = 0.0, 0
    for match in _DURATION.finditer(text):
        if match.start() != at:
            return None
        total, at = total + float(match[1]) * _UNITS[match[2]], match.end()
    return total if at and at == len(text) else None


def _read(items: Sequence[Any], skips: list[Skip]) -> Iterator[_Told]:
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            skips.append(Skip(f"event {number}", "it is no object"))
            continue
        text = item.get("message") or item.get("note") or ""
        if not isinstance(text, str):
            continue
        found = _of_message(text)
        if found is None and "pulled image" in text:
            skips.append(Skip(f"event {number}", f"not understood: {text[:120]}"))
        if found is not None:
            count = item.get("count")
            times = count if isinstance(count, int) and 0 < count < 10**6 and found.kind != "pulled" else 1
            yield _Told(found.image, _node(item), found.kind, found.seconds, found.waited, found.size, times)


def _of_message(text: str) -> _Told | None:
    if match := _PRESENT.search(text):
        return _Told(match["image"], "", "present")
    if match := _FAILED.search(text):
        return _Told(match["image"], "", "failed")
    match = _PULLED.search(text)
    if match is None:
        return None
    pull, whole = (seconds_of(match[part]) if match[part] else None for part in ("pull", "all"))
    if pull is None:
        return None
    waited = max(0.0, whole - pull) if whole is not None else -1.0
    return _Told(match["image"], "", "pulled", pull, waited, int(match["size"] or 0))


def _node(item: dict[str, Any]) -> str:
    source = item.get("source") or item.get("deprecatedSource") or {}
    host = source.get("host") if isinstance(source, dict) else ""
    name = host or item.get("reportingInstance") or ""
    return name[:253] if isinstance(name, str) else ""


def _summaries(told: Sequence[_Told], *, by_node: bool) -> Iterator[PulledImage]:
    groups: dict[tuple[str, str], list[_Told]] = {}
    for one in told:
        groups.setdefault((one.image, one.node if by_node else ""), []).append(one)
    order = sorted(groups.items(), key=lambda item: (-sum(max(0.0, one.seconds) for one in item[1]), item[0]))
    for (image, node), events in order:
        yield _summary(image, node, events)


def _summary(image: str, node: str, events: Sequence[_Told]) -> PulledImage:
    times = sorted(one.seconds for one in events if one.kind == "pulled")
    waits = [one.waited for one in events if one.kind == "pulled" and one.waited >= 0]
    size = max((one.size for one in events), default=0)
    median = statistics.median(times) if times else 0.0
    return PulledImage(
        image=image,
        node=node,
        pulls=len(times),
        present=sum(one.count for one in events if one.kind == "present"),
        failed=sum(one.count for one in events if one.kind == "failed"),
        size=size,
        median=median,
        p90=times[math.ceil(_P90 * len(times)) - 1] if times else 0.0,
        longest=times[-1] if times else 0.0,
        waited=statistics.median(waits) if waits else None,
        rate=round(size / median) if median and size else 0,
    )
