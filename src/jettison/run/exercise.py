"""Run a workload on an image: unpack it, start its service, wait until it is ready, ask the probes, stop it."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.errors import MachineError, RefusedError, UsageError
from jettison.finding import Skip
from jettison.interrupt import deferred
from jettison.layers.limits import Limits
from jettison.oci.image import Image, Layer, Process
from jettison.progress import SILENT, Progress
from jettison.run.ids import RANGE, Ids, own_ids
from jettison.run.memory import memory_folder
from jettison.run.meter import Meter
from jettison.run.process import DEFAULT_PATH
from jettison.run.pyhook import FILE
from jettison.run.remove import remove_inside
from jettison.run.rootfs import unpack
from jettison.run.sandbox import OverlayError, UnableError, running
from jettison.run.session import NOTHING, converse, stop
from jettison.run.spec import RootKind, Spec
from jettison.run.tracing import Tracing, lay_out, recorded, tracer_of
from jettison.run.users import User, user_of
from jettison.run.workload import RunResult, Workload
from jettison.storage import scratch_dir

_HOSTNAME = "jettison"
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
def unpacked_arriving(
    image: Image, arrived: Callable[[Layer], None], *, progress: Progress = SILENT
) -> Iterator[Rootfs]:
    """Unpack an image on the disk while its layers come; see :func:`unpacked`.

    Args:
        image: whose blobs need not be there yet.
        arrived: returns once a layer's is.
        progress: told of the unpacking.
    """
    with _unpacked_in(None, image, progress, None, arrived) as rootfs:
        yield rootfs


@contextmanager
def _unpacked_in(
    base: Path | None,
    image: Image,
    progress: Progress,
    limits: Limits | None,
    arrived: Callable[[Layer], None] | None = None,
) -> Iterator[Rootfs]:
    with scratch_dir(base) as scratch:
        ids = own_ids()
        folder = scratch / "image"
        _make_dirs(ids, folder, folder / "rootfs")
        try:
            result = unpack(image, folder / "rootfs", limits=limits, progress=progress, ids=ids, arrived=arrived)
            yield Rootfs(folder, image.config.process, ids, result.skips)
        finally:
            _remove(scratch, "image")


def exercise_rootfs(
    rootfs: Rootfs, workload: Workload, *, tracing: Tracing | None = None, progress: Progress = SILENT
) -> RunResult:
    """Run a workload on an unpacked image, which stays as it is.

    Args:
        rootfs: from :func:`unpacked`.
        workload: how to exercise it.
        tracing: how what it does is recorded; None for not at all.
        progress: told of each probe.

    Returns:
        What happened; ``error`` says why a run failed.

    Raises:
        BadInputError: the image names a user that it does not have.
        RefusedError: root runs Jettison, and the image's user has a number that is not mapped; or the workload needs
            what only an engine gives; or there is too much to record.
        MachineError: the machine forbids sandboxes, or has no room.
        UsageError: neither image nor workload says what to start, or the workload names a user the image lacks.
    """
    if workload.needs_engine:
        raise RefusedError(
            f"workload {workload.name}: [engine] asks for what the sandbox does not have",
            hint="run it in an engine: --engine docker",
        )
    kinds: tuple[RootKind, ...] = ("overlay", "overlay-tmpfs", "copy")
    for kind in kinds:
        run = Path(tempfile.mkdtemp(prefix="run-", dir=rootfs.folder))
        try:
            spec = _spec(rootfs, workload, run)
            if tracing is not None:
                spec = _with_strace(spec, tracing, run / "tools")
            if kind == "copy":
                _copy(rootfs.path, run / "copy")
                spec = replace(spec, lower=f"{run.name}/copy")
            return _start(rootfs, replace(spec, root=kind), workload, tracing, progress)
        except OverlayError:
            continue
        finally:
            _remove(rootfs.folder, run.name)
    raise MachineError(f"{rootfs.folder}: neither an overlay nor a copy can be mounted")


def _with_strace(spec: Spec, tracing: Tracing, tools: Path) -> Spec:
    """Lay strace out for a container."""
    lay_out(tracing.strace, tools)
    hooks = tuple(f"/{site}/{FILE}" for site in tracing.sites)
    return replace(spec, tracer=tracer_of(tracing), hooks=hooks)


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


def _kill(agents: list[subprocess.Popen[bytes]]) -> None:
    for agent in agents:
        agent.kill()


def _start(rootfs: Rootfs, spec: Spec, workload: Workload, tracing: Tracing | None, progress: Progress) -> RunResult:
    """Run a workload on a container to its end."""
    asked = time.monotonic()
    agents: list[subprocess.Popen[bytes]] = []
    try:
        with ExitStack() as stack:
            if tracing is not None:
                tools = rootfs.folder / spec.run / "tools"
                stack.enter_context(recorded(tracing, tools, lambda: _kill(agents)))
            container = stack.enter_context(running(rootfs.folder, spec, rootfs.ids))
            agents.append(container.agent)
            with Meter(container.agent.pid, container.init) as meter:
                result = replace(converse(container, workload, progress), created_seconds=container.started - asked)
                meter.sample()
                stop(container, rootfs.process.stop_signal)
            output = container.output
    except UnableError as error:
        return replace(NOTHING, exit_code=error.code, error=f"exit code {error.code}: {error.message}")
    return replace(result, output=output.tail, peak_memory=meter.peak)
