"""The container's process 1: starts the command, reaps what is orphaned, forwards signals, and takes all down with it.

Engines run the command itself as process 1 unless ``--init`` is given. Jettison always has an init, as ``--init``
would give: as process 1 a command that installs no handler ignores SIGTERM, and one that does not reap collects
zombies; neither is what a proof should depend on. When the command ends, the rest of its processes end, as in an
engine; the namespace itself stays for probes until Jettison stops it.
"""

import contextlib
import os
import select
import signal
import socket
import time
from types import FrameType
from typing import Any, BinaryIO, NoReturn

from jettison.run import syscalls
from jettison.run.namespaces import build_root
from jettison.run.process import CAPABILITIES, StartError, start
from jettison.run.spec import Spec
from jettison.run.wire import send

_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_OOM_SCORE = b"500"


def run_init(spec: Spec, control: socket.socket, output: int) -> NoReturn:
    """Be the container's init; never returns.

    Args:
        spec: the container.
        control: to the agent. Comes in: a byte, the number of a signal for the command; the end, when the agent is
            gone. Goes out: messages ``failed``, ``unable``, ``started`` and ``exited``.
        output: descriptor for the command's stdout and stderr.
    """
    stream = control.makefile("wb")
    try:
        syscalls.die_with_parent(signal.SIGKILL)
        build_root(spec)
        _settle(spec)
    except OSError as error:
        what = error.filename or "root"
        send(stream, {"event": "failed", "stage": what, "errno": error.errno, "text": error.strerror})
        os._exit(1)
    _Init(spec, control, stream).run(output)


def _settle(spec: Spec) -> None:
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb") as file:
        file.write(_OOM_SCORE)  # when memory runs out, the container goes before anything else
    socket.sethostname(spec.hostname)
    os.umask(0o022)
    syscalls.limit_capabilities(CAPABILITIES)
    syscalls.set_capabilities(CAPABILITIES)
    syscalls.no_new_privileges()


class _Init:
    def __init__(self, spec: Spec, control: socket.socket, stream: BinaryIO) -> None:
        self.spec = spec
        self.control = control
        self.stream = stream
        self.command = 0

    def run(self, output: int) -> NoReturn:
        wake, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, self._nothing)
        for number in _FORWARDED:
            signal.signal(number, self._forward)
        self._start(output)
        os.close(output)
        while True:
            ready, _, _ = select.select([self.control.fileno(), wake], [], [])
            if wake in ready:
                os.read(wake, 4096)
                self._reap()
            if self.control.fileno() in ready:
                byte = self.control.recv(1)
                if not byte:
                    os._exit(0)
                self._send_signal(byte[0])

    def _start(self, output: int) -> None:
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        started = time.monotonic()
        try:
            self.command = start(self.spec, self.spec.argv, null, output, output)
        except StartError as error:
            self._tell("unable", code=error.code, text=error.message)
        else:
            self._tell("started", time=started)
        os.close(null)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.command:
                    self._ended(os.waitstatus_to_exitcode(status))

    def _ended(self, code: int) -> None:
        self.command = 0
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
        self._tell("exited", code=code if code >= 0 else 128 - code, time=time.monotonic())

    def _tell(self, event: str, **facts: Any) -> None:
        with contextlib.suppress(OSError):  # the agent is gone: the next read of the control socket says so
            send(self.stream, {"event": event, **facts})

    def _send_signal(self, number: int) -> None:
        if self.command:
            with contextlib.suppress(OSError):
                os.kill(self.command, number)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self._send_signal(number)

    def _nothing(self, number: int, _frame: FrameType | None) -> None:
        """A handler, so that the wakeup descriptor hears of it."""
