"""A child process watched for what it does not notice itself: apt waits for ever when the disk is full."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from jettison.errors import MachineError
from jettison.layers.write import ROOM_HINT

LEAST = 128 << 10  # bytes; nothing useful can be fetched into less
LOOK = 0.5  # seconds
LOOKS = 4  # in a row without room: what is written at the very end may still go again


def run_watched(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], disk: Path, limit: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and return what it printed and how it ended; it and its children are gone in any case.

    Args:
        command: what to run.
        cwd: where.
        env: its environment.
        disk: a folder on the disk that it writes to.
        limit: seconds it may take.

    Raises:
        MachineError: the disk is full, or the time is up.
        OSError: it cannot be started.
    """
    check_room(disk)
    # A group of its own, so that its children, which wait for it to read from them, end with it.
    process = subprocess.Popen(  # noqa: S603 -- the callers' commands are fixed
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        out, err = _finished(process, command, disk, time.monotonic() + limit, limit)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def check_room(disk: Path) -> None:
    """Check that a disk has some room left.

    Raises:
        MachineError: it has none.
    """
    if free_bytes(disk) < LEAST:
        raise MachineError(f"{disk}: the disk is full", hint=ROOM_HINT)


def free_bytes(disk: Path) -> int:
    """Return how many bytes this user may still write."""
    status = os.statvfs(disk)
    return (status.f_bavail if os.geteuid() else status.f_bfree) * status.f_frsize


def _finished(
    process: subprocess.Popen[bytes], command: Sequence[str], disk: Path, end: float, limit: float
) -> tuple[bytes, bytes]:
    full = 0
    while True:
        try:
            return process.communicate(timeout=LOOK)
        except subprocess.TimeoutExpired:
            full = full + 1 if free_bytes(disk) < LEAST else 0
        if full >= LOOKS:
            check_room(disk)
        if time.monotonic() > end:
            raise MachineError(f"{command[0]} took more than {limit:.0f} s")
