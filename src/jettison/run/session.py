"""One run of a workload on a container that was started, be it the sandbox's or an engine's."""

import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from jettison.progress import Progress
from jettison.run.output import Output
from jettison.run.wire import Message
from jettison.run.workload import Answer, Probe, RunResult, Workload

NOTHING = RunResult(ready=False, ready_seconds=0.0, answers=(), exit_code=None, output=b"", peak_memory=0)
GRACE = 5.0  # seconds between the stop signal and the end
_PAUSE = 0.02
_DYING = 0.2
_LONGEST_LOOK = 10.0
_LINES = 5


class Container(Protocol):
    """A container that runs."""

    started: float
    """When its command started, by the monotonic clock."""
    exit: Mapping[str, Any] | None
    """``code`` and ``time`` of the command's end; None while it runs, as far as the last answer told."""
    output: Output
    """What the command writes."""

    def ask(self, header: Mapping[str, Any], payload: bytes = b"", *, limit: float) -> Message:
        """Do ``op``: ready, tcp, state, http, exec or stop; ``limit`` is the seconds that it may take."""


class _FailedError(Exception):
    """The run cannot go on; the text says why."""


def converse(container: Container, workload: Workload, progress: Progress) -> RunResult:
    """Wait until a container is ready, and ask it the workload's probes.

    Args:
        container: that has just been started.
        workload: how to know that it is ready, and what to ask.
        progress: told of each probe.

    Returns:
        What happened, but for output and memory.

    Raises:
        MachineError: sandbox or engine do not answer.
    """
    session = _Session(workload, progress)
    session.go(container)
    return replace(session.result, exit_code=container.exit["code"] if container.exit else None)


def stop(container: Container, stop_signal: str) -> None:
    """Ask the command to end by the image's stop signal, and see to it that it does."""
    container.ask({"op": "stop", "signal": _signal_number(stop_signal), "grace": GRACE}, limit=GRACE)


class _Session:
    """One run of one workload."""

    def __init__(self, workload: Workload, progress: Progress) -> None:
        self.workload = workload
        self.progress = progress
        self.deadline = 0.0
        self.result = NOTHING

    def go(self, container: Container) -> None:
        """Wait, and ask."""
        self.deadline = container.started + self.workload.timeout
        try:
            seconds = self._wait(container)
            self.result = replace(self.result, ready=True, ready_seconds=seconds)
            self._probe(container)
        except _FailedError as failure:
            self.result = replace(self.result, error=str(failure))

    def _wait(self, container: Container) -> float:
        """Wait until the service is ready; return the seconds it took."""
        ready = self.workload.ready
        limit = min(container.started + ready.timeout, self.deadline)
        if ready.kind == "log":
            container.output.watch(ready.value)
        while (left := limit - time.monotonic()) > 0:
            moment = self._look(container, min(left, _LONGEST_LOOK))
            if moment:
                return moment - container.started
            if container.exit is not None:
                raise _FailedError(f"{self._ended(container)} before it was ready{_last_lines(container)}")
            time.sleep(_PAUSE)
        waited = limit - container.started
        raise _FailedError(f"not ready after {waited:.3g} s ({_goal(self.workload)}){_last_lines(container)}")

    def _look(self, container: Container, left: float) -> float:
        """Return when the service was ready, by the monotonic clock; 0 while it is not."""
        ready = self.workload.ready
        if ready.kind in {"http", "tcp"}:
            op = "ready" if ready.kind == "http" else "tcp"
            asked = {"op": op, "path": ready.value, "port": ready.port, "timeout": left}
            answer, _ = container.ask(asked, limit=left)
            return time.monotonic() if answer["ready"] else 0.0
        container.ask({"op": "state"}, limit=left)
        if ready.kind == "log":
            return container.output.seen
        return container.exit["time"] if container.exit and container.exit["code"] == 0 else 0.0

    def _probe(self, container: Container) -> None:
        for probe in self.workload.probes:
            left = min(probe.timeout, self.deadline - time.monotonic())
            if left <= 0:
                raise _FailedError(f"probe {probe.name}: the run has taken its {self.workload.timeout:.3g} s")
            with self.progress.task(f"probe {probe.name}", 1, "answers") as task:
                answer = _ask(container, probe, left)
                task.advance(1)
            self.result = replace(self.result, answers=(*self.result.answers, answer))
            if answer.error:
                raise _FailedError(f"probe {probe.name}: {answer.error}{self._gone(container, '; ')}")
        if gone := self._gone(container, ""):
            raise _FailedError(f"after the probes {gone}")

    def _gone(self, container: Container, prefix: str) -> str:
        """Say that a service, which should have stayed, has ended; empty when it runs. A prefix means trouble."""
        if self.workload.ready.kind == "exit":
            return ""
        if prefix:
            time.sleep(_DYING)  # a connection breaks before the end of its process is known
        container.ask({"op": "state"}, limit=GRACE)
        if container.exit is None:
            return ""
        return f"{prefix}{self._ended(container)}{_last_lines(container)}"

    def _ended(self, container: Container) -> str:
        code = container.exit["code"] if container.exit else None
        return f"the command ended with exit code {code}"


def _ask(container: Container, probe: Probe, left: float) -> Answer:
    asked: dict[str, Any] = {"op": probe.kind, "timeout": left}
    if probe.kind == "http":
        asked |= {"method": probe.method, "path": probe.path, "port": probe.port, "headers": dict(probe.headers)}
    else:
        asked |= {"argv": list(probe.argv)}
    began = time.monotonic()
    answer, body = container.ask(asked, probe.body, limit=left)
    return Answer(
        probe=probe.name,
        status=answer.get("status", 0),
        exit_code=answer.get("code", 0),
        body=body,
        headers=answer.get("headers", {}),
        seconds=time.monotonic() - began,
        error=answer.get("error", ""),
    )


def _goal(workload: Workload) -> str:
    ready = workload.ready
    goals: Mapping[str, str] = {
        "http": f"waiting for GET {ready.value} on port {ready.port} to answer 2xx",
        "tcp": f"waiting for port {ready.port} to accept",
        "log": f"waiting for {ready.value!r} in its output",
        "exit": "waiting for it to end",
    }
    return goals[ready.kind]


def _last_lines(container: Container) -> str:
    """Return the last lines of output, for a message."""
    time.sleep(_PAUSE)  # let the last words of a process that just died be drained
    lines = container.output.tail.decode(errors="replace").strip().splitlines()[-_LINES:]
    return "; its last output:\n" + "\n".join(line[:300] for line in lines) if lines else "; it wrote nothing"


def _signal_number(name: str) -> int:
    """Return the number of a stop signal, ``SIGTERM``, ``TERM`` or ``15``; SIGTERM's for one that is unknown."""
    text = name.upper().removeprefix("SIG")
    if text in map(str, range(1, signal.NSIG)):
        return int(text)
    return int(getattr(signal.Signals, f"SIG{text}", signal.SIGTERM))
