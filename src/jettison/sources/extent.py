"""Bytes of extents: opened without following surprises, checked to be there, read in pieces."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jettison.errors import BadInputError, MachineError, UsageError
from jettison.oci.image import Extent

PIECE = 1 << 20

Complain = Callable[[str], None]
"""Takes one sentence about a digest or size that lies; returns when the reader may go on."""


def refuse(problem: str) -> None:
    """Complain by raising: what every reader does that wants a true image.

    Raises:
        BadInputError: always.
    """
    raise BadInputError(problem, hint="jettison verify-image lists everything that is wrong with an image")


@contextmanager
def open_file(path: str) -> Iterator[int]:
    """Open a regular file for reading and give its descriptor.

    Raises:
        UsageError: there is none.
        BadInputError: it is no regular file (a FIFO would block, a device never end).
        MachineError: it may not be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path}: no such file") from None
    except OSError as error:
        raise MachineError(f"{path} cannot be opened: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise BadInputError(f"{path} is no regular file")
        yield fd
    finally:
        os.close(fd)


def pieces(extent: Extent, *, size: int = PIECE) -> Iterator[memoryview]:
    """Give the bytes of an extent, ``size`` at a time; the buffer is reused, so copy what is kept.

    Raises:
        BadInputError: the file ends before the extent does.
    """
    buffer = memoryview(bytearray(min(size, max(extent.size, 1))))
    with open_file(extent.path) as fd:
        place, end = extent.offset, extent.offset + extent.size
        while place < end:
            count = os.preadv(fd, [buffer[: min(len(buffer), end - place)]], place)
            if not count:
                raise BadInputError(f"{extent.path} ends at byte {place}, within a blob of {extent.size} bytes")
            yield buffer[:count]
            place += count


def read_extent(extent: Extent, where: str, *, limit: int) -> bytes:
    """Return the bytes of an extent.

    Args:
        extent: where they lie.
        where: what they are, for the error.
        limit: bytes that they may be at most.

    Raises:
        BadInputError: they are more than ``limit``, or the file is shorter.
    """
    if extent.size > limit:
        raise BadInputError(f"{where} has {extent.size} bytes, more than the {limit} allowed")
    return b"".join(bytes(piece) for piece in pieces(extent))


def head(extent: Extent, count: int) -> bytes:
    """Return the first ``count`` bytes of an extent, or all when it has fewer."""
    first = Extent(extent.path, extent.offset, min(count, extent.size))
    return b"".join(bytes(piece) for piece in pieces(first))


def hash_extent(extent: Extent) -> str:
    """Return the digest of an extent's bytes."""
    hasher = hashlib.sha256()
    for piece in pieces(extent):
        hasher.update(piece)
    return "sha256:" + hasher.hexdigest()
