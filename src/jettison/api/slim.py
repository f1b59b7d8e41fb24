"""``slim``: a smaller image, the list of what went and why, and a proof."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from jettison.api.delivery import Stage, check_free, stage_for
from jettison.api.papers import write_papers
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.layers.table import Compression
from jettison.plan.make import make_plan
from jettison.plan.options import DEFAULTS, PlanOptions
from jettison.plan.record import Plan
from jettison.plan.updates import updates
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import run_original
from jettison.proof.make import prove, read_new, scope_of
from jettison.proof.opening import with_opening
from jettison.proof.record import Proof
from jettison.proof.result import ImageSize, SlimResult, size_of
from jettison.proof.structure import expect
from jettison.rebuild.apply import PROOF, Packing, apply_plan
from jettison.rebuild.prune import new_contents, prune_files
from jettison.rebuild.record import Rebuilt
from jettison.run.measured import Measured, remember
from jettison.run.runner import EMBEDDED, Runner
from jettison.run.workload import RunResult, Workload
from jettison.sources.open import open_image
from jettison.sources.write import Output, parse_output, write_image
from jettison.storage import scratch_dir


@dataclass(frozen=True, slots=True)
class SlimOptions:
    """How an image is slimmed.

    Attributes:
        platform: which image of an index.
        plan: to apply; or how far one goes that is made here, and what the user wants otherwise.
        workloads: run on both images; each must pass on the original.
        compression: codec of every layer; None rewrites each as it was, and leaves untouched ones alone.
        level: of the codec.
        force: replace what is at the output.
        runner: what runs containers.
        reading: limits of reading and use of the cache.
    """

    platform: str | None = None
    plan: Plan | PlanOptions = DEFAULTS
    workloads: Sequence[Workload] = ()
    compression: Compression | None = None
    level: int | None = None
    force: bool = False
    runner: Runner = EMBEDDED
    reading: ReadOptions = field(default_factory=ReadOptions)


def slim(ref: str, out: str, options: SlimOptions | None = None, *, progress: Progress = SILENT) -> SlimResult:
    """Slim an image and prove the result.

    The new image is written beside ``out``, proved from its bytes, and put in place, with its papers in
    ``<out>.jettison/``, only when every check held. Without workloads it is labelled ``structure only``.

    Args:
        ref: the original; it is not changed.
        out: ``oci:DIR``, ``oci-archive:PATH``, ``docker-archive:PATH`` or ``registry:NAME``, where the papers are
            attached to the image.
        options: how it is done.
        progress: told of bytes.

    Returns:
        What was done. ``delivered`` is False when the proof did not hold: then nothing is at ``out``.

    Raises:
        NotTriedError: a workload does not pass on the original.
        JettisonError: of the family that says what is wrong with image, plan, output or machine. Nothing is left
            behind after any of them.
    """
    job = _Job(out, options or SlimOptions(), progress)
    check_free(parse_output(out), force=job.options.force)
    if job.options.workloads:
        job.options.runner.require()
    old = _study(job, ref)
    with stage_for(out, force=job.options.force) as stage:
        made = _rebuild(job, old, stage)
        new, proof = _prove(job, old, made.applied, stage)
        if held := proof.verdict == "held":
            _deliver(job, made, proof, stage)
            _remember(job, old.table, new, proof)
    return SlimResult(
        out=out,
        delivered=held,
        old=size_of(old.table),
        new=replace(size_of(new), name=out) if new else ImageSize(out, "", 0, 0, 0, 0),
        plan=made.applied,
        proof=proof,
        removed=made.removed,
        seconds=job.seconds,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """One run: its output as asked for, its options, who is told of progress, and the wall time of each phase."""

    out: str
    options: SlimOptions
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure what is done in a block."""
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began


@dataclass(frozen=True, slots=True)
class _Original:
    """What is known of the original before anything is written; ``runs`` has one result for each of ``workloads``."""

    table: FileTable
    plan: Plan
    workloads: tuple[Workload, ...]
    runs: tuple[RunResult, ...]


def _study(job: _Job, ref: str) -> _Original:
    """Read the original, plan what goes, and see how it answers."""
    options, wanted = job.options, job.options.plan
    with job.phase("read"):
        image = open_image(ref, platform=options.platform, progress=job.progress)
        table = read_table(image, options=options.reading, progress=job.progress)
    with job.phase("plan"):
        plan = make_plan(table, wanted) if isinstance(wanted, PlanOptions) else wanted
    workloads = with_opening(options.workloads, table, plan)
    with job.phase("run original"):
        runs = run_original(
            image, workloads, runner=options.runner, limits=options.reading.limits, progress=job.progress
        )
    return _Original(table, plan, workloads, runs)


def _rebuild(job: _Job, old: _Original, stage: Stage) -> Rebuilt:
    """Apply the plan and write the image onto the stage."""
    options = job.options
    codec = options.compression or _codec_for(stage.output, old.table)
    limits = options.reading.limits
    with scratch_dir() as scratch:
        with job.phase("prune"):
            plan, pruned = prune_files(old.table, old.plan, scratch=scratch, limits=limits, progress=job.progress)
        with job.phase("rebuild"):
            rebuilt = apply_plan(
                old.table,
                plan,
                updates(old.table, plan, new_contents(old.table, pruned)),
                scratch=scratch,
                pruned=pruned,
                packing=Packing(codec, options.level, limits),
                annotations={PROOF: scope_of(options.workloads)},
                progress=job.progress,
            )
            write_image(rebuilt.image, stage.reference, shown=job.out, proved=True, progress=job.progress)
    return rebuilt


def _codec_for(output: Output, table: FileTable) -> Compression | None:
    """Return the codec for all layers where rewriting each as it was would not do.

    A docker archive of plain layers stays one: some readers of such archives look at the first layer only to tell how
    all are packed.
    """
    plain = all(layer.compression == "none" for layer in table.layers)
    return "none" if plain and output.kind == "docker-archive" else None


def _prove(job: _Job, old: _Original, applied: Plan, stage: Stage) -> tuple[FileTable | None, Proof]:
    """Read the image on the stage from its bytes, and prove it; without a file table it cannot be read."""
    options = job.options
    with job.phase("prove"), ThreadPoolExecutor(1, "jettison-expected") as beside:
        # What is pruned is known from the new image only; then the proof works it out once that was read.
        pruned = any(step.action == "prune" for step in applied.steps)
        expected = None if pruned else beside.submit(expect, old.table, applied)
        new, digests = read_new(stage.reference, options=options.reading, progress=job.progress)
        proof = prove(
            old.table,
            new,
            digests,
            applied,
            workloads=old.workloads,
            before=old.runs,
            expected=expected.result() if expected else None,
            runner=options.runner,
            options=options.reading,
            progress=job.progress,
        )
    return new, proof


def _deliver(job: _Job, made: Rebuilt, proof: Proof, stage: Stage) -> None:
    """Write the papers, and put them and the image in place."""
    with job.phase("write"):
        write_papers(stage.papers, made.applied, made.removed, proof)
        stage.deliver(progress=job.progress)


def _remember(job: _Job, old: FileTable, new: FileTable | None, proof: Proof) -> None:
    """Keep what the proof measured for ``compare``."""
    if new is None or not job.options.reading.cache:
        return
    for workload, seen in zip(job.options.workloads, proof.behaviours, strict=False):  # ours are behind the user's
        remember(old.image, workload, Measured(seen.ready_before, seen.memory_before))
        remember(new.image, workload, Measured(seen.ready_after, seen.memory_after))
