"""A command of this machine run to its end, bounded in time and output."""

import contextlib
import os
import select
import subprocess
import tempfile
import time
from typing import IO, cast

_CHUNK = 1 << 16
_TAIL = 4_096


def run_bounded(command: list[str], payload: bytes, timeout: float, limit: int) -> tuple[int | None, bytes, str]:
    """Run a command.

    Args:
        command: with its arguments.
        payload: what it reads.
        timeout: seconds; then it is killed.
        limit: bytes of standard output; with one more it is killed.

    Returns:
        Exit code, standard output and the end of standard error; code None when it was killed, or could not be
        started, and then why.
    """
    deadline = time.monotonic() + timeout
    with tempfile.TemporaryFile() as stdin:
        stdin.write(payload)
        stdin.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 -- the caller's
                command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            return None, b"", f"{command[0]}: {error.strerror}"
        with process:
            try:
                output, said, why = _drain(process, deadline, limit)
            finally:
                process.kill()
            if why:
                return None, b"", why if why != "late" else f"no end within {timeout:.3g} s"
            return process.wait(), output, said


def _drain(process: subprocess.Popen[bytes], deadline: float, limit: int) -> tuple[bytes, str, str]:
    """Read both streams until they end; return them, and why that was given up."""
    out, err = (cast("IO[bytes]", one).fileno() for one in (process.stdout, process.stderr))
    pieces: list[bytes] = []
    size, said, live = 0, b"", [out, err]
    while live:
        left = deadline - time.monotonic()
        ready = select.select(live, [], [], max(0.0, left))[0] if left > 0 else []
        if not ready:
            return b"", "", "late"
        for fd in ready:
            piece = os.read(fd, _CHUNK)
            if not piece:
                live.remove(fd)
            elif fd == err:
                said = (said + piece)[-_TAIL:]
            else:
                pieces.append(piece)
                size += len(piece)
        if size > limit:
            return b"", "", f"more than {limit} bytes of output"
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.1, deadline - time.monotonic()))
        return b"".join(pieces), said.decode("utf-8", "replace"), ""
    return b"", "", "late"
