"""``compare``: images side by side."""

from collections.abc import Sequence

from jettison.errors import NotTriedError, UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.files.speed import unpack_speed
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import failure
from jettison.proof.comparison import Compared, Comparison
from jettison.proof.result import size_of
from jettison.run.link import Shape
from jettison.run.measured import Measured, recall, remember
from jettison.run.runner import EMBEDDED, Runner
from jettison.run.workload import Workload
from jettison.sources.open import open_image

GIGABIT = 125_000_000  # bytes a second


def compare(
    refs: Sequence[str],
    *,
    platform: str | None = None,
    workload: Workload | None = None,
    runner: Runner = EMBEDDED,
    bandwidth: int = GIGABIT,
    cold: bool = False,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Comparison:
    """Put images side by side.

    Args:
        refs: two or more images, in the order of the table.
        platform: which image of an index, for all.
        workload: run on each, to measure its time to ready and its memory.
        runner: what runs containers.
        bandwidth: bytes a second of the link that pull times are estimated for.
        cold: measure a cold start of each over such a link as well, to the first answer.
        options: limits of reading and use of the cache, that of earlier measurements included.
        progress: told of bytes.

    Raises:
        UsageError: fewer than two images, or a bandwidth of nothing.
        NotTriedError: the workload does not pass on one of them.
        JettisonError: of the family that says what is wrong with an image or the machine.
    """
    if len(refs) < 2:  # noqa: PLR2004 -- a comparison takes two
        raise UsageError("comparing takes two images or more", hint="to look at one, use 'jettison inspect'")
    if bandwidth <= 0:
        raise UsageError(f"a bandwidth of {bandwidth} bytes a second is none")
    if cold and workload is None:
        raise UsageError("a cold start needs a workload", hint="name one with -w")
    options = options or ReadOptions()
    if workload is not None:
        runner.require()
    tables = [
        read_table(open_image(ref, platform=platform, progress=progress), options=options, progress=progress)
        for ref in refs
    ]
    speed = unpack_speed(cache=options.cache)
    runs = [_run(table, workload, runner, options, progress) if workload else None for table in tables]
    starts = [_cold(ref, workload, runner, bandwidth, platform, progress) if cold else None for ref in refs]
    rows = zip(tables, runs, starts, strict=True)
    images = tuple(_row(table, run, start, bandwidth, speed) for table, run, start in rows)
    return Comparison(bandwidth, speed, images)


def _cold(
    ref: str, workload: Workload | None, runner: Runner, bandwidth: int, platform: str | None, progress: Progress
) -> float:
    """Measure one cold start."""
    from jettison.api.coldstart import coldstart  # noqa: PLC0415 -- most comparisons measure none

    shape = Shape(bandwidth)
    found = coldstart(
        ref, platform=platform, workload=workload, shape=shape, engine=runner.name, passes=1, progress=progress
    )
    return found.total


def _run(table: FileTable, workload: Workload, runner: Runner, options: ReadOptions, progress: Progress) -> Measured:
    """Run a workload on an image, or take what was measured of the two before, as ``slim`` and ``compare`` do."""
    own = options.cache and runner is EMBEDDED  # what an engine measured is another figure
    if own and (known := recall(table.image, workload)):
        return known
    with runner.ready(table.image, options.limits, progress) as run:
        result = run(workload)
    if reason := failure(result):
        raise NotTriedError(f"workload {workload.name!r} does not pass on {table.image.name}: {reason}")
    measured = Measured(result.ready_seconds, result.peak_memory)
    if own:
        remember(table.image, workload, measured)
    return measured


def _row(table: FileTable, run: Measured | None, start: float | None, bandwidth: int, speed: int) -> Compared:
    size = size_of(table)
    return Compared(
        size=size,
        pull_seconds=size.pull / bandwidth,
        unpack_seconds=sum(layer.size for layer in table.layers) / speed,
        ready_seconds=run.ready_seconds if run else None,
        memory=run.peak_memory if run else None,
        cold_seconds=start,
    )
