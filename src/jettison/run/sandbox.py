"""The embedded sandbox, seen from Jettison: start a container in namespaces of its own, ask it things, end it.

Works for an ordinary user and for root, without an engine: see :mod:`jettison.run.ids` for who its processes are to the
machine, :mod:`jettison.run.namespaces` for what they see, :mod:`jettison.run.agent` for the process in between.
"""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from jettison.errors import BadInputError, MachineError
from jettison.interrupt import deferred
from jettison.run.forbidden import forbidden
from jettison.run.ids import Ids, own_ids
from jettison.run.output import Output
from jettison.run.spec import Spec
from jettison.run.wire import Message, receive, send

_START_LIMIT = 60.0
_SLACK = 15.0
_LAST_WORDS = 100_000
# -I -S: neither the user's environment nor site-packages is looked at; the package's own folder is all it needs
_BOOT = "import sys; sys.path.append(sys.argv[1]); from jettison.run.agent import main; main()"
_HOME = str(Path(__file__).parents[2])


class OverlayError(MachineError):
    """The kernel gives no overlay here; the container has to run on a private copy of its rootfs."""


class UnableError(Exception):
    """The command could not be executed.

    Args:
        code: the exit code that an engine gives.
        message: why.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Container:
    """A container that runs.

    Attributes:
        agent: its agent's process.
        output: what the command writes.
        errors: the agent's own stderr; empty unless there is a bug.
        started: when the command started, by the monotonic clock.
        init: the id of its process 1, as this process sees it.
        exit: ``code`` and ``time`` of the command's end; None while it runs, as far as the last answer told.
    """

    agent: subprocess.Popen[bytes]
    output: Output
    errors: IO[bytes]
    started: float = 0.0
    init: int = 0
    exit: Mapping[str, Any] | None = field(default=None)

    def ask(self, header: Mapping[str, Any], payload: bytes = b"", *, limit: float) -> Message:
        """Send the agent a request and wait for its answer.

        Args:
            header: ``op`` and what it needs.
            payload: a body.
            limit: seconds that the request itself may take.

        Raises:
            MachineError: the agent died or does not answer.
        """
        stdin, stdout = cast("BinaryIO", self.agent.stdin), cast("BinaryIO", self.agent.stdout)
        with contextlib.suppress(BrokenPipeError):
            send(stdin, header, payload)
        if not select.select([stdout], [], [], limit + _SLACK)[0]:
            raise MachineError(f"the sandbox did not answer within {limit + _SLACK:.0f} s")
        answer = receive(stdout)
        if answer is None:
            raise self.broken("agent")
        self.exit = answer[0].pop("exit", None) or self.exit
        return answer

    def broken(self, who: str) -> MachineError:
        """Make the error for an agent or init that died, with its last words."""
        code = self.agent.wait()
        self.errors.seek(0)
        text = self.errors.read(_LAST_WORDS).decode(errors="replace").strip()
        why = f"signal {-code}" if code < 0 else text[-500:] or "without a word"
        return MachineError(f"the sandbox's {who} ended unexpectedly: {why}", hint="was it killed for lack of memory?")


@contextmanager
def running(folder: Path, spec: Spec, ids: Ids) -> Iterator[Container]:
    """Start a container; it is gone, with all its processes, when the block is left, and when this process dies.

    Args:
        folder: what the spec's paths are relative to; the mapped root must be able to enter it.
        spec: the container.
        ids: how ids are mapped; the rootfs was unpacked with the same.

    Raises:
        MachineError: the machine forbids it; the hint says the way out.
        OverlayError: only an overlay is forbidden.
        UnableError: the command cannot be executed.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    if ids.ranged:
        os.fchown(writer, ids.outer(spec.uid), ids.outer(spec.gid))  # so that /dev/stdout can be opened, as engines do
    with _agent(folder, writer) as (agent, errors), Output(reader) as output:
        container = Container(agent, output, errors)
        try:
            told = _start(container, spec, ids)
            container.started, container.init = told["time"], told["init"]
            yield container
        finally:
            _end(container)


def require() -> None:
    """Try whether this machine lets Jettison run containers.

    Raises:
        MachineError: it does not; the message says what was found, the hint the way out.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    with _agent(Path("/"), writer) as (agent, errors), Output(reader) as output:
        container = Container(agent, output, errors)
        try:
            _enter(container, None, own_ids(), 0, 0)
        finally:
            _end(container)


@contextmanager
def _agent(folder: Path, writer: int) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Start the agent, a fresh process: a fork of this one could hold another thread's locks."""
    argv = [sys.executable, "-I", "-S", "-c", _BOOT, _HOME, str(os.getpid()), str(writer)]
    with tempfile.TemporaryFile() as errors:
        try:
            agent = subprocess.Popen(  # noqa: S603 -- this Python and this package
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                pass_fds=(writer,),
                start_new_session=True,  # Ctrl-C is for Jettison, which ends the container in order
                env={"LC_ALL": "C.UTF-8"},
            )
        finally:
            os.close(writer)
        with agent:
            yield agent, errors


def _start(container: Container, spec: Spec, ids: Ids) -> dict[str, Any]:
    told = _enter(container, spec, ids, spec.uid, spec.gid)
    if told["event"] == "unable":
        raise UnableError(told["code"], told["text"])
    return told


def _enter(container: Container, spec: Spec | None, ids: Ids, uid: int, gid: int) -> dict[str, Any]:
    """Lead the agent into its namespaces; return what it says then."""
    first = {"ranged": ids.ranged, "spec": spec.to_json() if spec else None}
    for answer in (first, {"mapped": True}):
        told = container.ask(answer, limit=_START_LIMIT)[0]
        if "failed" in told:
            raise _failure(told) if told["failed"] != "init" else container.broken("init")
        if "unmapped" in told:
            _write_maps(container.agent.pid, ids, uid, gid)
    return told


def _failure(told: Mapping[str, Any]) -> Exception:
    stage, code, text = told["failed"], told["errno"], told["text"]
    if stage.endswith("/root") and stage.startswith("mount "):
        return OverlayError(f"no overlay: {text}")
    if stage.startswith(("mount ", "user namespace", "other namespaces", "pivot_root", "prctl", "capset")):
        return forbidden(stage, code, text)
    return BadInputError(f"the image's rootfs cannot be a container's: {stage}: {text}")


def _write_maps(pid: int, ids: Ids, uid: int, gid: int) -> None:
    uid_map, gid_map = ids.maps(uid, gid)
    files = [("gid_map", gid_map), ("uid_map", uid_map)]
    if not ids.ranged:
        files.insert(0, ("setgroups", "deny"))  # user_namespaces(7): before an ordinary user may write gid_map
    for name, text in files:
        try:
            with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
                file.write(text)
        except OSError as error:
            raise forbidden(name, error.errno or 0, error.strerror or "") from error


def _end(container: Container) -> None:
    """Kill the agent, and wait until the last process of its container is gone."""
    with deferred():  # what is unpacked goes next, and no process may be in it any more
        try:
            init = os.pidfd_open(container.init) if container.init else -1
        except ProcessLookupError:
            init = -1
        container.agent.kill()
        if init >= 0:
            select.select([init], [], [])  # readable once it ended, and an init ends after all of its namespace
            os.close(init)
