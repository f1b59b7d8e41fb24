"""Compression of a layer in parallel: gzip by blocks as pigz does, zstd by its own threads.

What comes out depends on content and level only, never on the number of threads or on how the content was cut.
"""

import os
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import zstandard
from isal import isal_zlib

from jettison.errors import UsageError
from jettison.layers.table import Compression

_WINDOW = 1 << 15
GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_LAST_BLOCK = b"\x03\0"
GZIP_LEVEL = 6
ZSTD_LEVEL = 3
_LEVELS: dict[Compression, range] = {"none": range(1), "gzip": range(1, 10), "zstd": range(1, 23)}


class Compressor(Protocol):
    """Takes blocks and gives compressed bytes, some blocks later."""

    def feed(self, block: memoryview) -> Iterator[bytes | memoryview]:
        """Take the next block and yield what is ready; where blocks end decides what comes out."""

    def finish(self) -> Iterator[bytes]:
        """Yield the rest."""

    def close(self) -> None:
        """Let go of the threads."""


def make_compressor(compression: Compression, level: int | None = None, threads: int | None = None) -> Compressor:
    """Make the compressor of a layer.

    Args:
        compression: which.
        level: 1 to 9 for gzip (default 6), 1 to 22 for zstd (default 3).
        threads: at once; default one a core.

    Raises:
        UsageError: there is no such level.
    """
    if level is not None and level not in _LEVELS[compression]:
        levels = _LEVELS[compression]
        raise UsageError(f"{compression} has no level {level}", hint=f"it has {levels.start} to {levels.stop - 1}")
    threads = threads or os.cpu_count() or 1
    if compression == "gzip":
        return _Gzip(level or GZIP_LEVEL, threads)
    return _Zstd(level or ZSTD_LEVEL, threads) if compression == "zstd" else _Store()


class _Store:
    def feed(self, block: memoryview) -> Iterator[memoryview]:
        yield block

    def finish(self) -> Iterator[bytes]:
        yield from ()

    def close(self) -> None:
        """Nothing to let go of."""


class _Zstd:
    """Threads from the first on: zstd's output with one thread differs from that without, not from that with more."""

    def __init__(self, level: int, threads: int) -> None:
        self._stream = zstandard.ZstdCompressor(level, threads=threads, write_checksum=True).compressobj()

    def feed(self, block: memoryview) -> Iterator[bytes]:
        yield self._stream.compress(block)

    def finish(self) -> Iterator[bytes]:
        yield self._stream.flush()

    def close(self) -> None:
        """Its threads end with it."""


class _Gzip:
    """One member; each block deflated on its own with the 32 KiB before it as dictionary, ended by a sync flush."""

    def __init__(self, level: int, threads: int) -> None:
        self._level = level
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="jettison-gzip")
        self._most = threads + 2
        self._ready: deque[Future[bytes]] = deque()
        self._before: bytes | memoryview = b""
        self._crc = 0
        self._size = 0

    def feed(self, block: memoryview) -> Iterator[bytes]:
        if not self._size:
            yield GZIP_HEADER
        self._ready.append(self._pool.submit(_deflate, block, self._before, self._level))
        self._before = block[-_WINDOW:]
        self._crc = isal_zlib.crc32(block, self._crc)
        self._size += len(block)
        while len(self._ready) > self._most:
            yield self._ready.popleft().result()

    def finish(self) -> Iterator[bytes]:
        if not self._size:
            yield GZIP_HEADER
        while self._ready:
            yield self._ready.popleft().result()
        yield _LAST_BLOCK + self._crc.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _deflate(block: memoryview, before: bytes | memoryview, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, before)
    return packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)
