"""Parts of a blob that can be read one by one: each packed on its own, in parallel, and written in order."""

import contextlib
import hashlib
import os
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import local
from types import TracebackType
from typing import Self

import zstandard

from jettison.errors import BadInputError
from jettison.layers.compress import GZIP_HEADER
from jettison.layers.write import no_room

CHUNK = 4 << 20
"""Bytes of content that are packed at once; a longer file is cut into chunks of this size (eStargz's usual one)."""
_MOST_WAITING = 256

Pack = Callable[[bytes], bytes]


def gzip_member(level: int) -> Pack:
    """Return what packs bytes as a gzip member (RFC 1952) without name and time."""

    def pack(data: bytes) -> bytes:
        packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9)
        trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
        return GZIP_HEADER + packer.compress(data) + packer.flush() + trailer

    return pack


def zstd_frame(level: int) -> Pack:
    """Return what packs bytes as a zstd frame (RFC 8878) that tells its content's size and checksum."""
    own = local()

    def pack(data: bytes) -> bytes:
        if not hasattr(own, "compressor"):  # one a thread: it keeps its tables, and is no thread's but its own
            own.compressor = zstandard.ZstdCompressor(level, write_checksum=True)
        packed: bytes = own.compressor.compress(data)
        return packed

    return pack


@dataclass(slots=True)
class Chunk:
    """Content of a file that was packed as one part.

    Attributes:
        at: offset in the file, bytes.
        size: bytes of content.
        digest: of the content; known once it is packed.
        start: offset of its part in the blob; known once it is written.
        end: where the part ends.
    """

    at: int
    size: int
    digest: str = ""
    start: int = 0
    end: int = 0


class Frames(AbstractContextManager["Frames"]):
    """Packs parts on several threads, and writes them to a blob in order; what comes out does not depend on threads.

    Use as a context manager: left by an error, the file is removed.

    Args:
        path: the blob; must not exist.
        pack: makes a part.
        threads: that pack.

    Raises:
        MachineError: it cannot be written.

    Attributes:
        stored: bytes of the blob that are written.
    """

    def __init__(self, path: Path, pack: Pack, threads: int | None = None) -> None:
        self.stored = 0
        self._path = path
        self._pack = pack
        threads = threads or os.cpu_count() or 1
        self._room = (threads + 2) * CHUNK
        self._waiting: deque[tuple[Future[tuple[bytes, str]], Chunk | None, int]] = deque()
        self._held = 0
        self._hash = hashlib.sha256()
        try:
            self._file = open(path, "xb")  # noqa: SIM115 -- closed when the block is left
        except OSError as error:
            raise no_room(path, error) from error
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="jettison-pack")

    def put(self, data: bytes, chunk: Chunk | None = None, more: bytes = b"") -> None:
        """Add a part.

        Args:
            data: what is in it.
            chunk: learns of ``data``'s digest, and where the part begins and ends; None for what no table names.
            more: comes behind it, in the same part.
        """
        self._waiting.append((self._pool.submit(_packed, self._pack, data, more, chunk), chunk, len(data) + len(more)))
        self._held += len(data) + len(more)
        while self._held > self._room or len(self._waiting) > _MOST_WAITING:
            self._next()

    def flush(self) -> int:
        """Write what waits, and return the blob's size so far."""
        while self._waiting:
            self._next()
        return self.stored

    def write(self, data: bytes) -> None:
        """Write bytes that are packed already; :meth:`flush` comes before."""
        try:
            self._file.write(data)
        except OSError as error:
            raise no_room(self._path, error) from error
        self._hash.update(data)
        self.stored += len(data)

    def finish(self) -> str:
        """Write what waits, close the file, and return the blob's digest."""
        self.flush()
        try:
            self._file.close()
        except OSError as error:
            raise no_room(self._path, error) from error
        return "sha256:" + self._hash.hexdigest()

    def _next(self) -> None:
        future, chunk, size = self._waiting.popleft()
        packed, digest = future.result()
        self._held -= size
        if chunk is not None:
            chunk.digest, chunk.start, chunk.end = digest, self.stored, self.stored + len(packed)
        self.write(packed)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        with contextlib.suppress(OSError):  # told before, or there is nothing left to lose
            self._file.close()
        if kind is not None:
            self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self


def _packed(pack: Pack, data: bytes, more: bytes, chunk: Chunk | None) -> tuple[bytes, str]:
    digest = "" if chunk is None else "sha256:" + hashlib.sha256(data).hexdigest()
    return pack(data + more), digest


class Tape:
    """Bytes that stream by, taken from front to back.

    Args:
        pieces: of them; a piece may be a buffer that is used again.
        at: offset of the first.

    Attributes:
        at: offset up to which they were taken.
    """

    def __init__(self, pieces: Iterator[memoryview], at: int = 0) -> None:
        self.at = at
        self._pieces = pieces
        self._piece = memoryview(b"")

    def to(self, offset: int) -> bytes:
        """Return the bytes up to ``offset``; it is the caller's to see that they fit into memory.

        Raises:
            BadInputError: they end before.
        """
        parts = []
        while self.at < offset:
            if not self._piece:
                self._piece = next(self._pieces, memoryview(b""))
                if not self._piece:
                    raise BadInputError(f"the layer ends after {self.at} bytes", hint="it changed while it was read")
            taken = self._piece[: offset - self.at]
            parts.append(bytes(taken))
            self._piece = self._piece[len(taken) :]
            self.at += len(taken)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def skip(self, offset: int) -> None:
        """Pass over the bytes up to ``offset``."""
        while self.at < offset:
            self.to(min(offset, self.at + CHUNK))

    def chunks(self, size: int) -> Iterator[tuple[Chunk, bytes]]:
        """Take ``size`` bytes of a file's content, chunk by chunk."""
        start = self.at
        for at in range(0, size, CHUNK):
            chunk = Chunk(at, min(CHUNK, size - at))
            yield chunk, self.to(start + at + chunk.size)
