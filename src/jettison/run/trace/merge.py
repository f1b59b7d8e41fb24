"""Several traces of one image made one: of other workloads, other machines, other GPUs."""

from collections.abc import Sequence
from dataclasses import replace

from jettison.errors import UsageError
from jettison.run.trace.record import HOWS, MOST_MISSING, Access, How, Trace, TracedImport, joined


def merge(traces: Sequence[Trace]) -> Trace:
    """Return one trace that has all runs; a path keeps its first access, and all that was done to it.

    Args:
        traces: at least one.

    Raises:
        UsageError: they are not of the same image.
    """
    first = traces[0]
    accesses: dict[str, Access] = {}
    missing: dict[str, tuple[How, ...]] = {}
    imports: dict[str, TracedImport] = {}
    before = 0
    for trace in traces:
        check_layers(trace, first.layers, f"{first.image or 'the first'}, as the first trace is")
        for path, access in trace.accesses.items():
            moved = replace(access, run=access.run + before)
            accesses[path] = _both(accesses[path], moved) if path in accesses else moved
        for path, how in trace.missing.items():
            if path in missing or len(missing) < MOST_MISSING:
                missing[path] = _ordered({*missing.get(path, ()), *how})
        for name, one in trace.imports.items():
            imports.setdefault(name, replace(one, run=one.run + before))
        before += len(trace.runs)
    runs = tuple(run for trace in traces for run in trace.runs)
    return Trace(first.image, first.layers, runs, accesses, dict(sorted(missing.items())), imports)


def check_layers(trace: Trace, layers: tuple[str, ...], image: str) -> None:
    """Refuse a trace of another image.

    Args:
        trace: that may be.
        layers: diff_ids of the image.
        image: for the message.

    Raises:
        UsageError: its layers are others.
    """
    if trace.layers != layers:
        raise UsageError(
            f"the trace was recorded on another image ({trace.image or 'unnamed'}), not on {image}",
            hint="record it on this one: jettison trace IMAGE -w WORKLOAD -o FILE",
        )


def _both(one: Access, other: Access) -> Access:
    ranges = one.ranges if one.ranges == other.ranges else joined((*one.ranges, *other.ranges))
    return replace(one, how=_ordered({*one.how, *other.how}), ranges=ranges)


def _ordered(how: set[How]) -> tuple[How, ...]:
    return tuple(word for word in HOWS if word in how)
