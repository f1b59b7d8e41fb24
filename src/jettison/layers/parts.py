"""Parts of a file read by threads that need nothing of each other.

Streams hand each piece from thread to thread, and threads that hand over a piece wait for each other and for the
interpreter lock: over a plain tar of 10.8 GB that kept 1.5 of 2 cores busy. A thread that reads for itself (from the
page cache but for the first one) meets the others only when it is done.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Event, get_native_id
from types import TracebackType
from typing import Self, TypeVar

from jettison.errors import BadInputError, MachineError
from jettison.layers.decode import Blob
from jettison.layers.table import Read, Sink
from jettison.oci.image import Extent
from jettison.progress import Task

_STRETCH = 4 << 20  # bytes read at once: after each a thread has to wait for the interpreter lock
_NICE = 10
T = TypeVar("T")


class Parts(AbstractContextManager["Parts"]):
    """Work on parts of a blob, in threads.

    Use as a context manager, so that the threads have ended when the block is left, however it is left.

    Args:
        extent: where the blob lies.
        place: the layer, for messages.

    Raises:
        MachineError: its file cannot be looked at.
    """

    def __init__(self, extent: Extent, place: str) -> None:
        self._extent = extent
        self._place = place
        self._stop = Event()
        self._state = self._look()
        self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1), "jettison-part", initializer=_step_back)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def digest(self, task: Task | None) -> "Future[str]":
        """Begin to take the digest of the whole blob; ``task`` is told of the bytes."""
        return self._pool.submit(self._digest, self._extent, task, ())

    def content(self, offset: int, size: int, sinks: Sequence[Sink], done: Callable[[Read], None]) -> "Future[str]":
        """Begin to take the digest of a part.

        Args:
            offset: where it begins, bytes.
            size: bytes.
            sinks: see all of it.
            done: called in the end, with a way to read any place of the part.
        """
        extent = replace(self._extent, offset=self._extent.offset + offset, size=size)
        return self._pool.submit(self._content, extent, sinks, done)

    def work(self, function: Callable[[Read], T]) -> "Future[T]":
        """Begin to do something with a way to read any place of the blob."""
        return self._pool.submit(self._work, function)

    def check_unchanged(self) -> None:
        """Check that all threads read the same bytes.

        Raises:
            BadInputError: the file was written to meanwhile.
        """
        if self._look() != self._state:
            message = f"{self._place}: {self._extent.path} changed while it was read"
            raise BadInputError(message, hint="read it when it is complete")

    def _digest(self, extent: Extent, task: Task | None, sinks: Sequence[Sink]) -> str:
        digest = hashlib.sha256()
        for stretch in self._stretches(extent, task):
            digest.update(stretch)
            for sink in sinks:
                sink.feed(stretch)
        return "sha256:" + digest.hexdigest()

    def _content(self, extent: Extent, sinks: Sequence[Sink], done: Callable[[Read], None]) -> str:
        digest = self._digest(extent, None, sinks)
        with Blob(extent, self._place, None, None) as blob:
            done(blob.read_at)
        return digest

    def _work(self, function: Callable[[Read], T]) -> T:
        with Blob(self._extent, self._place, None, None) as blob:

            def read(offset: int, size: int) -> bytes:
                self._go_on()
                return blob.read_at(offset, size)

            return function(read)

    def _stretches(self, extent: Extent, task: Task | None) -> Iterator[memoryview]:
        view = memoryview(bytearray(min(_STRETCH, max(extent.size, 1))))
        with Blob(extent, self._place, None, task) as blob:
            while count := blob.readinto(view):
                self._go_on()
                yield view[:count]

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise CancelledError

    def _look(self) -> tuple[int, int, int]:
        try:
            status = os.stat(self._extent.path)
        except OSError as error:
            raise MachineError(f"{self._place}: {error}") from error
        return status.st_ino, status.st_size, status.st_mtime_ns


def _step_back() -> None:
    """Let the threads that others wait for, such as the one that decompresses, go first where cores are few."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)  # on Linux, of this thread alone
