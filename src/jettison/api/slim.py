"""``slim``: a smaller image, the list of what went and why, and a proof."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from jettison.api.delivery import Stage, check_free, stage_for
from jettison.api.evidence import (
    TraceOptions,
    check_steady,
    check_traceable,
    load_traces,
    reader_of,
    record_all,
)
from jettison.api.papers import write_papers
from jettison.errors import RefusedError
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.layers.table import Compression
from jettison.plan.keep.record import Evidence
from jettison.plan.make import make_plan
from jettison.plan.options import DEFAULTS, TRACED_TIER, PlanOptions
from jettison.plan.record import Layout, Plan
from jettison.plan.updates import updates
from jettison.progress import SILENT, Progress
from jettison.proof.backoff import BackOff
from jettison.proof.behaviour import run_original
from jettison.proof.make import prove, read_new, scope_of
from jettison.proof.opening import with_opening
from jettison.proof.record import Proof
from jettison.proof.result import ImageSize, SlimResult, size_of
from jettison.proof.structure import expect
from jettison.rebuild.apply import PROOF, Packing, apply_plan
from jettison.rebuild.prune import new_contents, prune_files
from jettison.rebuild.record import Rebuilt
from jettison.run.exercise import Rootfs, unpacked
from jettison.run.measured import Measured, remember
from jettison.run.runner import EMBEDDED, Runner, on_rootfs
from jettison.run.trace.make import Recorder, check_complete
from jettison.run.trace.merge import check_layers
from jettison.run.trace.record import Trace, in_order
from jettison.run.tracing import find_strace
from jettison.run.workload import RunResult, Workload
from jettison.sources.open import open_image
from jettison.sources.write import Output, parse_output, write_image
from jettison.storage import scratch_dir

_NOTHING_LESS = "nothing less makes the proof hold"
_RAN = ("behaviour:", "look-ups")  # checks that say what a workload misses
_TRIES = 2  # searches for what has to come back, before all of tier 3 does


@dataclass(frozen=True, slots=True)
class SlimOptions:
    """How an image is slimmed.

    Attributes:
        platform: which image of an index.
        plan: to apply; or how far one goes that is made here, and what the user wants otherwise.
        workloads: run on both images; each must pass on the original. At tier 3 they are traced, where no traces are
            given.
        held: workloads that are run on both images as well, and never traced: the proof of what traces did not see.
        tracing: what stays at tier 3.
        layers: how many layers the image may have, cut for a start: what a trace says is read first goes in layers of
            its own, large ones in pieces; 0 leaves layers as they are.
        compression: codec of every layer; None rewrites each as it was, and leaves untouched ones alone.
        level: of the codec.
        force: replace what is at the output.
        runner: what runs containers.
        reading: limits of reading and use of the cache.
    """

    platform: str | None = None
    plan: Plan | PlanOptions = DEFAULTS
    workloads: Sequence[Workload] = ()
    held: Sequence[Workload] = ()
    tracing: TraceOptions = field(default_factory=TraceOptions)
    layers: int = 0
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
    _check_layout(job.options)
    if job.options.workloads or job.options.held:
        job.options.runner.require()
    old: _Original | None = _study(job, ref)
    while old is not None:
        studied = old
        with stage_for(out, force=job.options.force) as stage:
            made = _rebuild(job, studied, stage)
            new, proof = _prove(job, studied, made.applied, stage)
            if held := proof.verdict == "held":
                _deliver(job, made, proof, stage)
                _remember(job, studied.table, new, proof)
        old = None if held else _backed_off(job, studied, proof)
    return SlimResult(
        out=out,
        delivered=held,
        old=size_of(studied.table),
        new=replace(size_of(new), name=out) if new else ImageSize(out, "", 0, 0, 0, 0),
        plan=made.applied,
        proof=proof,
        removed=made.removed,
        restored=studied.restored,
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
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began


@dataclass(frozen=True, slots=True)
class _Original:
    """What is known of the original before anything is written.

    Attributes:
        table: what was read.
        plan: to apply.
        workloads: to run on both images.
        runs: one result for each of them.
        traces: of the workloads, at tier 3, and where layers are cut by them.
        restored: what came back since a proof did not hold without it, with the reasons.
        tries: proofs that did not hold.
    """

    table: FileTable
    plan: Plan
    workloads: tuple[Workload, ...]
    runs: tuple[RunResult, ...]
    traces: tuple[Trace, ...] = ()
    restored: Mapping[str, str] = field(default_factory=dict)
    tries: int = 0


def _study(job: _Job, ref: str) -> _Original:
    """Read the original, plan what goes, and see how it answers."""
    options, wanted = job.options, job.options.plan
    with job.phase("read"):
        image = open_image(ref, platform=options.platform, progress=job.progress)
        table = read_table(image, options=options.reading, progress=job.progress)
    if isinstance(wanted, PlanOptions) and wanted.tier >= TRACED_TIER:
        return _study_traced(job, table, wanted)
    with job.phase("plan"):
        plan = make_plan(table, wanted) if isinstance(wanted, PlanOptions) else wanted
    traces = (_trace_of_start(job, table),) if options.layers else ()
    workloads = with_opening((*options.workloads, *options.held), table, plan)
    with job.phase("run original"):
        runs = run_original(
            image, workloads, runner=options.runner, limits=options.reading.limits, progress=job.progress
        )
    return _Original(table, plan, workloads, runs, traces)


def _check_layout(options: SlimOptions) -> None:
    """Refuse to cut layers where nothing says what is read first.

    Raises:
        RefusedError: there is neither a trace nor a workload, or one that is not traced in the own sandbox.
    """
    if not options.layers or options.tracing.files:
        return
    if not options.workloads:
        raise RefusedError(
            "which files a start reads first is not known", hint="give a workload (-w), or a trace (--trace)"
        )
    outside = any(workload.needs_engine for workload in options.workloads)
    if outside or options.runner.name != EMBEDDED.name:
        raise RefusedError(
            "what a start reads first is traced in the own sandbox, and an engine shall run the workloads",
            hint="record it there: jettison trace --engine …; then give --trace",
        )


def _trace_of_start(job: _Job, table: FileTable) -> Trace:
    """Return the trace that says what is read first.

    Raises:
        UsageError: the trace is of another image.
    """
    options = job.options
    if options.tracing.files:
        trace = load_traces(options.tracing.files, incomplete=options.tracing.incomplete)
        check_layers(trace, table.image.config.diff_ids, table.image.name)
        return trace
    limits = options.reading.limits
    with job.phase("trace"), unpacked(table.image, limits=limits, progress=job.progress) as rootfs:
        return _traces(job, table, rootfs)[0]


def _with_layout(job: _Job, old: _Original) -> Plan:
    """Return the plan, with how layers are cut where that was asked for."""
    if not job.options.layers:
        return old.plan
    return replace(old.plan, layout=Layout(job.options.layers, in_order(old.traces[0])))


def _study_traced(job: _Job, table: FileTable, wanted: PlanOptions) -> _Original:
    """Trace the workloads, plan by it, and see how all of them answer without a tracer.

    Workloads that are not traced are tried without what would go, before an image is made: what they ask for in vain
    comes back.
    """
    options, progress = job.options, job.progress
    check_traceable(options.workloads, options.held, options.tracing.files, options.runner)
    with unpacked(table.image, limits=options.reading.limits, progress=progress) as rootfs:
        with job.phase("trace"):
            trace, seen = _traces(job, table, rootfs)
        evidence = options.tracing.evidence(trace, reader_of(rootfs))
        with job.phase("run original"):
            workloads = (*options.workloads, *options.held)
            runner = on_rootfs(options.runner, rootfs)
            runs = run_original(table.image, workloads, runner=runner, limits=options.reading.limits, progress=progress)
        check_steady(options.workloads, runs, seen)
        with job.phase("plan"):
            plan = make_plan(table, replace(wanted, evidence=evidence))
            search = _search(job, table, rootfs, tuple(zip(workloads, runs, strict=True))[len(seen) :], evidence)
            plan = search.settle(plan)
        opening = with_opening(workloads, table, plan)[len(workloads) :]
        with job.phase("run original"):
            runs += run_original(table.image, opening, runner=runner, limits=options.reading.limits, progress=progress)
    return _Original(table, plan, (*workloads, *opening), runs, (trace,), dict(search.restored))


def _traces(job: _Job, table: FileTable, rootfs: Rootfs) -> tuple[Trace, tuple[RunResult, ...]]:
    """Return the trace that tier 3 rests on, and what the workloads answered while it was recorded."""
    options = job.options
    if options.tracing.files:
        return load_traces(options.tracing.files, incomplete=options.tracing.incomplete), ()
    trace, seen = record_all(rootfs, table, options.workloads, progress=job.progress)
    check_complete(trace, told=options.tracing.incomplete)
    return trace, seen


def _search(
    job: _Job, table: FileTable, rootfs: Rootfs, pairs: Sequence[tuple[Workload, RunResult]], evidence: Evidence
) -> BackOff:
    """Return what finds out what has to come back."""
    wanted = job.options.plan
    assert isinstance(wanted, PlanOptions)  # noqa: S101 -- a plan that is given is applied as it is

    def replan(restored: Mapping[str, str]) -> Plan:
        return make_plan(table, replace(wanted, evidence=evidence, restored=restored))

    return BackOff(table, rootfs, pairs, Recorder(find_strace()), replan, job.progress)


def _backed_off(job: _Job, old: _Original, proof: Proof) -> _Original | None:
    """Return what to try after a proof that did not hold; None when there is nothing more to try.

    First what has to come back at tier 3 is looked for, where a workload said that something is missing. Where that
    finds nothing, or did not help either, all of the tier comes back.
    """
    wanted = job.options.plan
    traced = any(step.tier >= TRACED_TIER for step in old.plan.steps)
    if not (isinstance(wanted, PlanOptions) and traced and proof.verdict == "failed" and old.workloads):
        return None
    ran = any(check.verdict == "failed" and check.name.startswith(_RAN) for check in proof.checks)
    if ran and old.tries < _TRIES and (found := _found(job, old)):
        return found
    lower = make_plan(old.table, replace(wanted, tier=TRACED_TIER - 1))
    return replace(old, plan=lower, restored={f"all of tier {TRACED_TIER}": _NOTHING_LESS}, tries=_TRIES)


def _found(job: _Job, old: _Original) -> _Original | None:
    """Return a plan that lets come back what a workload missed; None where none is found that was not tried."""
    limits, progress = job.options.reading.limits, job.progress
    with job.phase("back off"), unpacked(old.table.image, limits=limits, progress=progress) as rootfs:
        evidence = job.options.tracing.evidence(old.traces[0], reader_of(rootfs))
        search = _search(job, old.table, rootfs, tuple(zip(old.workloads, old.runs, strict=True)), evidence)
        plan = search.find(old.plan, old.restored)
    if plan is None or search.restored.keys() == old.restored.keys():
        return None
    return replace(old, plan=plan, restored=dict(search.restored), tries=old.tries + 1)


def _rebuild(job: _Job, old: _Original, stage: Stage) -> Rebuilt:
    """Apply the plan and write the image onto the stage."""
    options = job.options
    codec = options.compression or _codec_for(stage.output, old.table)
    limits = options.reading.limits
    with scratch_dir() as scratch:
        with job.phase("prune"):
            plan, pruned = prune_files(
                old.table, _with_layout(job, old), scratch=scratch, limits=limits, progress=job.progress
            )
        with job.phase("rebuild"):
            rebuilt = apply_plan(
                old.table,
                plan,
                updates(old.table, plan, new_contents(old.table, pruned)),
                scratch=scratch,
                pruned=pruned,
                packing=Packing(codec, options.level, limits),
                annotations={PROOF: scope_of(old.workloads)},
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
            traces=old.traces,
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
    for workload, seen in zip(
        (*job.options.workloads, *job.options.held), proof.behaviours, strict=False
    ):  # ours are behind the user's
        remember(old.image, workload, Measured(seen.ready_before, seen.memory_before))
        remember(new.image, workload, Measured(seen.ready_after, seen.memory_after))
