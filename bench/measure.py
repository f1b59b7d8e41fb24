"""Measures whole processes: wall time, processor time and peak memory, as the kernel accounts for a finished child."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process (with the children it waited for).

    Attributes:
        wall: seconds.
        cpu: seconds, user and system together.
        peak: bytes, of the largest single process.
        code: exit code.
    """

    wall: float
    cpu: float
    peak: int
    code: int


def run(command: Sequence[str], env: Mapping[str, str] | None = None, most: int = 3600) -> Run:
    """Run a command to its end, or for ``most`` seconds (then its exit code is -9); its output goes nowhere."""
    with open(os.devnull, "ab") as out:
        started = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **(env or {})})
        guard = Timer(most, child.kill)
        guard.start()
        _, status, usage = os.wait4(child.pid, 0)
        guard.cancel()
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, child.returncode)


def best(command: Sequence[str], times: int = 3, env: Mapping[str, str] | None = None) -> Run:
    """Run a command several times and return the quickest run that ended well, else the last."""
    runs = [run(command, env) for _ in range(times)]
    good = [one for one in runs if one.code == 0]
    return min(good, key=lambda one: one.wall) if good else runs[-1]


def jettison(*arguments: str) -> list[str]:
    """Return the command line that runs this checkout's Jettison."""
    return [sys.executable, "-m", "jettison", *arguments]


def machine() -> str:
    """Say what machine this is, and the date: what stands beside every figure."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    date = datetime.now(UTC).date().isoformat()
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GB, {system}, Python {platform.python_version()}, {date}"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
