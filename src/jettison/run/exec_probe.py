"""One command run inside the container beside its service, bounded in time and size. Runs in the agent."""

import contextlib
import os
import select
import signal
import time

from jettison.run.process import StartError, start
from jettison.run.spec import Spec
from jettison.run.wire import Message

LIMIT = 64 << 20
_CHUNK = 1 << 20


def execute(spec: Spec, argv: tuple[str, ...], stdin: bytes, stderr: int, timeout: float) -> Message:
    """Run a command to its end as the container's user.

    Args:
        spec: the container.
        argv: the command.
        stdin: what it reads.
        stderr: descriptor that takes its standard error.
        timeout: seconds; then it is killed.

    Returns:
        ``code`` and the standard output, or ``error``.
    """
    child_in, our_in = os.pipe2(os.O_CLOEXEC)
    our_out, child_out = os.pipe2(os.O_CLOEXEC)
    try:
        pid = start(spec, argv, child_in, child_out, stderr)
    except StartError as error:
        os.close(our_in)
        os.close(our_out)
        return {"code": error.code, "error": error.message}, b""
    finally:
        os.close(child_in)
        os.close(child_out)
    return _Conversation(pid, our_in, our_out, stdin).finish(time.monotonic() + timeout, timeout)


class _Conversation:
    def __init__(self, pid: int, stdin: int, stdout: int, data: bytes) -> None:
        self.pid = pid
        self.process = os.pidfd_open(pid)
        self.stdin = stdin
        self.stdout = stdout
        self.data = memoryview(data)
        self.pieces: list[bytes] = []
        self.size = 0
        os.set_blocking(stdin, False)
        os.set_blocking(stdout, False)

    def finish(self, deadline: float, timeout: float) -> Message:
        try:
            error = self._talk(deadline, timeout)
        finally:
            for fd in (self.process, self.stdin, self.stdout):
                if fd >= 0:
                    os.close(fd)
        if error:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return {"code": code if code >= 0 else 128 - code, "error": error}, b"".join(self.pieces)

    def _talk(self, deadline: float, timeout: float) -> str:
        """Feed and drain the process until it ends; return what went wrong."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return f"not ended within {timeout:.3g} s"
            reads = [self.process] + ([self.stdout] if self.stdout >= 0 else [])
            ready, writable, _ = select.select(reads, [self.stdin] if self.stdin >= 0 else [], [], left)
            if writable:
                self._feed()
            if self.process in ready or self.stdout in ready:
                self._drain()
            if self.size > LIMIT:
                return f"more than {LIMIT} bytes of output"
            if self.process in ready:
                return ""

    def _feed(self) -> None:
        try:
            self.data = self.data[os.write(self.stdin, self.data[:65_536]) :] if self.data else self.data
        except BrokenPipeError:
            self.data = self.data[:0]
        if not self.data:
            os.close(self.stdin)
            self.stdin = -1

    def _drain(self) -> None:
        """Read what is there; what a process left behind still writes after the end does not count."""
        with contextlib.suppress(BlockingIOError):
            while self.stdout >= 0 and self.size <= LIMIT:
                piece = os.read(self.stdout, _CHUNK)
                if not piece:
                    os.close(self.stdout)
                    self.stdout = -1
                self.pieces.append(piece)
                self.size += len(piece)
