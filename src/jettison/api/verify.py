"""``verify``: prove a new image against its original."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jettison.api.papers import PLAN, papers_beside, papers_of_image, read_plan
from jettison.errors import MachineError, NotTriedError, UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import run_original
from jettison.proof.make import prove, read_new
from jettison.proof.opening import with_opening
from jettison.proof.record import Proof
from jettison.reference import parse_reference
from jettison.run.runner import EMBEDDED, Runner
from jettison.run.workload import Workload
from jettison.sources.open import open_image


def verify(
    old: str,
    new: str,
    *,
    platform: str | None = None,
    plan: Plan | None = None,
    workloads: Sequence[Workload] = (),
    runner: Runner = EMBEDDED,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Proof:
    """Prove a new image against its original, from its bytes.

    Args:
        old: the original.
        new: the new image.
        platform: which image of an index, for both.
        plan: as applied; when None, that among the new image's papers (``<path>.jettison/plan.json``, or attached to
            it in its registry); where there is none either, no difference between the two rootfs is allowed.
        workloads: run on both; each must pass on the original.
        runner: what runs containers.
        options: limits of reading; the cache is used for the original only, once its bytes have their digests.
        progress: told of bytes.

    Raises:
        NotTriedError: this machine runs no containers, or a workload does not pass on the original.
        UsageError: the plan was made for another image, or a reference is wrong.
        JettisonError: of the family that says what is wrong with the original or the machine.
    """
    options = options or ReadOptions()
    if workloads:
        _require(runner)
    applied = plan or read_plan(_plan_of(new, platform, progress))
    image = open_image(old, platform=platform, progress=progress)
    table = read_table(image, options=replace(options, recompute=True), progress=progress)
    if applied is not None and applied.layers != image.config.diff_ids:
        raise UsageError(
            f"the plan is for {applied.image or 'another image'}, not for {old} ({image.manifest_digest})",
            hint="name the image that the plan was made for, or the plan that goes with this one",
        )
    workloads = with_opening(workloads, table, applied)
    before = run_original(image, workloads, runner=runner, limits=options.limits, progress=progress)
    found, digests = read_new(new, platform=platform, options=options, progress=progress)
    return prove(
        table,
        found,
        digests,
        applied,
        workloads=workloads,
        before=before,
        runner=runner,
        options=options,
        progress=progress,
    )


def _plan_of(new: str, platform: str | None, progress: Progress) -> Path | None:
    """Return where the plan among the new image's papers lies."""
    if parse_reference(new).kind != "registry":
        return papers_beside(new) / PLAN
    digest = open_image(new, platform=platform, progress=progress).manifest_digest
    return papers_of_image(new, digest, progress=progress).get(PLAN)


def _require(runner: Runner) -> None:
    """Turn a machine that runs no containers into a proof that could not be run: to ``verify`` it is nothing else."""
    try:
        runner.require()
    except MachineError as error:
        raise NotTriedError(f"the proof cannot be run here: {error.message}", hint=error.hint) from error
