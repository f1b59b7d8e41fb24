"""What tier 3 rests on: traces recorded here or elsewhere, and the image's sources."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jettison.errors import NotTriedError, RefusedError, UsageError
from jettison.files.record import FileTable
from jettison.plan.keep.record import Depth, Evidence, Read
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import differences, unfit
from jettison.run.engine_trace import InEngine
from jettison.run.exercise import Rootfs
from jettison.run.runner import Runner
from jettison.run.scoped import open_directory
from jettison.run.trace.document import LIMIT, trace_from_json
from jettison.run.trace.make import Recorder, check_complete, record, record_run
from jettison.run.trace.merge import merge
from jettison.run.trace.record import Trace
from jettison.run.tracing import find_strace
from jettison.run.workload import RunResult, Workload


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """What of an image stays at tier 3.

    Attributes:
        files: traces that were recorded before; empty to record the workloads now.
        python: what of pure Python stays with a module that was used.
        lazy: how many lazy imports are followed, one behind another.
        incomplete: whether traces are used that lack something, or whose workload failed.
    """

    files: tuple[Path, ...] = ()
    python: Depth = "package"
    lazy: int = 1
    incomplete: bool = False

    def evidence(self, trace: Trace, read: Read) -> Evidence:
        """Return what a plan rests on."""
        return Evidence(trace, read, self.python, self.lazy)


def load_traces(files: Sequence[Path], *, incomplete: bool = False) -> Trace:
    """Read traces, and make them one.

    Args:
        files: at least one.
        incomplete: whether to take those that lack something.

    Raises:
        UsageError: a file cannot be read, is no trace, or they are of several images.
        RefusedError: one lacks something.
    """
    traces = []
    for path in files:
        try:
            if path.stat().st_size > LIMIT:
                raise UsageError(f"{path} has more than {LIMIT >> 20} MB", hint="a trace is not that large")
            raw = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}", hint="name a trace's file") from error
        traces.append(trace_from_json(raw, where=str(path)))
        check_complete(traces[-1], told=incomplete)
    return merge(traces)


def record_all(
    place: Rootfs | InEngine,
    table: FileTable,
    workloads: Sequence[Workload],
    recorder: Recorder | None = None,
    *,
    progress: Progress = SILENT,
) -> tuple[Trace, tuple[RunResult, ...]]:
    """Record workloads, one after another, and make one trace of it.

    Args:
        place: the image, unpacked for the sandbox, or in an engine.
        table: of the image.
        workloads: at least one.
        recorder: the tracer; the machine's strace when None.
        progress: told of each probe.

    Raises:
        NotTriedError: a workload does not pass.
        RefusedError: there is too much to record.
        MachineError: there is no strace, or nothing can be run.
    """
    recorder = recorder or Recorder(find_strace())
    traces, results = [], []
    for workload in workloads:
        result, trace = _record(place, table, workload, recorder, progress)
        if reason := unfit(workload, result):
            raise NotTriedError(
                f"workload {workload.name!r} does not pass under strace: {reason}",
                hint="it has to pass while it is traced; does it need more time? See [ready] timeout",
            )
        traces.append(trace)
        results.append(result)
    return merge(traces), tuple(results)


def _record(
    place: Rootfs | InEngine, table: FileTable, workload: Workload, recorder: Recorder, progress: Progress
) -> tuple[RunResult, Trace]:
    if isinstance(place, Rootfs):
        return record(place, table, workload, recorder, progress=progress)
    return record_run(lambda tracing: place.run(workload, tracing, progress), table, workload, recorder)


def check_steady(workloads: Sequence[Workload], one: Sequence[RunResult], other: Sequence[RunResult]) -> None:
    """Refuse workloads that answer otherwise each time: no comparison would say anything.

    Raises:
        NotTriedError: the two runs of one differ.
    """
    for workload, first, second in zip(workloads, one, other, strict=False):
        if problems := differences(workload, first, second):
            raise NotTriedError(
                f"workload {workload.name!r} answers otherwise on the same image: {problems[0]}",
                hint="time or chance is in its answers: leave that out with ignore = [...], or allow a tolerance",
            )


def reader_of(rootfs: Rootfs) -> Read:
    """Return what reads files of an unpacked image, by real path, following no symlink."""

    def read(path: str) -> bytes:
        root = os.open(rootfs.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            folder = open_directory(root, path.rpartition("/")[0])
            try:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with open(os.open(path.rpartition("/")[2], flags, dir_fd=folder), "rb") as file:
                    return file.read()
            finally:
                os.close(folder)
        except OSError:
            return b""
        finally:
            os.close(root)

    return read


def check_traceable(
    workloads: Sequence[Workload], held: Sequence[Workload], files: Sequence[Path], runner: Runner
) -> None:
    """Refuse tier 3 where there is nothing to trace, or nothing to prove it with, or where that cannot be done.

    Raises:
        RefusedError: there are neither workloads nor traces; no workload for the proof; or an engine is to run them.
    """
    if not workloads and not (files and held):
        raise RefusedError(
            "tier 3 removes what no workload asks for, and there is none",
            hint="give workloads (-w), or traces (--trace) and a workload for the proof (--verify-with)",
        )
    outside = [workload.name for workload in (*workloads, *held) if workload.needs_engine]
    if runner.name != "embedded" or outside:
        raise RefusedError(
            f"tier 3 is traced and proved in the own sandbox, and {outside[0] if outside else 'these workloads'} shall "
            f"run in {'an engine' if outside else runner.name}",
            hint="leave --engine and [engine] out, or use --tier 2",
        )
