"""Files on disk: files that appear whole or not at all, scratch that goes away, and the user's cache.

What Jettison writes for itself goes through here, what a user asked for through :mod:`jettison.outputs`, so that a
failure, a full disk or Ctrl-C leaves nothing behind.
"""

import contextlib
import ctypes
import fcntl
import functools
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jettison.errors import MachineError, UsageError
from jettison.interrupt import allowed, deferred

DEFAULT_CACHE_LIMIT = 20_000_000_000
_SCRATCH = "jettison-scratch-"
_PART = ".part"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
STALE = 3_600.0  # seconds
_SYNC_FILE_RANGE_WRITE = 2  # linux/fs.h


def cache_root() -> Path:
    """Return the cache folder: ``$JETTISON_CACHE``, ``$XDG_CACHE_HOME/jettison`` or ``~/.cache/jettison``."""
    if explicit := os.environ.get("JETTISON_CACHE"):
        return Path(explicit)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "jettison"


def fsync_dir(path: Path) -> None:
    """Make renames in a folder durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def atomic_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file of Jettison's own for writing; it appears whole (written, synced, renamed) or not at all.

    Any number of runs may write the same one, the last to finish wins. What a user asked for goes through
    :mod:`jettison.outputs` instead.

    Args:
        path: the file; its folder must exist.
        force: replace a file that is there.

    Raises:
        UsageError: the file exists and ``force`` is False.
    """
    _check_free(path, force=force)
    with deferred():
        fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)
        try:
            with allowed(), os.fdopen(fd, "wb") as file:
                _remove_parts(path, fd)
                yield file
                file.flush()
                os.fchmod(file.fileno(), 0o666 & ~umask())
                os.fsync(file.fileno())
            _check_free(path, force=force)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise
    fsync_dir(path.parent)


def _check_free(path: Path, *, force: bool) -> None:
    """Refuse to replace what is there: before the work, and after it, since another run may have put it there."""
    if not force and os.path.lexists(path):
        raise UsageError(f"{path} exists", hint="choose another output, or add --force")


def _remove_parts(path: Path, own: int) -> None:
    """Remove what killed runs left of this file: an hour old, and locked by no process; ``own`` is locked here."""
    with contextlib.suppress(OSError):
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    name = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}{re.escape(_PART)}")
    for part in [path.parent / one for one in os.listdir(path.parent) if name.fullmatch(one)]:
        with contextlib.suppress(OSError):
            status = part.lstat()
            if stat.S_ISREG(status.st_mode) and _is_stale(status):
                with _locked(part, os.O_RDONLY | os.O_NOFOLLOW):
                    part.unlink()


def start_writing(fd: int, offset: int, size: int) -> None:
    """Let the kernel begin to write a part of a file to the disk, and do not wait (sync_file_range(2)).

    So that the sync at the end of a large file is short; where the call is not there, nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError):
        _libc().sync_file_range(fd, ctypes.c_int64(offset), ctypes.c_int64(size), _SYNC_FILE_RANGE_WRITE)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def umask() -> int:
    """Return the process's mask of permissions."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def scratch_root() -> Path | None:
    """Return the folder that the user wants scratch in, ``$JETTISON_SCRATCH``; None when nothing is said."""
    return Path(said) if (said := os.environ.get("JETTISON_SCRATCH")) else None


@contextmanager
def scratch_dir(base: Path | None = None) -> Iterator[Path]:
    """Give a folder for large intermediate files, removed at the end however it ends.

    What a killed process left there goes when a later run finds it an hour old.

    Args:
        base: where; default ``$JETTISON_SCRATCH``, else the ``scratch`` folder of the user's cache, which is on disk
            (``/tmp`` may be memory).

    Raises:
        MachineError: no folder can be made there.
    """
    parent = base or scratch_root() or cache_root() / "scratch"
    with deferred():
        folder = _make_scratch(parent, variable="JETTISON_SCRATCH" if base or scratch_root() else "JETTISON_CACHE")
        try:
            with _locked(folder, _FOLDER), allowed():
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _make_scratch(parent: Path, *, variable: str) -> Path:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(parent)
        return Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=parent))
    except OSError as error:
        hint = f"set {variable} to a folder that has room and may be written"
        raise MachineError(f"{parent}: no folder can be made in it: {error.strerror}", hint=hint) from error


def _remove_stale(parent: Path) -> None:
    """Remove what runs of this user left behind that were killed: folders an hour old that no process has locked."""
    for path in parent.glob(f"{_SCRATCH}*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if _is_stale(status):
                with _locked(path, _FOLDER):
                    shutil.rmtree(path, ignore_errors=True)


def _is_stale(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and time.time() - status.st_mtime > STALE


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[None]:
    """Lock a file or folder, opened with ``flags``, until the block ends or the process dies.

    Raises:
        BlockingIOError: another process has locked it.
    """
    fd = os.open(path, flags)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass  # a file system without locks: age alone says what is stale
        yield
    finally:
        os.close(fd)


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of files by key, bounded in size, safe against concurrent runs (atomic renames, a lock when pruning).

    Attributes:
        folder: where the files lie; made on first use.
        limit: bytes; the least recently used files go when the folder grows over it.
    """

    folder: Path
    limit: int = DEFAULT_CACHE_LIMIT

    def path(self, key: str) -> Path | None:
        """Return the file of ``key`` (letters, digits, ``-_.``) and mark it as used now; None when absent."""
        path = self.folder / key[:2] / key
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def get(self, key: str) -> bytes | None:
        """Return the content of ``key``'s file, or None."""
        path = self.path(key)
        try:
            return path.read_bytes() if path else None
        except OSError:
            return None

    @contextmanager
    def put(self, key: str) -> Iterator[BinaryIO]:
        """Open ``key``'s file for writing; it appears whole, or not at all. Prunes the folder afterwards."""
        path = self.folder / key[:2] / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, force=True) as file:
            yield file
        self.prune()

    def prune(self) -> None:
        """Remove the least recently used files until the folder is within its limit."""
        with open(self.folder / ".lock", "ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return  # another run prunes
            files = sorted(_stat_files(self.folder), reverse=True)
            room = self.limit
            for _, size, path in files:
                room -= size
                if room < 0:
                    with contextlib.suppress(FileNotFoundError):
                        path.unlink()


def _stat_files(folder: Path) -> Iterator[tuple[int, int, Path]]:
    for shelf in folder.iterdir():
        if not shelf.is_dir():
            continue
        for path in shelf.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                yield status.st_mtime_ns, status.st_size, path
