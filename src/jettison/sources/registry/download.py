"""Blobs on their way into the cache: verified as they come, resumed where they broke off, gone when they lie."""

import contextlib
import fcntl
import functools
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import BinaryIO

from urllib3.exceptions import HTTPError

from jettison.errors import BadInputError, MachineError
from jettison.oci.image import Descriptor
from jettison.progress import Task
from jettison.sources.registry.client import NO_RANGE, NOT_FOUND, OK, PARTIAL, Registry, asked, pieces_of, why
from jettison.sources.registry.together import StoppedError, together
from jettison.storage import cache_root, start_writing

_PIECE = 1 << 20
_WRITTEN_AT_ONCE = 1 << 25
_GOT_ON = 1 << 20  # bytes after which a broken line counts as a first failure again


class _BrokenError(Exception):
    """The line broke; what came until then is kept."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where blobs are kept: whole ones as in an image layout, the others apart.

    Attributes:
        folder: of the cache.
        fresh: digests of the blobs that this process fetched, and so has verified.
    """

    folder: Path
    fresh: set[str] = field(default_factory=set)

    def blob(self, digest: str) -> Path:
        """Where a whole blob lies."""
        return self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def part(self, digest: str) -> Path:
        """Where a blob lies that is not whole yet."""
        return self.folder / "parts" / digest.removeprefix("sha256:")

    def has(self, descriptor: Descriptor) -> bool:
        """Whether a blob is there; it counts as used now."""
        path = self.blob(descriptor.digest)
        with contextlib.suppress(OSError):
            if path.stat().st_size == descriptor.size:
                os.utime(path)
                return True
        return False


def own_shelf() -> Shelf:
    """Return the shelf of the user's cache, the same one each time."""
    return _shelf(cache_root() / "registry")


@functools.cache
def _shelf(folder: Path) -> Shelf:
    return Shelf(folder)


def fetch_blobs(
    registry: Registry, shelf: Shelf, wanted: list[Descriptor], task: Task, stop: Event | None = None
) -> None:
    """Get blobs that the shelf lacks, several at once.

    Args:
        registry: whom to ask.
        shelf: where they go.
        wanted: each digest once.
        task: told the bytes that came.
        stop: set to end it.

    Raises:
        BadInputError: a blob is missing, or is not what its descriptor says; nothing of it is kept.
        MachineError: the registry does not give it; what came is kept, and the next try goes on from there.
    """
    together(lambda one, stop: _fetch(_Job(registry, shelf, one, task, stop)), wanted, stop or registry.stop)


@dataclass(frozen=True, slots=True)
class _Job:
    """One blob to get."""

    registry: Registry
    shelf: Shelf
    descriptor: Descriptor
    task: Task
    stop: Event

    @property
    def where(self) -> str:
        return f"{self.registry.host}/{self.registry.repository}: blob {self.descriptor.digest}"


class _Part:
    """A blob that grows on disk, and the digest of what is there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self._begun = 0  # as far as the kernel was told to write
        self.hash = hashlib.sha256()
        while piece := file.read(_PIECE):
            self._count(piece)

    def add(self, piece: bytes) -> None:
        """Append."""
        self._file.write(piece)
        self._count(piece)
        if self.size - self._begun >= _WRITTEN_AT_ONCE:
            start_writing(self._file.fileno(), self._begun, self.size - self._begun)
            self._begun = self.size

    def clear(self) -> None:
        """Begin again."""
        self._file.seek(0)
        self._file.truncate()
        self.size, self._begun, self.hash = 0, 0, hashlib.sha256()

    def _count(self, piece: bytes) -> None:
        self.hash.update(piece)
        self.size += len(piece)


def _fetch(job: _Job) -> None:
    path = job.shelf.part(job.descriptor.digest)
    with _locked(path) as file:
        if job.shelf.has(job.descriptor):  # another run was faster
            path.unlink(missing_ok=True)
            return
        part = _Part(file)
        resumed = part.size > 0
        job.task.advance(part.size)
        try:
            if part.size <= job.descriptor.size:
                _complete(job, part)
            if resumed and _digest(part) != job.descriptor.digest:  # what an earlier run left may be at fault
                job.task.advance(-part.size)
                part.clear()
                _complete(job, part)
            _check(job, part)
        except BadInputError:
            path.unlink()
            raise
        file.flush()
        os.fsync(file.fileno())
        os.replace(path, job.shelf.blob(job.descriptor.digest))
        job.shelf.fresh.add(job.descriptor.digest)


def _check(job: _Job, part: _Part) -> None:
    if _digest(part) != job.descriptor.digest:
        raise BadInputError(f"{job.where}: what the registry sends has the digest {_digest(part)}")


def _digest(part: _Part) -> str:
    return f"sha256:{part.hash.hexdigest()}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """Open a part, which one run at a time may write to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "r+b") as file:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _complete(job: _Job, part: _Part) -> None:
    """Get the rest of a blob, by ranges where the line breaks (RFC 9110, 14)."""
    failures = 0
    while part.size < job.descriptor.size:
        before = part.size
        try:
            _append(job, part)
            reason = "it ends too early"
        except _BrokenError as error:
            reason = str(error)
        if part.size >= job.descriptor.size:
            break
        failures = 1 if part.size - before >= _GOT_ON else failures + 1
        if failures >= job.registry.patience.tries:
            raise MachineError(f"{job.where}: {reason}", hint="try again: it goes on where it stopped")
        job.registry.patience.wait(failures - 1, job.stop)
    if part.size > job.descriptor.size:
        raise BadInputError(f"{job.where}: the registry sends more than the {job.descriptor.size} bytes it said")


def _append(job: _Job, part: _Part) -> None:
    headers = {"Range": f"bytes={part.size}-"} if part.size else {}
    with asked(job.registry, f"blobs/{job.descriptor.digest}", headers) as response:
        status, said = response.status, response.headers.get("Content-Range", "")
        if status == NOT_FOUND:
            raise BadInputError(f"{job.where}: the registry does not have it")
        if status == NO_RANGE or (status == OK and part.size):  # it starts from the beginning, or knows no ranges
            job.task.advance(-part.size)
            part.clear()
        if status == NO_RANGE or (status == PARTIAL and not said.startswith(f"bytes {part.size}-")):
            raise _BrokenError("it answers with another range than was asked for")
        if status not in (OK, PARTIAL):
            raise _BrokenError(f"it answered {status}")
        try:
            for piece in pieces_of(job.registry, response, _PIECE):
                if job.stop.is_set():
                    raise StoppedError
                part.add(piece)
                job.task.advance(len(piece))
                if part.size > job.descriptor.size:
                    break
        except (HTTPError, TimeoutError, ConnectionError) as error:
            raise _BrokenError(why(error)) from error
