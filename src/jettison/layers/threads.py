"""Threads beside the one that parses: reading ahead, hashing behind, and putting on disk what was written.

The first two hand large pieces over bounded queues, and spend their time in C code that lets go of the interpreter lock
(measured on 2 cores: two threads hash, gunzip or unpack zstd in 1.0 to 1.13 times the time of one).
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

T = TypeVar("T")

DEPTH = 4
SYNC_STEP = 64 << 20  # bytes after which a file is put on disk: more often, and the journal is written too often


class Hash(Protocol):
    """What both hashlib's objects and :class:`HashThread` do."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take the next bytes."""

    def hexdigest(self) -> str:
        """Return the digest of all bytes taken."""


class Ahead(AbstractContextManager["Ahead[T]"], Generic[T]):
    """Runs an iterator in a thread, at most ``depth`` items ahead; an error in it is raised where it is consumed.

    Use as a context manager, so that the thread has ended when the block is left, however it is left.
    """

    def __init__(self, source: Iterator[T], depth: int = DEPTH) -> None:
        self._source = source
        self._items: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(depth):
            self._room.put(None)
        self._stopped = False
        self._thread = Thread(target=self._run, name="jettison-ahead", daemon=True)

    def _run(self) -> None:
        try:
            while self._room.get() is None and not self._stopped:
                item = next(self._source, _END)
                if isinstance(item, _End):
                    self._items.put(None)
                    return
                self._items.put((item,))
        except BaseException as error:  # noqa: BLE001 -- raised again in the consuming thread
            self._items.put(error)
        finally:
            if close := getattr(self._source, "close", None):
                close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __iter__(self) -> Iterator[T]:
        while (item := self._items.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            self._room.put(None)
            yield item[0]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stopped = True
        self._room.put(None)
        self._thread.join()


class _End:
    pass


_END = _End()


class HashThread(AbstractContextManager["HashThread"]):
    """SHA-256 in a thread of its own, at most ``depth`` pieces behind.

    Use as a context manager, so that the thread has ended when the block is left, however it is left.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        self._hash = hashlib.sha256()
        self._pieces: SimpleQueue[bytes | memoryview | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(depth):
            self._room.put(None)
        self._thread = Thread(target=self._run, name="jettison-hash", daemon=True)

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._hash.update(piece)
            self._room.put(None)

    def update(self, data: bytes | memoryview, /) -> None:
        """Take the next piece; it must not change afterwards. Waits when the thread is too far behind."""
        self._room.get()
        self._pieces.put(data)

    def hexdigest(self) -> str:
        """Return the digest of all pieces taken, when the thread has done them."""
        self._end()
        return self._hash.hexdigest()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._pieces.put(None)
            self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end()


class SyncThread(AbstractContextManager["SyncThread"]):
    """Puts a file on disk while more of it is written, so that syncing it in the end is short.

    The kernel leaves it for up to 30 s, or 10 % of the memory: of a blob of 3 GB 2 GB were left for the end, where
    nothing else is done. An error is raised by :meth:`end`: the kernel tells it once, so the sync in the end would
    not see it again.

    Use as a context manager, so that the thread has ended when the block is left, however it is left.

    Args:
        fd: of the file; it must stay open until the block is left.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._written = 0
        self._due: SimpleQueue[bool] = SimpleQueue()
        self._error: OSError | None = None
        self._thread: Thread | None = None

    def _run(self) -> None:
        while self._due.get():
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                self._error = error
                return

    def add(self, count: int) -> None:
        """Say that ``count`` more bytes were written; it never waits."""
        self._written += count
        if self._written < SYNC_STEP:
            return
        self._written = 0
        if self._thread is None:
            self._thread = Thread(target=self._run, name="jettison-sync", daemon=True)
            self._thread.start()
        if self._due.empty():
            self._due.put(True)

    def end(self) -> None:
        """Wait until the thread has ended.

        Raises:
            OSError: what was written could not be put on disk.
        """
        if self._thread is not None:
            self._due.put(False)
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise self._error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self.end()
