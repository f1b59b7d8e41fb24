"""``plan`` and ``explain``: what would go from an image, and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from jettison.api.evidence import TraceOptions, load_traces
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.plan import explain as explaining
from jettison.plan import make
from jettison.plan.explain import Explanation
from jettison.plan.options import DEFAULTS, TRACED_TIER, PlanOptions
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.rebuild.sources import sources
from jettison.sources.open import open_image


def make_plan(
    ref: str,
    *,
    platform: str | None = None,
    planning: PlanOptions = DEFAULTS,
    tracing: TraceOptions | None = None,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Plan:
    """Plan what would go from an image; nothing is changed.

    Args:
        ref: the image.
        platform: which image of an index.
        planning: how far to go, and what the user wants otherwise.
        tracing: the traces that tier 3 rests on.
        options: limits of reading and use of the cache.
        progress: told of stored bytes.

    Raises:
        JettisonError: of the family that says what is wrong with the image or the arguments.
    """
    options = options or ReadOptions()
    table = _table(ref, platform, options, progress)
    with _evidence(table, planning, tracing, options, progress) as planned:
        return make.make_plan(table, planned)


def explain(
    ref: str,
    path: str,
    *,
    platform: str | None = None,
    planning: PlanOptions = DEFAULTS,
    tracing: TraceOptions | None = None,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Explanation:
    """Tell why a path of an image stays or goes.

    Args:
        ref: the image.
        path: as the container sees it.
        platform: which image of an index.
        planning: of the plan that is explained.
        tracing: the traces that tier 3 rests on.
        options: limits of reading and use of the cache.
        progress: told of stored bytes.

    Raises:
        UsageError: the container sees nothing at ``path``.
        JettisonError: of the family that says what is wrong with the image or the arguments.
    """
    options = options or ReadOptions()
    table = _table(ref, platform, options, progress)
    with _evidence(table, planning, tracing, options, progress) as planned:
        return explaining.explain(table, path, planned)


def _table(ref: str, platform: str | None, options: ReadOptions, progress: Progress) -> FileTable:
    return read_table(open_image(ref, platform=platform, progress=progress), options=options, progress=progress)


@contextmanager
def _evidence(
    table: FileTable, planning: PlanOptions, tracing: TraceOptions | None, options: ReadOptions, progress: Progress
) -> Iterator[PlanOptions]:
    """Give the plan's options with the evidence that tier 3 needs."""
    if planning.tier < TRACED_TIER or tracing is None or not tracing.files:
        yield planning
        return
    trace = load_traces(tracing.files, incomplete=tracing.incomplete)
    with sources(table, limits=options.limits, progress=progress) as read:
        yield replace(planning, evidence=tracing.evidence(trace, read))
