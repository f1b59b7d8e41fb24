"""Decoders of a stored blob: each fills buffers with uncompressed bytes.

Compressions: none, gzip (RFC 1952, several members in a row, as eStargz writes) and zstd (RFC 8878, several frames
and skippable frames, as zstd:chunked writes).
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self, cast

import zstandard
from isal import igzip_lib

from jettison.errors import BadInputError, MachineError
from jettison.layers.limits import Limits
from jettison.layers.table import Compression
from jettison.layers.threads import Hash
from jettison.layers.zstdframes import FrameWalk
from jettison.oci.image import Extent
from jettison.progress import Task

READ = 1 << 20
"""Bytes read at once: after each a thread has to wait for the interpreter lock."""

_PART = 1 << 19  # bytes that a gzip decoder gives at once: of 1 MiB and more each is new memory, see buffers.py
_FIRST_STEP = 1 << 12
_IsalError = cast("type[Exception]", igzip_lib.IsalError)  # the package's types call it an instance


class Decoder(Protocol):
    """Gives the uncompressed bytes of a blob, in order."""

    def readinto(self, view: memoryview, /) -> int:
        """Fill the beginning of ``view`` and return how many bytes; 0 at the end.

        Raises:
            BadInputError: the blob is malformed or cut off.
        """


class Blob(AbstractContextManager["Blob"]):
    """The stored bytes, read in order, hashed and counted.

    Args:
        extent: where they lie.
        place: the layer, for messages.
        digest: fed with them; None when nobody asks.
        task: told of them; None when nobody listens.

    Raises:
        MachineError: the file cannot be opened.
    """

    def __init__(self, extent: Extent, place: str, digest: Hash | None, task: Task | None) -> None:
        self.place = place
        self.position = 0
        self._extent = extent
        self._hash = digest
        self._task = task
        self._buffer = memoryview(b"")
        try:
            self._file = open(extent.path, "rb", buffering=0)  # noqa: SIM115 -- closed when the block is left
        except OSError as error:
            raise MachineError(f"{place}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def readinto(self, view: memoryview, /) -> int:
        """Read the next bytes into ``view`` and return how many; 0 at the end.

        Raises:
            BadInputError: the file is shorter than the blob.
        """
        wanted = min(len(view), self._extent.size - self.position)
        place = self._extent.offset + self.position
        count = os.preadv(self._file.fileno(), [view[:wanted]], place) if wanted else 0
        if not count and self.position < self._extent.size:
            raise BadInputError(
                f"{self.place}: the file ends after {self.position} of the blob's {self._extent.size} bytes",
                hint="fetch or save the image again",
            )
        self.position += count
        if count and self._hash is not None:
            self._hash.update(view[:count])
        if count and self._task is not None:
            self._task.advance(count)
        return count

    def read_at(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes at ``offset`` of the blob; they count neither for the digest nor for the task.

        Raises:
            BadInputError: they are not inside the blob.
        """
        if offset < 0 or size < 0 or offset + size > self._extent.size:
            raise BadInputError(f"{size} bytes at {offset} are outside the file of {self._extent.size} bytes")
        return os.pread(self._file.fileno(), size, self._extent.offset + offset)

    def read(self) -> memoryview:
        """Return the next bytes, at most :data:`READ`, none at the end; they are valid until the next call.

        Raises:
            BadInputError: the file is shorter than the blob.
        """
        if not self._buffer:
            self._buffer = memoryview(bytearray(min(READ, max(self._extent.size, 1))))
        return self._buffer[: self.readinto(self._buffer)]


def decoder(compression: Compression, blob: Blob, limits: Limits) -> Decoder:
    """Return the decoder of a blob."""
    if compression == "gzip":
        return _Gunzip(blob)
    return _Unzstd(blob, limits) if compression == "zstd" else blob


class _Gunzip:
    def __init__(self, blob: Blob) -> None:
        self._parts = _gunzip(blob)
        self._rest = memoryview(b"")

    def readinto(self, view: memoryview, /) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._parts, b""))
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _gunzip(blob: Blob) -> Iterator[bytes]:
    """Unpack gzip members one after another.

    A member is fed in steps that double from 4 KiB, since the decoder copies what it leaves unused: thousands of tiny
    members in one read would otherwise cost quadratic time.
    """
    data, at = blob.read(), 0
    while data:
        member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        step = _FIRST_STEP
        while not member.eof:
            fed = data[:0]
            if member.needs_input:
                if at == len(data):
                    data, at = blob.read(), 0
                if not data:
                    message = f"{blob.place}: the gzip stream is cut off"
                    raise BadInputError(message, hint="fetch or save the image again")
                fed = data[at : at + step]
                at += len(fed)
                step = min(2 * step, READ)
            try:
                part = member.decompress(fed, _PART)
            except _IsalError as error:
                raise BadInputError(f"{blob.place}: malformed gzip stream: {error}") from error
            if part:
                yield part
        at -= len(member.unused_data)
        if at == len(data):
            data, at = blob.read(), 0


class _Unzstd:
    def __init__(self, blob: Blob, limits: Limits) -> None:
        self._blob = blob
        self._limits = limits
        self._walk = FrameWalk(blob.place)
        decompressor = zstandard.ZstdDecompressor(max_window_size=limits.max_window)
        self._reader = decompressor.stream_reader(self, READ, read_across_frames=True)  # type: ignore[arg-type]  # read() is all it calls

    def read(self, _size: int) -> memoryview:
        """Give the decoder, which has used up what it got before, the next stored bytes."""
        data = self._blob.read()
        self._walk.feed(data)
        return data

    def readinto(self, view: memoryview, /) -> int:
        try:
            count = self._reader.readinto(view)
        except zstandard.ZstdError as error:
            hint = f"a window over {self._limits.max_window} bytes needs --limit max-window=VALUE"
            raise BadInputError(f"{self._blob.place}: malformed zstd stream: {error}", hint=hint) from error
        if not count:
            self._walk.finish()
        return count
