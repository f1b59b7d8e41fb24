"""The sandbox's agent: a fresh process that enters the container's namespaces and answers Jettison over a pipe.

It makes the namespaces, starts the container's init, and then asks the service over the container's own loopback and
runs probes beside it. It is single-threaded, so that it may fork, and imports all it needs before it loses sight of
the machine's files. It ends, and the whole container with it, when Jettison ends: the kernel kills it
(``PR_SET_PDEATHSIG``), and its init in turn; as a second string, both watch their pipes.
"""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from typing import Any, BinaryIO, NoReturn, cast

from jettison.run import syscalls
from jettison.run.exec_probe import execute
from jettison.run.http_probe import accepts, request
from jettison.run.init import run_init
from jettison.run.namespaces import enter_others, enter_user
from jettison.run.spec import Spec
from jettison.run.wire import Message, receive, send

_ALL_FINE = range(200, 300)


def main() -> None:
    """Serve the process that started this one: argv holds its id and the descriptor for the container's output."""
    parent, output = int(sys.argv[2]), int(sys.argv[3])
    os.set_inheritable(output, False)
    syscalls.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    asked = receive(sys.stdin.buffer)
    if asked is None:
        os._exit(0)
    header = asked[0]
    _enter(ranged=header["ranged"])
    if header["spec"] is None:
        _answer({})
        os._exit(0)
    _Agent(Spec.from_json(header["spec"]), output).serve()


def _answer(header: dict[str, Any], payload: bytes = b"") -> None:
    send(sys.stdout.buffer, header, payload)


def _fail(stage: str, error: OSError) -> NoReturn:
    _answer({"failed": stage, "errno": error.errno, "text": error.strerror})
    os._exit(0)


def _enter(*, ranged: bool) -> None:
    """Make the namespaces; in between Jettison writes the maps of ids."""
    try:
        enter_user()
    except OSError as error:
        _fail("user namespace", error)
    _answer({"unmapped": True})
    if receive(sys.stdin.buffer) is None:
        os._exit(0)
    try:
        enter_others(ranged=ranged)
    except OSError as error:
        _fail("other namespaces", error)
    syscalls.die_with_parent(signal.SIGKILL)  # changing ids has cleared it
    syscalls.hide_from_peers()


class _Agent:
    def __init__(self, spec: Spec, output: int) -> None:
        self.spec = spec
        self.output = output
        self.exit: dict[str, Any] | None = None
        self.control, theirs = socket.socketpair()
        self.init = os.fork()
        if self.init == 0:
            self._become_init(theirs)
        theirs.close()
        # unbuffered: select must see what was not read yet
        self.events = cast("BinaryIO", self.control.makefile("rb", buffering=0))

    def _become_init(self, control: socket.socket) -> NoReturn:
        try:
            self.control.close()
            null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
            for fd in (0, 1):
                os.dup2(null, fd)
            run_init(self.spec, control, self.output)
        except BaseException:  # noqa: BLE001 -- a bug: told on stderr, which Jettison reads, and never back into the agent
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)

    def serve(self) -> NoReturn:
        """Report the start, then answer requests until told to stop or Jettison is gone."""
        told = receive(self.events)
        event = told[0] if told else {"event": "failed", "stage": "init", "errno": 0, "text": "it died"}
        if event["event"] == "failed":
            _answer({"failed": event["stage"], "errno": event["errno"], "text": event["text"]})
            os._exit(0)
        os.chdir("/")
        _answer({**event, "init": self.init})
        while (asked := receive(sys.stdin.buffer)) is not None:
            header, payload = self._do(*asked)
            self._listen()
            _answer({**header, "exit": self.exit}, payload)
        os._exit(0)

    def _listen(self) -> None:
        """Take note of the command's end."""
        while self.exit is None and select.select([self.control], [], [], 0)[0]:
            told = receive(self.events)
            self.exit = told[0] if told else {"code": 128 + signal.SIGKILL, "time": time.monotonic()}

    def _do(self, asked: dict[str, Any], payload: bytes) -> Message:
        op = asked["op"]
        if op == "http":
            return request(asked, payload)
        if op == "ready":
            answer, _ = request({**asked, "method": "GET", "headers": {}}, b"")
            return {"ready": answer.get("status", 0) in _ALL_FINE, **answer}, b""
        if op == "tcp":
            return {"ready": accepts(asked["port"])}, b""
        if op == "exec":
            return execute(self.spec, tuple(asked["argv"]), payload, self.output, asked["timeout"])
        if op == "stop":
            self._stop(asked["signal"], asked["grace"])
        return {}, b""

    def _stop(self, number: int, grace: float) -> None:
        """Ask the command to end, wait a while, then end the namespace and all that is in it."""
        self._listen()
        if self.exit is None:
            with contextlib.suppress(OSError):
                self.control.send(bytes([number]))
            select.select([self.control], [], [], grace)
        os.kill(self.init, signal.SIGKILL)
        os.waitpid(self.init, 0)
