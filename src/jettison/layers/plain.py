"""A plain tar read where it lies: its headers, its own digest and the digests of large files, all at the same time.

Streams hand each piece from thread to thread, and threads that hand over a piece wait for each other and for the
interpreter lock: over 10.8 GB that kept 1.5 of 2 cores busy. A plain tar needs none of it. Each thread reads for
itself, from the page cache but for the first, and meets the others only when it is done.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import Self

from jettison.errors import BadInputError
from jettison.layers.buffers import PIECE
from jettison.layers.decode import Blob
from jettison.layers.marks import Marks
from jettison.layers.stream import Source, pieces
from jettison.layers.table import Sink
from jettison.oci.image import Extent

LARGE = 4 << 20  # bytes of a file from which a thread of its own pays


class PlainTar(AbstractContextManager["PlainTar"]):
    """The bytes of a plain tar for the thread that reads its headers, and the work that others do beside it.

    Use as a context manager, so that the threads have ended when the block is left, however it is left.

    Args:
        source: the blob; not compressed.
    """

    def __init__(self, source: Source) -> None:
        self.size = source.extent.size
        self._source = source
        self._stop = Event()
        self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix="jettison-plain")
        self._blob = Blob(source.extent, source.place, None, None)
        self._buffer = memoryview(bytearray(PIECE))
        self._state = _state(source.extent.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._blob.close()

    def __iter__(self) -> Iterator[memoryview]:
        """Yield the tar from its beginning, or from where :meth:`seek` went; a piece is valid until the next."""
        while count := self._blob.readinto(self._buffer):
            yield self._buffer[:count]

    def seek(self, offset: int) -> None:
        """Go on at ``offset``."""
        self._blob.position = offset

    def digest(self, marks: Marks) -> "Future[str]":
        """Begin to take the digest of the whole tar; ``marks`` gets what gzip would make of it."""
        return self._pool.submit(self._digest, marks)

    def _digest(self, marks: Marks) -> str:
        whole, size = hashlib.sha256(), 0
        for piece in pieces(self._source, whole):
            self._check()
            size += len(piece.data)
            marks.add(size, piece.stored)
        return "sha256:" + whole.hexdigest()

    def content(self, offset: int, size: int, sinks: Sequence[Sink], done: Callable[[], None]) -> "Future[str]":
        """Begin to take the digest of a part, shown to ``sinks`` as well, and to call ``done`` after it."""
        extent = replace(self._source.extent, offset=self._source.extent.offset + offset, size=size)
        return self._pool.submit(self._content, extent, sinks, done)

    def _content(self, extent: Extent, sinks: Sequence[Sink], done: Callable[[], None]) -> str:
        part = hashlib.sha256()
        view = memoryview(bytearray(PIECE))
        with Blob(extent, self._source.place, part, None) as blob:
            while count := blob.readinto(view):
                self._check()
                for sink in sinks:
                    sink.feed(view[:count])
        done()
        return "sha256:" + part.hexdigest()

    def _check(self) -> None:
        if self._stop.is_set():
            raise CancelledError

    def check_unchanged(self) -> None:
        """Check that all threads read the same bytes.

        Raises:
            BadInputError: the file was written to meanwhile.
        """
        if _state(self._source.extent.path) != self._state:
            raise BadInputError(
                f"{self._source.place}: {self._source.extent.path} changed while it was read",
                hint="read it when it is complete",
            )


def _state(path: str) -> tuple[int, int, int]:
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns
