"""Workloads: how to start an image's service, know that it is ready, ask it things and compare the answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ReadyKind = Literal["http", "tcp", "log", "exit"]
CompareKind = Literal["status", "json", "bytes", "stdout", "exit-code"]


@dataclass(frozen=True, slots=True)
class Ready:
    """How to know that the service is ready.

    Attributes:
        kind: ``http`` (a GET of ``value`` answers 2xx), ``tcp`` (the port accepts), ``log`` (``value`` is found
            in a line of output), ``exit`` (the command ends with code 0).
        value: path, log text, or empty.
        port: for ``http`` and ``tcp``.
        timeout: seconds.
    """

    kind: ReadyKind = "exit"
    value: str = ""
    port: int = 0
    timeout: float = 120.0


@dataclass(frozen=True, slots=True)
class Compare:
    """What of a probe's answer must be the same.

    Attributes:
        what: parts of the answer; ``json`` compares parsed documents, ``bytes`` the body.
        tolerance: absolute and relative tolerance of numbers in JSON.
        ignore: JSON keys, as dotted paths with ``*`` for any list index or key, that may differ.
    """

    what: tuple[CompareKind, ...]
    tolerance: float = 0.0
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to the running service.

    Attributes:
        name: for the report.
        kind: ``http`` or ``exec``.
        method: HTTP method.
        path: HTTP path with query.
        port: HTTP port.
        headers: HTTP request headers.
        body: HTTP request body, or standard input of an ``exec`` probe.
        argv: command of an ``exec`` probe, run inside the container.
        compare: what must be the same.
        timeout: seconds.
    """

    name: str
    kind: Literal["http", "exec"]
    compare: Compare
    method: str = "GET"
    path: str = "/"
    port: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    argv: tuple[str, ...] = ()
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What a container needs that only an engine can give.

    Attributes:
        gpus: as Docker's ``--gpus``: ``all``, a number, or ``device=…``; empty for none.
        mounts: ``SOURCE:TARGET[:ro]``, as Docker's ``-v``; sources absolute.
        network: of the engine, made by the user; empty for the engine's usual.
        memory: limit of the whole container, bytes; 0 for none.
        shm: size of ``/dev/shm``, bytes; 0 for the engine's usual.
    """

    gpus: str = ""
    mounts: tuple[str, ...] = ()
    network: str = ""
    memory: int = 0
    shm: int = 0


@dataclass(frozen=True, slots=True)
class Workload:
    """How an image is exercised.

    Attributes:
        name: for the report (the file's name without its suffix, unless it says).
        argv: start command; empty means the image's own.
        env: added to the image's environment.
        user: overrides the image's user; empty means the image's.
        ready: how to know it is ready.
        probes: in order.
        memory: limit of the address space a process may use, bytes; 0 for none.
        timeout: seconds for the whole run.
        engine: what an engine is told beside it; the sandbox refuses to do without.
    """

    name: str
    ready: Ready
    probes: tuple[Probe, ...]
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    memory: int = 0
    timeout: float = 600.0
    engine: EngineSettings = field(default_factory=EngineSettings)

    @property
    def needs_engine(self) -> bool:
        """Whether it asks for what the own sandbox cannot give."""
        return self.engine != EngineSettings()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe brought back.

    Attributes:
        probe: its name.
        status: HTTP status; 0 for exec.
        exit_code: of an exec probe; 0 for HTTP.
        body: response body or standard output, whole.
        headers: response headers, lower-case names.
        seconds: wall time.
        error: why there is no answer; empty when there is one.
    """

    probe: str
    status: int
    exit_code: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run of a workload on one rootfs.

    Attributes:
        ready: whether it became ready.
        ready_seconds: wall time from the start of the command to ready.
        answers: one a probe, in order.
        exit_code: of the command; None when it was still running at the end and was stopped.
        output: the last 4 MiB of its output, stdout and stderr together.
        peak_memory: bytes, largest sum of resident memory of the process tree seen.
        error: why the run failed; empty when it passed.
        created_seconds: wall time from the request to the start of the command.
    """

    ready: bool
    ready_seconds: float
    answers: tuple[Answer, ...]
    exit_code: int | None
    output: bytes
    peak_memory: int
    error: str = ""
    created_seconds: float = 0.0
