"""Run workloads under strace, and make a trace of what they did."""

import contextlib
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jettison.errors import RefusedError
from jettison.files.folders import folders_of
from jettison.files.record import FileTable
from jettison.progress import SILENT, Progress
from jettison.run.exercise import Rootfs, exercise_rootfs
from jettison.run.gpus import gpu_names
from jettison.run.pyhook import SITE
from jettison.run.trace.follow import Follower
from jettison.run.trace.record import Machine, Trace, TracedRun
from jettison.run.trace.strace import lines_of, read_calls
from jettison.run.tracing import Strace, Tracing
from jettison.run.workload import RunResult, Workload
from jettison.storage import scratch_dir

_ASCII = ("/encodings/ascii.py", "/encodings/ascii.pyc")  # the codec of the C locale
ASKS_NOTHING = "it asks nothing: that the command ended with 0 does not say that it did its work"
_FEATURES = ("flags", "Features")  # of x86 and of ARM, in /proc/cpuinfo
_MODELS = ("model name", "CPU part")


@dataclass(frozen=True, slots=True)
class Recorder:
    """How workloads are recorded.

    Attributes:
        strace: the program.
        maps: whether the parts of files that are mapped are recorded as well, which slows programs down that ask for
            much memory: each piece of it is a call.
    """

    strace: Strace
    maps: bool = False


def record(
    rootfs: Rootfs, table: FileTable, workload: Workload, recorder: Recorder, *, progress: Progress = SILENT
) -> tuple[RunResult, Trace]:
    """Run a workload under strace.

    Args:
        rootfs: unpacked; what is traced.
        table: of the image whose paths are meant: the rootfs's own, or that of the original it was made from; then
            what the rootfs lacks of it is in ``missing``.
        workload: how to exercise it.
        recorder: how it is recorded.
        progress: told of each probe.

    Returns:
        What happened, and the trace.

    Raises:
        RefusedError: there is too much to record.
        BadInputError: strace's record cannot be read.
        MachineError: the machine forbids sandboxes, or has no room.
    """

    def run(tracing: Tracing) -> RunResult:
        return exercise_rootfs(rootfs, workload, tracing=tracing, progress=progress)

    return record_run(run, table, workload, recorder)


def record_run(
    run: Callable[[Tracing], RunResult], table: FileTable, workload: Workload, recorder: Recorder
) -> tuple[RunResult, Trace]:
    """Make a trace of a workload, whatever runs it.

    Args:
        run: runs it, and brings strace's records to where it is told.
        table: of the image whose paths are meant.
        workload: that is run.
        recorder: how it is recorded.

    Raises:
        RefusedError: there is too much to record.
        BadInputError: strace's record cannot be read.
        MachineError: it cannot be run, or there is no room.
    """
    with scratch_dir() as scratch, tempfile.TemporaryDirectory(dir=scratch) as folder:
        records = Path(folder)
        tracing = Tracing(recorder.strace, records, maps=recorder.maps, sites=_sites(table))
        result = run(tracing)
        files = sorted(records.iterdir(), key=lambda path: int(path.name))
        follower, problems = _follow(files, table, table.image.config.process.workdir)
    if workload.ready.kind == "exit" and not workload.probes:
        problems.append(ASKS_NOTHING)
    commands = 1 + sum(probe.kind == "exec" for probe in workload.probes[: len(result.answers)])
    if len(files) < commands:
        problems.append(f"{commands} commands were started, and {len(files)} recorded")
    made = TracedRun(
        workload=workload.name,
        method=f"strace {recorder.strace.version}",
        machine=this_machine(gpu_names() if workload.engine.gpus else ()),
        service=workload.ready.kind != "exit",
        passed=not result.error and result.ready and not any(answer.error for answer in result.answers),
        error=result.error,
        ready=round(result.ready_seconds, 6),
        ended=round(follower.last, 6),
        processes=follower.processes(),
        events=follower.events,
        gpu=follower.gpu(),
        problems=tuple(problems),
    )
    image = table.image
    found = (follower.accesses(0), follower.missing(), follower.imports())
    return result, Trace(image.manifest_digest, image.config.diff_ids, (made,), *found)


def _sites(table: FileTable) -> tuple[str, ...]:
    """Return the site folders of an image's Pythons; none where these lack what they read a ``.pth`` file with."""
    if not any(path.endswith(_ASCII) for path in table.visible):
        return ()
    return tuple(sorted(folder for folder in folders_of(table.visible) if SITE.match(folder)))


def _follow(files: list[Path], table: FileTable, workdir: str) -> tuple[Follower, list[str]]:
    """Follow all commands of a run, one after another; what they did is put in order by its time."""
    follower: Follower | None = None
    for path in files:
        with open(path, "rb") as file:
            for call in read_calls(lines_of(file), where=f"strace's record {path.name}"):
                if follower is None:
                    follower = Follower(table.visible, workdir, call.time)
                follower.take(call)
        if follower is not None:
            follower.end()
    if follower is None:
        return Follower(table.visible, workdir, 0.0), ["strace recorded nothing"]
    return follower, [f"{text} ({count} times)" for text, count in sorted(follower.problems.items())]


def this_machine(gpus: tuple[str, ...] = ()) -> Machine:
    """Return what a program may choose its files by on this machine.

    Args:
        gpus: that a container may have.
    """
    facts: dict[str, str] = {}
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(":")
            facts.setdefault(name.strip(), value.strip())
    features = _words(next(_first(facts, _FEATURES), ""))
    return Machine(platform.machine(), next(_first(facts, _MODELS), ""), features, gpus)


def _first(facts: dict[str, str], names: tuple[str, ...]) -> Iterator[str]:
    return (facts[name] for name in names if name in facts)


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(text.split())))


def check_complete(trace: Trace, *, told: bool) -> None:
    """Refuse a trace by which nothing should be removed, unless the user has said that it may be used.

    Args:
        trace: to check.
        told: whether the user has.

    Raises:
        RefusedError: a workload of it failed, or its record lacks something.
    """
    if trace.problems and not told:
        raise RefusedError(
            f"the trace is not complete: {'; '.join(trace.problems[:3])}",
            hint="record it again; or take what it has, at your own risk, with --incomplete-traces",
        )
