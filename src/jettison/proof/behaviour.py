"""The same workloads on both images, the answers compared."""

from collections.abc import Iterator, Sequence

from jettison.errors import NotTriedError
from jettison.layers.limits import Limits
from jettison.oci.image import Image
from jettison.progress import SILENT, Progress
from jettison.proof.checks import told
from jettison.proof.record import Behaviour, Check
from jettison.run.compare import compare
from jettison.run.runner import EMBEDDED, Runner
from jettison.run.workload import RunResult, Workload

_LINES = 5
_OUTPUT = "; its last output:"  # where a run's error goes on with the output's end, that is told once
_CLIENT_ERROR = 400  # RFC 9110, section 15.5
_SERVER_ERROR = 500  # RFC 9110, section 15.6
_CANNOT_RUN = 126  # POSIX shells: 126 not executable, 127 not found, 128 and more ended by a signal


def run_original(
    old: Image,
    workloads: Sequence[Workload],
    *,
    runner: Runner = EMBEDDED,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> tuple[RunResult, ...]:
    """Run each workload on the original; each has to pass there, or a comparison says nothing.

    An answer that says that the service itself is broken does not pass: an HTTP status from 500 on, a command that was
    not found, not executable or killed by a signal. Other refusals (404, exit code 1) may be what is asked for.

    Args:
        old: the original.
        workloads: to run, one after another.
        runner: what runs containers.
        limits: what is accepted of a layer.
        progress: told of the bytes unpacked.

    Raises:
        NotTriedError: a workload does not pass.
        MachineError: nothing can be run on this machine.
    """
    results = []
    for workload, result in _run(old, workloads, runner, limits, progress):
        if reason := unfit(workload, result):
            raise NotTriedError(
                f"workload {workload.name!r} does not pass on the original {old.name}: {reason}",
                hint="correct the workload file first: what fails before cannot show that nothing broke",
            )
        results.append(result)
    return tuple(results)


def check_behaviour(
    new: Image,
    workloads: Sequence[Workload],
    before: Sequence[RunResult],
    *,
    runner: Runner = EMBEDDED,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> tuple[tuple[Check, ...], tuple[Behaviour, ...]]:
    """Run each workload on the new image and compare its answers.

    Args:
        new: the new image.
        workloads: as for the original.
        before: what :func:`run_original` gave for them.
        runner: the same as there.
        limits: what is accepted of a layer.
        progress: told of the bytes unpacked.

    Raises:
        MachineError: nothing can be run on this machine.
    """
    checks, behaviours = [], []
    for (workload, now), was in zip(_run(new, workloads, runner, limits, progress), before, strict=True):
        checks.append(_check(workload, was, now))
        behaviours.append(
            Behaviour(
                workload=workload.name,
                ready_before=was.ready_seconds,
                ready_after=now.ready_seconds,
                memory_before=was.peak_memory,
                memory_after=now.peak_memory,
                probes=tuple(probe.name for probe in workload.probes),
            )
        )
    return tuple(checks), tuple(behaviours)


def _run(
    image: Image, workloads: Sequence[Workload], runner: Runner, limits: Limits | None, progress: Progress
) -> Iterator[tuple[Workload, RunResult]]:
    """Make an image ready once, and run one workload after another on it."""
    if not workloads:
        return
    with runner.ready(image, limits, progress) as run:
        for workload in workloads:
            yield workload, run(workload)


def unfit(workload: Workload, result: RunResult) -> str:
    """Return why a run cannot be what others are held against; empty when it can."""
    return failure(result) or _broken(workload, result)


def failure(result: RunResult) -> str:
    """Return why a run did not pass, with the end of its output; empty when it passed."""
    reasons = [result.error, "" if result.ready else "it did not become ready"]
    reasons += [f"{answer.probe}: {answer.error}" for answer in result.answers if answer.error]
    reason, told, output = next((reason for reason in reasons if reason), "").partition(_OUTPUT)
    lines = (output if told else result.output.decode("utf-8", "replace")).strip().splitlines()[-_LINES:]
    return f"{reason}{_OUTPUT} {' | '.join(lines)}" if reason and lines else reason


def _broken(workload: Workload, result: RunResult) -> str:
    """Return which answer tells of a broken service; empty when none does."""
    for probe, answer in zip(workload.probes, result.answers, strict=False):
        if answer.status >= _SERVER_ERROR:
            return f"{probe.name}: status {answer.status}"
        if answer.exit_code >= _CANNOT_RUN:
            return f"{probe.name}: exit code {answer.exit_code}"
    return ""


def _refused(workload: Workload, result: RunResult) -> str:
    """Return the probes whose answers, the same on both, are refusals, for the detail; empty when none is."""
    names = [
        f"{probe.name} ({answer.status or answer.exit_code})"
        for probe, answer in zip(workload.probes, result.answers, strict=False)
        if answer.status >= _CLIENT_ERROR or answer.exit_code
    ]
    return f"; {len(names)} of the original's answers were errors: {', '.join(names[:_LINES])}" if names else ""


def differences(workload: Workload, was: RunResult, now: RunResult) -> list[str]:
    """Return how a run differs from an earlier one, as the workload's probes ask; empty when it does not."""
    problems = [reason] if (reason := failure(now)) else []
    if not problems and len(now.answers) != len(workload.probes):
        problems.append(f"{len(workload.probes)} probes, {len(now.answers)} answers")
    for probe, before, after in zip(workload.probes, was.answers, now.answers, strict=False):
        problems += compare(probe, before, after)
    return problems


def _check(workload: Workload, was: RunResult, now: RunResult) -> Check:
    problems = differences(workload, was, now)
    asked = f"{len(workload.probes)} probes" if workload.probes else "no probe, so no answer was compared"
    detail = f"{asked}, ready after {now.ready_seconds:.2f} s ({was.ready_seconds:.2f} s before)"
    return told(f"behaviour:{workload.name}", detail + _refused(workload, was), problems)
