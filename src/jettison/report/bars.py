"""Progress bars, drawn by rich; imported only once there is something to draw."""

import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from jettison.report.escape import plain
from jettison.report.units import count_text, seconds_text, size_text


class _Done(ProgressColumn):
    """How much is done, of how much, how fast since the work began (not since it is drawn), and the time left."""

    def render(self, task: Task) -> Text:
        unit, done = str(task.fields["unit"]), int(task.completed)
        speed = done / max(time.monotonic() - float(task.fields["began"]), 0.001)
        parts = [
            _amount(done, unit) if task.total is None else f"{_amount(done, unit)} of {_amount(int(task.total), unit)}"
        ]
        if speed >= 1:
            parts.append(f"{_amount(int(speed), unit)}/s")
            if task.total is not None and task.total > done:
                parts.append(f"{seconds_text((task.total - done) / speed)} left")
        return Text("  ".join(parts))


def _amount(count: int, unit: str) -> str:
    return size_text(count) if unit == "bytes" else f"{count_text(count)} {unit}"


class Bars:
    """A live display of the tasks under way.

    Args:
        stream: the terminal to draw on.
    """

    def __init__(self, stream: TextIO) -> None:
        console = Console(file=stream, markup=False, highlight=False, emoji=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(20), _Done())
        self._progress = Progress(*columns, console=console, transient=True)
        self._progress.start()

    def add(self, name: str, total: int | None, unit: str, began: float) -> int:
        """Draw one more task, which began at ``began`` of :func:`time.monotonic`, and return its number."""
        return int(self._progress.add_task(plain(name), total=total, unit=unit, began=began))

    def update(self, number: int, done: int) -> None:
        """Say how far a task is."""
        self._progress.update(TaskID(number), completed=done)

    def remove(self, number: int) -> None:
        """Take a finished task away."""
        self._progress.remove_task(TaskID(number))

    def stop(self) -> None:
        """End the display and give the terminal back as it was."""
        self._progress.stop()
