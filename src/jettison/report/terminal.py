"""The terminal: whether there is one, how wide, in colour or not, and progress on it for work that takes long."""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TextIO

from jettison.progress import SILENT, Progress, Task
from jettison.report.layout import PIPE_WIDTH

DELAY = 1.5
_PERIOD = 0.2
_NARROWEST, _WIDEST = 60, 140


@dataclass(frozen=True, slots=True)
class Look:
    """How text is drawn on a stream.

    Attributes:
        width: columns.
        colour: whether ANSI sequences may be used.
    """

    width: int = PIPE_WIDTH
    colour: bool = False


def look_of(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Look:
    """Return how to draw on ``stream``: always the same when it is a pipe or a file, else what the terminal allows.

    ``NO_COLOR`` (any value but empty) and ``TERM=dumb`` turn colour off.
    """
    if not stream.isatty():
        return Look()
    colour = not environ.get("NO_COLOR") and environ.get("TERM", "") not in ("", "dumb")
    columns = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
    return Look(max(_NARROWEST, min(columns, _WIDEST)), colour)


class _Drawing(Protocol):
    """What draws tasks; :class:`jettison.report.bars.Bars` in a terminal."""

    def add(self, name: str, total: int | None, unit: str, began: float) -> int: ...

    def update(self, number: int, done: int) -> None: ...

    def remove(self, number: int) -> None: ...

    def stop(self) -> None: ...


class _Work:
    """A task under way. Its count is added to by any thread, and drawn by the display's."""

    def __init__(self, name: str, total: int | None, unit: str) -> None:
        self.name, self.total, self.unit = name, total, unit
        self.began = time.monotonic()
        self.done = 0
        self.number = -1
        self._lock = threading.Lock()

    def advance(self, amount: int) -> None:
        """Count ``amount`` more units."""
        with self._lock:
            self.done += amount


class TerminalProgress:
    """Progress that appears only when work lasts: nothing is drawn, or imported, in the first :data:`DELAY` seconds.

    Args:
        stream: the terminal.
        delay: seconds before anything is drawn.
    """

    def __init__(self, stream: TextIO, delay: float = DELAY) -> None:
        self._stream, self._delay = stream, delay
        self._works: list[_Work] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._gone: list[int] = []

    @contextmanager
    def task(self, name: str, total: int | None, unit: str = "bytes") -> Iterator[Task]:
        """Open a task; see :class:`jettison.progress.Progress`."""
        work = _Work(name, total, unit)
        with self._lock:
            self._works.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
                self._thread.start()
        try:
            yield work
        finally:
            with self._lock:
                self._works.remove(work)
                if work.number >= 0:
                    self._gone.append(work.number)

    def close(self) -> None:
        """End the display, whatever happened; the terminal is left clean."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        if self._stop.wait(self._delay):
            return
        from jettison.report.bars import Bars  # noqa: PLC0415 -- rich is imported only when there is something to draw

        drawing: _Drawing = Bars(self._stream)
        try:
            while not self._stop.wait(_PERIOD):
                self._draw(drawing)
        finally:
            with contextlib.suppress(OSError, ValueError):  # the terminal went away
                drawing.stop()

    def _draw(self, drawing: _Drawing) -> None:
        with self._lock:
            works, gone, self._gone = list(self._works), self._gone, []
            for number in gone:
                drawing.remove(number)
            for work in works:
                if work.number < 0:
                    work.number = drawing.add(work.name, work.total, work.unit, work.began)
                drawing.update(work.number, work.done)


@contextmanager
def progress_on(stream: TextIO, *, quiet: bool = False, delay: float = DELAY) -> Iterator[Progress]:
    """Give a :class:`jettison.progress.Progress` for the block: drawn on a terminal, silent elsewhere.

    Args:
        stream: where to draw, standard error.
        quiet: say nothing even in a terminal.
        delay: seconds before anything is drawn.
    """
    if quiet or not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield SILENT
        return
    progress = TerminalProgress(stream, delay)
    try:
        yield progress
    finally:
        progress.close()
