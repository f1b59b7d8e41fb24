"""``slim``: a smaller image, the list of what went and why, and a proof."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from jettison.api.delivery import Stage, check_free, stage_for, told_if_full
from jettison.api.papers import write_papers
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.layers.table import Compression
from jettison.oci.image import Image
from jettison.plan.make import make_plan
from jettison.plan.options import DEFAULTS, PlanOptions
from jettison.plan.record import Plan
from jettison.plan.updates import updates
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import run_original
from jettison.proof.make import prove, read_new, scope_of
from jettison.proof.record import Proof
from jettison.proof.result import ImageSize, SlimResult, size_of
from jettison.rebuild.apply import PROOF, Packing, apply_plan
from jettison.rebuild.record import Rebuilt
from jettison.run.measured import Measured, remember
from jettison.run.sandbox import require
from jettison.run.workload import Workload
from jettison.sources.open import open_image
from jettison.sources.write import parse_output, write_image
from jettison.storage import scratch_dir


def slim(
    ref: str,
    out: str,
    *,
    platform: str | None = None,
    plan: Plan | PlanOptions = DEFAULTS,
    workloads: Sequence[Workload] = (),
    compression: Compression | None = None,
    level: int | None = None,
    force: bool = False,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> SlimResult:
    """Slim an image and prove the result.

    The new image is written beside ``out``, proved from its bytes, and put in place, with its papers in
    ``<out>.jettison/``, only when every check held. Without workloads it is labelled ``structure only``.

    Args:
        ref: the original; it is not changed.
        out: ``oci:DIR``, ``oci-archive:PATH`` or ``docker-archive:PATH``.
        platform: which image of an index.
        plan: to apply; or how far one goes that is made here, and what the user wants otherwise.
        workloads: run on both images; each must pass on the original.
        compression: codec of every layer; None rewrites each as it was, and leaves untouched ones alone.
        level: of the codec.
        force: replace what is at ``out``.
        options: limits of reading and use of the cache.
        progress: told of bytes.

    Returns:
        What was done. ``delivered`` is False when the proof did not hold: then nothing is at ``out``.

    Raises:
        NotTriedError: a workload does not pass on the original.
        JettisonError: of the family that says what is wrong with image, plan, output or machine. Nothing is left
            behind after any of them.
    """
    options = options or ReadOptions()
    check_free(parse_output(out), force=force)
    if workloads:
        require()
    seconds: dict[str, float] = {}
    with _phase(seconds, "read"):
        image = open_image(ref, platform=platform)
        table = read_table(image, options=options, progress=progress)
    with _phase(seconds, "plan"):
        plan = make_plan(table, plan) if isinstance(plan, PlanOptions) else plan
    with _phase(seconds, "run original"):
        before = run_original(image, workloads, limits=options.limits, progress=progress)
    packing = Packing(compression or _codec_for(out, table), level, options.limits)
    with stage_for(out, force=force) as stage, told_if_full(stage.output.path):
        with _phase(seconds, "rebuild"):
            rebuilt = _rebuild(stage, table, plan, packing, scope_of(workloads), progress)
        with _phase(seconds, "prove"):
            new, digests = read_new(stage.reference, options=options, progress=progress)
            proof = prove(
                table,
                new,
                digests,
                rebuilt.applied,
                workloads=workloads,
                before=before,
                options=options,
                progress=progress,
            )
        size = size_of(new) if new else ImageSize(out, "", 0, 0, 0, 0)
        if held := proof.verdict == "held":
            with _phase(seconds, "write"):
                write_papers(stage.papers, rebuilt.applied, rebuilt.removed, proof)
                stage.deliver()
            if new and options.cache:
                _remember(image, new.image, workloads, proof)
    return SlimResult(
        out=out,
        delivered=held,
        old=size_of(table),
        new=replace(size, name=out),
        plan=rebuilt.applied,
        proof=proof,
        removed=rebuilt.removed,
        seconds=seconds,
    )


def _remember(old: Image, new: Image, workloads: Sequence[Workload], proof: Proof) -> None:
    """Keep what the proof measured for ``compare``."""
    for workload, seen in zip(workloads, proof.behaviours, strict=True):
        remember(old, workload, Measured(seen.ready_before, seen.memory_before))
        remember(new, workload, Measured(seen.ready_after, seen.memory_after))


def _rebuild(stage: Stage, table: FileTable, plan: Plan, packing: Packing, scope: str, progress: Progress) -> Rebuilt:
    """Apply the plan and write the image onto the stage."""
    with scratch_dir() as scratch:
        rebuilt = apply_plan(
            table,
            plan,
            updates(table, plan),
            scratch=scratch,
            packing=packing,
            annotations={PROOF: scope},
            progress=progress,
        )
        write_image(rebuilt.image, stage.reference, progress=progress)
    return rebuilt


def _codec_for(out: str, table: FileTable) -> Compression | None:
    """Return the codec for all layers where rewriting each as it was would not do.

    A docker archive of plain layers stays one: some readers of such archives look at the first layer only to tell how
    all are packed.
    """
    plain = all(layer.compression == "none" for layer in table.layers)
    return "none" if plain and parse_output(out).kind == "docker-archive" else None


@contextmanager
def _phase(seconds: dict[str, float], name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds[name] = time.monotonic() - began
