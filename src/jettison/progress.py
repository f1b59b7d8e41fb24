"""Progress is an object passed in; the default says nothing.

A caller opens a task, advances it in its unit, and leaves it. :mod:`jettison.report.terminal` draws it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """A piece of work under way."""

    def advance(self, amount: int) -> None:
        """Say that ``amount`` more units (bytes, unless the task said otherwise) are done. Thread-safe."""


class Progress(Protocol):
    """Where work in progress is told to."""

    def task(self, name: str, total: int | None, unit: str = "bytes") -> AbstractContextManager[Task]:
        """Open a task of ``total`` units (None when unknown); it ends when the context is left."""


class _SilentTask:
    def advance(self, amount: int) -> None:
        """Say nothing."""


class _Silent:
    @contextmanager
    def task(self, name: str, total: int | None, unit: str = "bytes") -> Iterator[Task]:  # noqa: ARG002 -- the protocol's
        yield _SilentTask()


SILENT: Progress = _Silent()
