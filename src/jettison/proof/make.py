"""Puts a proof together."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from jettison.errors import BadInputError, MachineError
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.plan.options import TRACED_TIER
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import check_behaviour
from jettison.proof.checks import not_tried
from jettison.proof.lookups import NAME, check_lookups
from jettison.proof.opening import NAME as OPENING
from jettison.proof.record import Behaviour, Check, Proof, Verdict
from jettison.proof.structure import Expected, check_structure, digests_held, digests_lied
from jettison.run.exercise import Rootfs, unpacked
from jettison.run.runner import EMBEDDED, Runner, on_rootfs
from jettison.run.sandbox import require
from jettison.run.trace.make import Recorder
from jettison.run.trace.record import Trace
from jettison.run.tracing import find_strace
from jettison.run.workload import RunResult, Workload
from jettison.sources.open import open_image

BOTH = "structure and behaviour"
STRUCTURE = "structure only"


def read_new(
    text: str, *, platform: str | None = None, options: ReadOptions | None = None, progress: Progress = SILENT
) -> tuple[FileTable | None, Check]:
    """Read a new image from its bytes, past every cache.

    Args:
        text: reference of the new image.
        platform: which image of an index.
        options: limits of reading.
        progress: told of stored bytes.

    Returns:
        Its file table, None when it cannot be read; and the check of its digests.

    Raises:
        UsageError: the reference is wrong.
        RefusedError: the image is well-formed and not handled.
    """
    options = replace(options or ReadOptions(), cache=False)
    try:
        table = read_table(open_image(text, platform=platform, progress=progress), options=options, progress=progress)
    except BadInputError as error:
        return None, digests_lied(error)
    return table, digests_held(table)


def prove(
    old: FileTable,
    new: FileTable | None,
    digests: Check,
    applied: Plan | None,
    *,
    workloads: Sequence[Workload] = (),
    before: Sequence[RunResult] = (),
    expected: Expected | None = None,
    traces: Sequence[Trace] = (),
    runner: Runner = EMBEDDED,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Proof:
    """Prove, or fail to prove, that a new image is what the plan says and answers as the old one does.

    Args:
        old: of the original.
        new: from :func:`read_new`.
        digests: likewise.
        applied: the plan with its updates; None when no difference is allowed.
        workloads: to run on the new image.
        before: what they gave on the original.
        expected: of ``old`` and ``applied``, when that was worked out already.
        traces: of the original: who used a GPU there has to use it on the new image.
        runner: what ran the workloads on the original.
        options: limits of reading.
        progress: told of bytes.

    Raises:
        UsageError: the plan was made for another image.
        MachineError: nothing can be run on this machine.
    """
    checks: tuple[Check, ...] = (digests,)
    behaviours: tuple[Behaviour, ...] = ()
    if new is None:
        checks += (not_tried("structure", "the new image cannot be read"),)
        checks += tuple(
            not_tried(f"behaviour:{workload.name}", "the new image cannot be read") for workload in workloads
        )
    else:
        limits = options.limits if options else None
        checks += check_structure(old, new, applied, expected, limits=limits, progress=progress)
        traced = applied is not None and any(step.tier >= TRACED_TIER for step in applied.steps)
        if traced and not workloads:
            checks += (not_tried(NAME, "no workload was given, and what no workload asks for went"),)
        traced = traced and bool(workloads)
        with ExitStack() as stack:
            rootfs = None
            if traced:  # unpacked once for both
                rootfs = stack.enter_context(unpacked(new.image, limits=limits, progress=progress))
                runner = on_rootfs(runner, rootfs)
            ran, behaviours = check_behaviour(
                new.image, workloads, before, runner=runner, limits=limits, progress=progress
            )
            checks += ran
            if rootfs is not None and applied is not None:
                asking = [workload for workload in workloads if workload.name != OPENING]  # ours asks for its own sake
                checks += (_lookups(rootfs, old, applied, asking, traces, progress=progress),)
    return Proof(
        old=old.image.manifest_digest,
        new=new.image.manifest_digest if new else "",
        verdict=verdict_of(checks),
        scope=scope_of(workloads),
        checks=checks,
        behaviours=behaviours,
    )


def _lookups(
    rootfs: Rootfs,
    old: FileTable,
    applied: Plan,
    workloads: Sequence[Workload],
    traces: Sequence[Trace],
    *,
    progress: Progress,
) -> Check:
    """Trace the new image; where that cannot be done here, the proof is not whole."""
    try:
        require()
        recorder = Recorder(find_strace())
    except MachineError as error:
        return not_tried(NAME, f"{error.message}; {error.hint}")
    if outside := [workload.name for workload in workloads if workload.needs_engine]:
        return not_tried(NAME, f"{outside[0]} runs in an engine only, and look-ups are traced in the own sandbox")
    return check_lookups(rootfs, old, applied, workloads, recorder, before=traces, progress=progress)


def scope_of(workloads: Sequence[Workload]) -> str:
    """Return what a proof with these workloads covers."""
    return BOTH if workloads else STRUCTURE


def verdict_of(checks: Sequence[Check]) -> Verdict:
    """Return ``held`` when every check held, ``failed`` when one failed, else ``not-tried``."""
    verdicts = {check.verdict for check in checks}
    return "failed" if "failed" in verdicts else "not-tried" if "not-tried" in verdicts else "held"
