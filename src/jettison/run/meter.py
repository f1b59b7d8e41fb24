"""Peak memory of a container: resident sizes of its processes, summed, sampled while it runs."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Self

_FIRST_PAUSE = 0.002  # a short command is over soon: look often at first
_PAUSE = 0.05
_SHARE = 10  # at most a tenth of one core's time goes into sampling


class Meter:
    """Samples until its context is left.

    Args:
        agent: the sandbox's agent, whose descendants are the container's processes.
        init: the container's init; neither of the two counts. None where ``agent`` is the container's own first
            process, and does.
    """

    def __init__(self, agent: int, init: int | None) -> None:
        self._agent = agent
        self._init = init
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="container memory", daemon=True)
        self.peak = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def sample(self) -> None:
        """Take one sample: the sum of what is resident now, or one process's own high-water mark, if that is more."""
        own = [self._agent] if self._init is None else []
        sizes = [_sizes(pid) for pid in (*own, *_descendants(self._agent)) if pid != self._init]
        now = sum(resident for resident, _ in sizes)
        self.peak = max([self.peak, now, *(mark for _, mark in sizes)])

    def _run(self) -> None:
        start = time.monotonic()
        pause = _FIRST_PAUSE
        while not self._over.wait(pause):
            began = time.monotonic()
            self.sample()
            ended = time.monotonic()
            pause = max((ended - began) * _SHARE, min(_PAUSE, (ended - start) / _SHARE))


def _descendants(pid: int) -> Iterator[int]:
    todo = [pid]
    while todo:
        each = todo.pop()
        children = _children(each)
        yield from children
        todo.extend(children)


def _children(pid: int) -> list[int]:
    """Return the children that each thread of a process started (proc(5), ``/proc/PID/task/TID/children``)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found.extend(map(int, file.read().split()))
    return found


def _sizes(pid: int) -> tuple[int, int]:
    """Return the resident size and its high-water mark, bytes; zeros when the process is gone or a zombie."""
    values = {"VmRSS": 0, "VmHWM": 0}
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in values:
                values[name] = int(rest.split()[0]) * 1024
    return values["VmRSS"], values["VmHWM"]
