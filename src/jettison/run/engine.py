"""Workloads run by Docker, Podman or nerdctl: the same questions as the sandbox asks, over what an engine offers.

HTTP goes to the container's own address where this machine has a leg in its network, else to the published port;
commands run by ``exec``. The container is removed whatever happens; one that a killed run left is called
``jettison-…``, and ``rm -f`` takes it away.
"""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jettison.errors import MachineError
from jettison.interrupt import deferred
from jettison.layers.limits import Limits
from jettison.oci.image import Image, Process
from jettison.progress import Progress
from jettison.run.bounded import run_bounded
from jettison.run.http_probe import LIMIT, accepts, exchange
from jettison.run.meter import Meter
from jettison.run.output import Output
from jettison.run.runner import Run, Runner
from jettison.run.session import NOTHING, converse, stop
from jettison.run.wire import Message
from jettison.run.workload import RunResult, Workload
from jettison.sources.engine.client import Engine, EngineError, ask, inspect_image
from jettison.sources.engine.load import load_image, remove_image

_ALL_FINE = range(200, 300)
_CANNOT_START = 127
_SLACK = 15.0
_LOOPBACK = "127.0.0.1"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z| ?\+0000)")  # Docker's, Podman's
_ENGINE_SAYS = re.compile(r"(?:Error response from daemon|Cannot connect to the Docker daemon|OCI runtime exec failed)")
_HANGS_UP = 0.2  # seconds in which a proxy with nobody behind it has hung up


@dataclass(slots=True)
class Traced:
    """What a container under strace has besides.

    Attributes:
        mounts: as Docker's ``-v``.
        wrap: puts strace in front of a command.
        container: its name, once there is one.
    """

    mounts: tuple[str, ...]
    wrap: Callable[[tuple[str, ...]], tuple[str, ...]]
    container: str = ""


def engine_runner(engine: Engine) -> Runner:
    """Return what runs workloads in an engine."""

    @contextmanager
    def ready(image: Image, _limits: Limits | None, progress: Progress) -> Iterator[Run]:
        with present(engine, image, progress) as name:
            yield lambda workload: run_in_engine(engine, name, image.config.process, workload, progress)

    return Runner(engine.name, lambda: None, ready)


@contextmanager
def present(engine: Engine, image: Image, progress: Progress) -> Iterator[str]:
    """Give the name of an image in an engine, loaded for the block where it is not there yet."""
    for digest in (image.config.digest, image.manifest_digest):
        if inspect_image(engine, digest) is not None:
            yield digest
            return
    name = f"jettison-run/{image.config.digest.rpartition(':')[2][:16]}:{os.getpid()}"
    try:
        load_image(image, engine.name, name, force=True, last=False, progress=progress)
        yield name
    finally:
        with deferred(), contextlib.suppress(EngineError):
            remove_image(engine, name)


def run_in_engine(
    engine: Engine,
    name: str,
    process: Process,
    workload: Workload,
    progress: Progress,
    traced: Traced | None = None,
) -> RunResult:
    """Run a workload on an image of an engine.

    Args:
        engine: that has it.
        name: the image's name or id there.
        process: what the image runs.
        workload: how to exercise it.
        progress: told of each probe.
        traced: how it is traced; None for not at all.

    Returns:
        What happened; ``error`` says why a run failed, ``peak_memory`` is 0 where the engine is on another machine.

    Raises:
        MachineError: the engine died, or cannot make such a container.
    """
    asked = time.monotonic()
    called = f"jettison-{os.getpid()}-{time.monotonic_ns()}"
    try:
        command = _command(name, workload, process, traced)
        ask(engine, "create", "--name", called, *_options(engine, workload, traced), *command)
        container = EngineContainer(engine, called, traced)
        try:
            container.start()
        except EngineError as error:
            return replace(NOTHING, exit_code=_CANNOT_START, error=f"exit code {_CANNOT_START}: {error.message}")
        with container.output, _metered(container) as meter:
            result = replace(converse(container, workload, progress), created_seconds=container.started - asked)
            if meter:
                meter.sample()
            stop(container, process.stop_signal)
        return replace(result, output=container.output.tail, peak_memory=meter.peak if meter else 0)
    finally:
        with deferred(), contextlib.suppress(EngineError):
            ask(engine, "rm", "-f", "-v", called)


def _command(name: str, workload: Workload, process: Process, traced: Traced | None) -> list[str]:
    """Return image and arguments; a workload's own command takes the entrypoint's place, as in the sandbox."""
    argv = workload.argv
    if traced is not None:
        argv = traced.wrap(argv or process.argv)
    if not argv:
        return [name]
    return ["--entrypoint", argv[0], name, *argv[1:]]


def _options(engine: Engine, workload: Workload, traced: Traced | None) -> list[str]:
    settings = workload.engine
    found = ["--init"]
    ports = {workload.ready.port, *(probe.port for probe in workload.probes)} - {0}
    for port in sorted(ports):
        found += ["-p", f"127.0.0.1::{port}"]
    for key, value in workload.env.items():
        found += ["-e", f"{key}={value}"]
    for mount in (*settings.mounts, *(traced.mounts if traced else ())):
        found += ["-v", mount]
    pairs = {
        "--user": workload.user,
        "--gpus": settings.gpus,
        "--network": settings.network,
        "--memory": str(settings.memory or workload.memory or ""),
        "--shm-size": str(settings.shm or ""),
    }
    for option, text in pairs.items():
        found += [option, text] if text else []
    if engine.name == "podman" and settings.gpus:
        at = found.index("--gpus")
        found[at : at + 2] = ["--device", "nvidia.com/gpu=all"]  # the name in the Container Device Interface
    return found


@contextmanager
def _metered(container: "EngineContainer") -> Iterator[Meter | None]:
    """Measure the memory of the container's processes, when they are this machine's."""
    pid = container.local_pid()
    if not pid:
        yield None
        return
    with Meter(pid, None) as meter:
        yield meter


class EngineContainer:
    """A container of an engine, asked as the sandbox's is."""

    def __init__(self, engine: Engine, identity: str, traced: Traced | None = None) -> None:
        self.engine = engine
        self.identity = identity
        self.traced = traced
        if traced is not None:
            traced.container = identity
        self.started = 0.0
        self.exit: Mapping[str, Any] | None = None
        self._logs: subprocess.Popen[bytes] | None = None
        self._places: dict[int, tuple[str, int]] = {}
        reader, self._writer = os.pipe2(os.O_CLOEXEC)
        self.output = Output(reader)

    def start(self) -> None:
        """Start its command.

        Raises:
            EngineError: it cannot be executed.
        """
        began = time.monotonic()
        try:
            ask(self.engine, "start", self.identity)
            self._logs = subprocess.Popen(  # noqa: S603 -- an engine
                [self.engine.program, "logs", "-f", self.identity], stdout=self._writer, stderr=self._writer
            )
        finally:
            os.close(self._writer)
        self.started = self._began(began)

    def _began(self, asked: float) -> float:
        """Return when the command started, by the engine's clock where that agrees with ours, else when asked to."""
        now = time.monotonic()
        match = _MOMENT.match(str(self._state().get("StartedAt", "")))
        if match:
            moment = datetime.fromisoformat(f"{match[1]}.{(match[2] or '0')[:6].ljust(6, '0')}+00:00").timestamp()
            started = now - (time.time() - moment)
            if asked <= started <= now:
                return started
        return asked

    def local_pid(self) -> int:
        """Return the id of its first process on this machine; 0 when it has ended, or the engine is elsewhere."""
        known = self._inspect()
        pid, identity = int((known.get("State") or {}).get("Pid") or 0), str(known.get("Id") or "?")
        with contextlib.suppress(OSError):
            if pid and identity in Path(f"/proc/{pid}/cgroup").read_text():
                return pid
        return 0

    def ask(self, header: Mapping[str, Any], payload: bytes = b"", *, limit: float) -> Message:
        """Do what the sandbox's agent would: see :class:`jettison.run.session.Container`."""
        op = header["op"]
        if op == "state":
            self._look()
            return {}, b""
        if op == "stop":
            self._stop(header["signal"], header["grace"])
            return {}, b""
        if op == "exec":
            return self._exec(tuple(header["argv"]), payload, header["timeout"])
        answer = self._over_network(op, header, payload)
        if not answer[0].get("ready", True):
            self._look()
        del limit  # each of the above has its own
        return answer

    def _over_network(self, op: str, header: Mapping[str, Any], payload: bytes) -> Message:
        if op == "tcp":
            return {"ready": self._listens(*self._place(header["port"]))}, b""
        if op == "ready":
            answer, _ = self._http({**header, "method": "GET", "headers": {}}, b"")
            return {"ready": answer.get("status", 0) in _ALL_FINE, **answer}, b""
        return self._http(header, payload)

    def _listens(self, host: str, port: int) -> bool:
        """Whether the service listens: at a published port an engine's proxy may, and hang up when nobody is behind."""
        if not port or not accepts(port, (host,)):
            return False
        if host != _LOOPBACK:
            return True
        try:
            with socket.create_connection((host, port), 1.0) as connection:
                connection.settimeout(_HANGS_UP)
                return connection.recv(1) != b""
        except TimeoutError:
            return True  # it waits for the client to speak
        except OSError:
            return False

    def _http(self, header: Mapping[str, Any], payload: bytes) -> Message:
        host, port = self._place(header["port"])
        if not port:
            return {"error": f"port {header['port']} is not published, and the container has no address"}, b""
        try:
            return exchange({**header, "port": port}, payload, (host,), watched=True)
        except TimeoutError:
            return {"error": f"no whole answer within {header['timeout']:.3g} s"}, b""
        except (OSError, http.client.HTTPException) as error:
            return {"error": f"{type(error).__name__}: {error}"}, b""

    def _place(self, port: int) -> tuple[str, int]:
        """Return where a port of the container is reached: on its own address or published (port 0: nowhere)."""
        if port not in self._places:
            networks = self._inspect().get("NetworkSettings") or {}
            own = next(
                (
                    one["IPAddress"]
                    for one in (networks, *(networks.get("Networks") or {}).values())
                    if one.get("IPAddress") and _is_beside(one["IPAddress"], one.get("Gateway", ""))
                ),
                "",
            )
            bindings = (networks.get("Ports") or {}).get(f"{port}/tcp") or [{}]
            published = str(bindings[0].get("HostPort", ""))
            place = (own, port) if own else (_LOOPBACK, int(published) if published.isdecimal() else 0)
            if not place[1]:
                return place  # it may only be about to start
            self._places[port] = place
        return self._places[port]

    def _exec(self, argv: tuple[str, ...], payload: bytes, timeout: float) -> Message:
        """Run a command beside the service; what the engine itself says against it is no answer of the command."""
        self._look()
        if self.exit is not None:
            return {"error": "the container has ended, and an engine runs nothing in it then"}, b""
        command = [self.engine.program, "exec", "-i", self.identity, *(self.traced.wrap(argv) if self.traced else argv)]
        code, output, said = run_bounded(command, payload, timeout, LIMIT)
        if code is None:
            return {"error": said}, b""
        if code:
            ended = str(self._state().get("Status", "")).lower() != "running"
            if ended or _ENGINE_SAYS.match(said):
                return {"error": f"{self.engine.name} exec: {said.strip()[:300] or 'the container has ended'}"}, b""
        return {"code": code}, output

    def _inspect(self) -> dict[str, Any]:
        try:
            found = json.loads(ask(self.engine, "inspect", self.identity))[0]
        except (ValueError, LookupError, TypeError) as error:
            raise MachineError(f"{self.engine.name} inspect: no JSON came") from error
        return found if isinstance(found, dict) else {}

    def _state(self) -> Mapping[str, Any]:
        state = self._inspect().get("State")
        return state if isinstance(state, dict) else {}

    def _look(self) -> None:
        """Take note of the command's end."""
        state = self._state()
        if self.exit is None and str(state.get("Status", "")).lower() in ("exited", "dead", "stopped"):
            self.exit = {"code": int(state.get("ExitCode") or 0), "time": time.monotonic()}

    def _stop(self, number: int, grace: float) -> None:
        """Ask the command to end, wait a while, then kill it."""
        with contextlib.suppress(EngineError):
            ask(self.engine, "kill", "-s", str(number), self.identity)
            deadline = time.monotonic() + grace
            while self.exit is None and time.monotonic() < deadline:
                self._look()
                time.sleep(0.05)
        with contextlib.suppress(EngineError):
            ask(self.engine, "kill", self.identity)
        if self._logs:
            try:
                self._logs.wait(_SLACK)
            except subprocess.TimeoutExpired:
                self._logs.kill()
                self._logs.wait()


def _is_beside(address: str, gateway: str) -> bool:
    """Whether a container's network is one of this machine's bridges: its gateway is this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))  # nothing is sent
        except OSError:
            return False
        return bool(gateway) and probe.getsockname()[0] == gateway
