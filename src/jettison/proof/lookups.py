"""Look-ups on the new image: what was in the original, went, and is asked for in vain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jettison.files.folders import parents_of
from jettison.files.record import FileTable
from jettison.plan.draft import USER
from jettison.plan.effect import targets
from jettison.plan.keep.modules import Modules, find_modules
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import failure
from jettison.proof.checks import told
from jettison.proof.record import Check
from jettison.run.exercise import Rootfs
from jettison.run.trace.make import ASKS_NOTHING, Recorder, record
from jettison.run.trace.record import CONTENT, How, Trace
from jettison.run.workload import Workload

NAME = "look-ups"
MAKING: frozenset[How] = frozenset({"create", "write", "rename"})


@dataclass(frozen=True, slots=True)
class Gone:
    """What a plan takes from what the container sees.

    Attributes:
        dropped: paths, each with the step that drops it.
        emptied: files of which the name stays, likewise.
        links: symlinks among what is dropped.
    """

    dropped: Mapping[str, str]
    emptied: Mapping[str, str]
    links: frozenset[str]


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
        before: traces of the original: a workload that used a GPU there has to use it here; what these records lack
            already, these may lack as well.
        progress: told of probes.

    Raises:
        MachineError: nothing can be run on this machine.
        RefusedError: there is too much to record.
    """
    gone, problems, calls = gone_by(old, applied), list[str](), 0
    modules = modules_of(old)
    known = {text for trace in before for run in trace.runs for text in run.problems}
    for workload in workloads:
        result, trace = record(rootfs, old, workload, recorder, progress=progress)
        calls += sum(run.events for run in trace.runs)
        if reason := failure(result):
            problems.append(f"workload {workload.name} does not pass under strace: {reason}")
        problems += (f"{path}: {reason}" for path, reason in misses(trace, gone, modules).items())
        lacks = {text for run in trace.runs for text in run.problems} - known - {ASKS_NOTHING}
        problems += (f"workload {workload.name}: {text}" for text in sorted(lacks))
        problems += lost_gpu(before, trace)
    return told(NAME, f"{calls} calls of {len(workloads)} workloads ask for nothing that went", problems)


def gone_by(old: FileTable, plan: Plan) -> Gone:
    """Return what a plan takes, but for what the user drops by name.

    Raises:
        UsageError: the plan is for another image.
    """
    dropped: dict[str, str] = {}
    emptied: dict[str, str] = {}
    steps = (step for step in plan.steps for _ in (step.targets if step.action != "add" else ()))
    for step, (action, files) in zip(steps, targets(old, plan), strict=True):
        where = {"drop": dropped, "stub": emptied}.get(action) if step.rule != USER else None
        for file in files:
            if where is not None and file.visible:
                where[file.path] = step.id
    links = frozenset(path for path in dropped if old.visible[path].entry.type == "symlink")
    return Gone(dropped, emptied, links)


def modules_of(old: FileTable) -> Modules:
    """Return the Python modules of the original; every folder that has some counts as one Python may look into."""
    paths = [path for path, file in old.visible.items() if file.entry.type != "dir"]
    return find_modules(paths, paths)


def misses(trace: Trace, gone: Gone, modules: Modules) -> dict[str, str]:
    """Return what a trace asks for in vain because it went, with the reason.

    Args:
        trace: of an image, followed in the file table of its original.
        gone: from :func:`gone_by`.
        modules: of the original.
    """
    workload = f"workload {trace.runs[0].workload}"
    found: dict[str, str] = {}
    for name, one in trace.imports.items():
        for path in modules.find(tuple(name.split("."))):
            if step := gone.dropped.get(path):
                found[path] = f"{workload}: {one.by or 'Python'} imports {name}, and step {step} takes it"
    for path, how in trace.missing.items():
        for place in (path, *(parents_of(path) if MAKING & set(how) else ())):  # what is made needs its folder
            if step := gone.dropped.get(place):
                found[place] = f"{workload} asks for it ({'/'.join(how)}), and step {step} takes it"
    for path, access in trace.accesses.items():
        if path in gone.links and "readlink" in access.how:
            found[path] = f"{workload} goes by this link, and step {gone.dropped[path]} takes it"
        if path in gone.emptied and CONTENT & set(access.how):
            found[path] = f"{workload} opens it, and step {gone.emptied[path]} has emptied it"
    return found


def lost_gpu(before: Iterable[Trace], after: Trace) -> list[str]:
    """Return a problem for each workload that used a GPU on the original, and does not here."""
    used = {run.workload for trace in before for run in trace.runs if run.gpu == "used"}
    return [
        f"workload {run.workload}: used a GPU on the original, and runs without one here"
        for run in after.runs
        if run.workload in used and run.gpu != "used"
    ]
