"""``trace``: what workloads ask for of an image's files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jettison.api.evidence import load_traces, record_all
from jettison.errors import MachineError, NotTriedError, UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.layers.limits import Limits
from jettison.oci.image import Image
from jettison.plan.keep.summary import TraceReport, summarise_trace
from jettison.progress import SILENT, Progress
from jettison.run.engine import present
from jettison.run.engine_trace import InEngine
from jettison.run.exercise import Rootfs, unpacked
from jettison.run.sandbox import require
from jettison.run.trace.make import Recorder
from jettison.run.trace.merge import check_layers, merge
from jettison.run.trace.record import Trace
from jettison.run.tracing import Strace, find_strace
from jettison.run.workload import Workload
from jettison.sources.engine.client import find_engine
from jettison.sources.open import open_image


def trace(
    ref: str,
    workloads: Sequence[Workload] = (),
    *,
    files: Sequence[Path] = (),
    maps: bool = False,
    engine: str = "embedded",
    platform: str | None = None,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> tuple[Trace, TraceReport]:
    """Record what workloads do with an image's files, under strace.

    Args:
        ref: the image; it is not changed.
        workloads: to run, each once.
        files: traces that were recorded before, of the same image, on other machines perhaps: they come first.
        maps: record as well which parts of files are mapped.
        engine: what runs them: ``embedded``, the own sandbox, or an engine, which may have a GPU.
        platform: which image of an index.
        options: limits of reading and use of the cache.
        progress: told of bytes and probes.

    Returns:
        One trace of it all, and its figures. What is wrong with it is in its problems: a trace is shown even when it
        should not be used.

    Raises:
        UsageError: there is neither workload nor file, or a file is no trace of this image.
        NotTriedError: a workload does not pass.
        MachineError: there is no strace, or nothing can be run here.
    """
    if not workloads and not files:
        raise UsageError("there is nothing to trace", hint="give a workload (-w), or traces to show (--show)")
    options = options or ReadOptions()
    recorder = Recorder(_ready(engine), maps) if workloads else None
    image = open_image(ref, platform=platform, progress=progress)
    table = read_table(image, options=options, progress=progress)
    found = [load_traces(files, incomplete=True)] if files else []
    for one in found:
        check_layers(one, image.config.diff_ids, ref)
    if recorder is not None:
        with _place(image, engine, options.limits, progress) as place:
            found.append(record_all(place, table, workloads, recorder, progress=progress)[0])
    whole = merge(found)
    return whole, summarise_trace(whole, table)


@contextmanager
def _place(image: Image, engine: str, limits: Limits, progress: Progress) -> Iterator[Rootfs | InEngine]:
    """Make an image ready to be traced on."""
    if engine == "embedded":
        with unpacked(image, limits=limits, progress=progress) as rootfs:
            yield rootfs
        return
    found = find_engine(engine)
    with present(found, image, progress) as name:
        yield InEngine(found, name, image.config.process)


def _ready(engine: str) -> Strace:
    """Return the machine's strace, once it is known that the machine runs containers."""
    try:
        if engine == "embedded":
            require()
    except MachineError as error:
        raise NotTriedError(f"the workloads cannot be run here: {error.message}", hint=error.hint) from error
    return find_strace()
