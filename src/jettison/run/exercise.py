"""Run a workload on an image: unpack it, start its service, wait until it is ready, ask the probes, stop it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jettison.errors import MachineError, RefusedError, UsageError
from jettison.finding import Skip
from jettison.interrupt import deferred
from jettison.layers.limits import Limits
from jettison.oci.image import Image, Process
from jettison.progress import SILENT, Progress
from jettison.run.ids import RANGE, Ids, own_ids
from jettison.run.memory import memory_folder
from jettison.run.meter import Meter
from jettison.run.process import DEFAULT_PATH
from jettison.run.remove import remove_inside
from jettison.run.rootfs import unpack
from jettison.run.sandbox import Container, OverlayError, UnableError, running
from jettison.run.spec import RootKind, Spec
from jettison.run.users import User, user_of
from jettison.run.workload import Answer, Probe, RunResult, Workload
from jettison.storage import scratch_dir

_HOSTNAME = "jettison"
_GRACE = 5.0
_PAUSE = 0.02
_DYING = 0.2
_LONGEST_LOOK = 10.0
_LINES = 5
_SWELL = 4  # a rootfs has hardly ever more than four times the bytes of its compressed layers
_FILES = {
    "hosts": f"127.0.0.1\tlocalhost {_HOSTNAME}\n::1\tlocalhost ip6-localhost ip6-loopback\n",
    "hostname": f"{_HOSTNAME}\n",
    "resolv.conf": "# no network but the loopback\n",
}


@dataclass(frozen=True, slots=True)
class Rootfs:
    """An unpacked image that workloads run on, none of them changing it.

    Attributes:
        folder: holds ``rootfs`` and a folder for each run.
        process: what the image runs.
        ids: how owners were mapped.
        skips: entries that were not unpacked.
    """

    folder: Path
    process: Process
    ids: Ids
    skips: tuple[Skip, ...]

    @property
    def path(self) -> Path:
        """The root directory."""
        return self.folder / "rootfs"


def exercise(
    image: Image, workload: Workload, *, progress: Progress = SILENT, limits: Limits | None = None
) -> RunResult:
    """Unpack an image, run a workload on it, and clean up.

    Args:
        image: what to run.
        workload: how.
        progress: told of the unpacking and of each probe.
        limits: of each layer.

    Returns:
        What happened; ``error`` says why a run failed.

    Raises:
        BadInputError: a layer is malformed, or the image names a user that it does not have.
        MachineError: the machine forbids sandboxes, or has no room.
        UsageError: neither image nor workload says what to start, or the workload names a user the image lacks.
    """
    with unpacked(image, progress=progress, limits=limits) as rootfs:
        return exercise_rootfs(rootfs, workload, progress=progress)


@contextmanager
def unpacked(image: Image, *, progress: Progress = SILENT, limits: Limits | None = None) -> Iterator[Rootfs]:
    """Unpack an image into scratch, for several workloads; it is removed at the end.

    Args:
        image: what to unpack.
        progress: told of the unpacking.
        limits: of each layer.

    Raises:
        BadInputError: a layer is malformed.
        MachineError: there is no room.
    """
    with ExitStack() as stack:
        yield _unpack_somewhere(stack, image, progress, limits)


def _unpack_somewhere(stack: ExitStack, image: Image, progress: Progress, limits: Limits | None) -> Rootfs:
    """Unpack in memory where the image is small for it, else, and when it turns out not to fit, on the disk."""
    memory = memory_folder(sum(layer.blob.size for layer in image.layers) * _SWELL)
    if memory is not None:
        with ExitStack() as attempt:
            try:
                rootfs = attempt.enter_context(_unpacked_in(memory, image, progress, limits))
            except MachineError:
                pass  # no room after all
            else:
                stack.push(attempt.pop_all())
                return rootfs
    return stack.enter_context(_unpacked_in(None, image, progress, limits))


@contextmanager
def _unpacked_in(base: Path | None, image: Image, progress: Progress, limits: Limits | None) -> Iterator[Rootfs]:
    with scratch_dir(base) as scratch:
        ids = own_ids()
        folder = scratch / "image"
        _make_dirs(ids, folder, folder / "rootfs")
        try:
            result = unpack(image, folder / "rootfs", limits=limits, progress=progress, ids=ids)
            yield Rootfs(folder, image.config.process, ids, result.skips)
        finally:
            _remove(scratch, "image")


def exercise_rootfs(rootfs: Rootfs, workload: Workload, *, progress: Progress = SILENT) -> RunResult:
    """Run a workload on an unpacked image, which stays as it is.

    Args:
        rootfs: from :func:`unpacked`.
        workload: how to exercise it.
        progress: told of each probe.

    Returns:
        What happened; ``error`` says why a run failed.

    Raises:
        BadInputError: the image names a user that it does not have.
        RefusedError: root runs Jettison, and the image's user has a number that is not mapped.
        MachineError: the machine forbids sandboxes, or has no room.
        UsageError: neither image nor workload says what to start, or the workload names a user the image lacks.
    """
    kinds: tuple[RootKind, ...] = ("overlay", "overlay-tmpfs", "copy")
    for kind in kinds:
        run = Path(tempfile.mkdtemp(prefix="run-", dir=rootfs.folder))
        try:
            spec = _spec(rootfs, workload, run)
            if kind == "copy":
                _copy(rootfs.path, run / "copy")
                spec = replace(spec, lower=f"{run.name}/copy")
            return _Run(rootfs, workload, progress).start(replace(spec, root=kind))
        except OverlayError:
            continue
        finally:
            _remove(rootfs.folder, run.name)
    raise MachineError(f"{rootfs.folder}: neither an overlay nor a copy can be mounted")


def _make_dirs(ids: Ids, *folders: Path) -> None:
    """Make folders that belong to the container's root."""
    for folder in folders:
        folder.mkdir(mode=0o700, exist_ok=True)
        _give(ids, folder)


def _give(ids: Ids, path: Path) -> None:
    if ids.ranged:
        os.chown(path, ids.outer(0), ids.outer(0))


def _remove(parent: Path, name: str) -> None:
    with deferred():
        fd = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            remove_inside(fd, name)
        finally:
            os.close(fd)


def _copy(rootfs: Path, target: Path) -> None:
    """Copy a rootfs with owners, modes, links and attributes; file systems that can share the content do."""
    command = ["cp", "-a", "--reflink=auto", "--", str(rootfs), str(target)]
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 -- own paths
    if done.returncode:
        text = done.stderr.decode(errors="replace").strip()[-300:]
        raise MachineError(f"the kernel mounts no overlay here, and the rootfs cannot be copied: {text}")


def _spec(rootfs: Rootfs, workload: Workload, run: Path) -> Spec:
    process = rootfs.process
    argv = workload.argv or process.argv
    if not argv:
        raise UsageError(
            f"workload {workload.name}: neither it nor the image says what to start", hint="add [start] command = [...]"
        )
    user = user_of(rootfs.path, rootfs.process, workload)
    if rootfs.ids.ranged and max(user.uid, user.gid) >= RANGE:
        raise RefusedError(
            f"the image runs as user {user.uid}, group {user.gid}; as root only ids below {RANGE} are mapped",
            hint="run Jettison as an ordinary user, or name another user in the workload: [start] user = ...",
        )
    _make_dirs(rootfs.ids, run, *(run / name for name in ("root", "upper", "work", "memory")))
    os.chmod(run / "upper", 0o755)  # noqa: S103 -- the root directory of the container, in a folder closed to others
    for name, text in _FILES.items():
        (run / name).write_text(text)
        (run / name).chmod(0o644)
        _give(rootfs.ids, run / name)
    return Spec(
        argv=argv,
        env=_environment(process, workload, user),
        workdir=f"/{process.workdir.lstrip('/')}",
        uid=user.uid,
        gid=user.gid,
        groups=user.groups,
        ranged=rootfs.ids.ranged,
        hostname=_HOSTNAME,
        memory=workload.memory,
        lower="rootfs",
        run=run.name,
    )


def _environment(process: Process, workload: Workload, user: User) -> tuple[str, ...]:
    """Make the environment as engines do: PATH and HOSTNAME, the image's, the workload's, HOME where none is set."""
    env = {"PATH": DEFAULT_PATH, "HOSTNAME": _HOSTNAME}
    env.update((name, value) for name, equals, value in (pair.partition("=") for pair in process.env) if equals)
    env.update(workload.env)
    env.setdefault("HOME", user.home)
    return tuple(f"{name}={value}" for name, value in env.items() if "\0" not in name + value)


class _FailedError(Exception):
    """The run cannot go on; the text says why."""


class _Run:
    """One run of one workload.

    Args:
        rootfs: what it runs on.
        workload: how.
        progress: told of each probe.
    """

    def __init__(self, rootfs: Rootfs, workload: Workload, progress: Progress) -> None:
        self.rootfs = rootfs
        self.workload = workload
        self.progress = progress
        self.deadline = 0.0
        self.result = RunResult(ready=False, ready_seconds=0.0, answers=(), exit_code=None, output=b"", peak_memory=0)

    def start(self, spec: Spec) -> RunResult:
        """Run it to its end."""
        try:
            with running(self.rootfs.folder, spec, self.rootfs.ids) as container:
                with Meter(container.agent.pid, container.init) as meter:
                    self._go(container)
                    meter.sample()
                    code = container.exit["code"] if container.exit else None
                    self._stop(container)
                output = container.output
        except UnableError as error:
            return replace(self.result, exit_code=error.code, error=f"exit code {error.code}: {error.message}")
        return replace(self.result, exit_code=code, output=output.tail, peak_memory=meter.peak)

    def _go(self, container: Container) -> None:
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
        container.ask({"op": "state"}, limit=_GRACE)
        if container.exit is None:
            return ""
        return f"{prefix}{self._ended(container)}{_last_lines(container)}"

    def _ended(self, container: Container) -> str:
        code = container.exit["code"] if container.exit else None
        return f"the command ended with exit code {code}"

    def _stop(self, container: Container) -> None:
        number = _signal_number(self.rootfs.process.stop_signal)
        container.ask({"op": "stop", "signal": number, "grace": _GRACE}, limit=_GRACE)


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
