"""Look-ups on the new image: what was in the original, went, and is asked for in vain."""

from collections.abc import Iterable, Mapping, Sequence

from jettison.files.record import FileTable
from jettison.plan.effect import targets
from jettison.plan.keep.modules import Modules, find_modules
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.proof.checks import told
from jettison.proof.record import Check
from jettison.run.exercise import Rootfs
from jettison.run.trace.make import Recorder, record
from jettison.run.trace.record import CONTENT, Trace
from jettison.run.workload import Workload

NAME = "look-ups"


def check_lookups(
    rootfs: Rootfs,
    old: FileTable,
    applied: Plan,
    workloads: Sequence[Workload],
    recorder: Recorder,
    *,
    before: Sequence[Trace] = (),
    progress: Progress = SILENT,
) -> Check:
    """Run workloads on the new image under a tracer; asking in vain for what the plan took away is a miss.

    Args:
        rootfs: the new image, unpacked.
        old: file table of the original.
        applied: the plan; what its steps drop counts.
        workloads: each is run once.
        recorder: the tracer.
        before: traces of the original: a workload that used a GPU there has to use it here.
        progress: told of probes.

    Raises:
        MachineError: nothing can be run on this machine.
        RefusedError: there is too much to record.
    """
    gone, problems, calls = dropped_paths(old, applied), list[str](), 0
    modules = modules_of(old, before)
    for workload in workloads:
        _, trace = record(rootfs, old, workload, recorder, progress=progress)
        calls += sum(run.events for run in trace.runs)
        problems += (f"{path}: {reason}" for path, reason in misses(trace, gone, modules).items())
        problems += (f"workload {workload.name}: {text}" for run in trace.runs for text in run.problems)
        problems += lost_gpu(before, trace)
    return told(NAME, f"{calls} calls of {len(workloads)} workloads ask for nothing that went", problems)


def dropped_paths(old: FileTable, plan: Plan) -> Mapping[str, str]:
    """Return the visible paths that a plan drops, each with its step.

    Raises:
        UsageError: the plan is for another image.
    """
    steps = (step for step in plan.steps for _ in (step.targets if step.action != "add" else ()))
    return {
        file.path: step.id
        for step, (action, files) in zip(steps, targets(old, plan), strict=True)
        if action == "drop"
        for file in files
        if file.visible
    }


def modules_of(old: FileTable, before: Iterable[Trace]) -> Modules:
    """Return the Python modules of the original."""
    used = (path for trace in before for path, one in trace.accesses.items() if CONTENT & set(one.how))
    return find_modules((path for path, file in old.visible.items() if file.entry.type != "dir"), used)


def misses(trace: Trace, gone: Mapping[str, str], modules: Modules) -> dict[str, str]:
    """Return what a trace asks for in vain because it went, with the reason.

    Args:
        trace: of an image, followed in the file table of its original.
        gone: from :func:`dropped_paths`.
        modules: of the original.
    """
    workload = trace.runs[0].workload
    found = {
        path: f"workload {workload}: {one.by or 'Python'} imports {name}, and step {gone[path]} takes it"
        for name, one in trace.imports.items()
        for path in modules.find(tuple(name.split(".")))
        if path in gone
    }
    return found | {
        path: f"workload {workload} asks for it ({'/'.join(how)}), and step {gone[path]} takes it"
        for path, how in trace.missing.items()
        if path in gone
    }


def lost_gpu(before: Iterable[Trace], after: Trace) -> list[str]:
    """Return a problem for each workload that used a GPU on the original, and does not here."""
    used = {run.workload for trace in before for run in trace.runs if run.gpu == "used"}
    return [
        f"workload {run.workload}: used a GPU on the original, and runs without one here"
        for run in after.runs
        if run.workload in used and run.gpu != "used"
    ]
