"""An unpacked image without some of its files, for a trial: they are moved aside, and back afterwards."""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.errors import MachineError
from jettison.interrupt import deferred
from jettison.run.exercise import Rootfs
from jettison.run.scoped import open_directory


@contextmanager
def hidden(rootfs: Rootfs, gone: Iterable[str], emptied: Iterable[str] = ()) -> Iterator[None]:
    """Let a rootfs lack files while the block runs.

    Args:
        rootfs: unpacked; nothing runs on it now.
        gone: real paths that are not there; a directory stays when something in it does. Those that were not unpacked
            do not matter.
        emptied: real paths of files that are there without their content.

    Raises:
        MachineError: something cannot be moved aside, or back.
    """
    aside, empty = rootfs.folder / "aside", frozenset(emptied)
    try:
        with _aside(rootfs, aside) as (root, store):
            moved: list[tuple[str, str]] = []
            try:
                paths = sorted({*gone, *empty}, key=lambda path: -path.count("/"))  # what lies in a directory before it
                for number, path in enumerate(paths):
                    if _move(root, path, store, str(number)):
                        moved.append((path, str(number)))
                for path, name in moved:
                    if path in empty:
                        _make_empty(root, path, store, name)
                yield
            finally:
                with deferred():
                    _all_back(root, moved, store)
    except OSError as error:
        raise MachineError(f"{rootfs.path}: a trial without some files cannot be made: {error}") from error


@contextmanager
def _aside(rootfs: Rootfs, aside: Path) -> Iterator[tuple[int, int]]:
    """Give descriptors of a rootfs and of a folder beside it."""
    aside.mkdir(mode=0o700)
    root = os.open(rootfs.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    store = os.open(aside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield root, store
    finally:
        os.close(store)
        os.close(root)
        with contextlib.suppress(OSError):
            aside.rmdir()


def _all_back(root: int, moved: list[tuple[str, str]], store: int) -> None:
    failed: OSError | None = None
    for path, name in reversed(moved):
        try:
            _back(root, path, store, name)
        except OSError as error:  # the others come back all the same
            failed = error
    if failed is not None:
        raise failed


def _move(root: int, path: str, store: int, name: str) -> bool:
    """Move one path aside; return whether it was there, and no directory that something is left in."""
    try:
        folder = open_directory(root, path.rpartition("/")[0])
    except OSError:
        return False
    try:
        last = path.rpartition("/")[2]
        if stat.S_ISDIR(os.lstat(last, dir_fd=folder).st_mode) and not _is_empty(root, path):
            return False
        with _writable(folder):
            os.rename(last, name, src_dir_fd=folder, dst_dir_fd=store)
    except FileNotFoundError:
        return False
    finally:
        os.close(folder)
    return True


def _is_empty(root: int, path: str) -> bool:
    folder = open_directory(root, path)
    try:
        return not os.listdir(folder)
    finally:
        os.close(folder)


def _make_empty(root: int, path: str, store: int, name: str) -> None:
    """Put an empty file in a file's place, with its owner, mode and times."""
    status = os.stat(name, dir_fd=store, follow_symlinks=False)
    folder = open_directory(root, path.rpartition("/")[0])
    try:
        with _writable(folder):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(path.rpartition("/")[2], flags, stat.S_IMODE(status.st_mode), dir_fd=folder)
            with contextlib.suppress(PermissionError):  # an ordinary user owns all there is
                os.fchown(fd, status.st_uid, status.st_gid)
            os.fchmod(fd, stat.S_IMODE(status.st_mode))
            os.utime(fd, ns=(status.st_atime_ns, status.st_mtime_ns))
            os.close(fd)
    finally:
        os.close(folder)


def _back(root: int, path: str, store: int, name: str) -> None:
    folder = open_directory(root, path.rpartition("/")[0])
    try:
        with _writable(folder):
            os.rename(name, path.rpartition("/")[2], src_dir_fd=store, dst_dir_fd=folder)
    finally:
        os.close(folder)


@contextmanager
def _writable(folder: int) -> Iterator[None]:
    """Let a folder be written to, and have its mode and times afterwards as before."""
    status = os.fstat(folder)
    mode = stat.S_IMODE(status.st_mode)
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        os.fchmod(folder, mode | stat.S_IRWXU)
    try:
        yield
    finally:
        if mode & stat.S_IRWXU != stat.S_IRWXU:
            os.fchmod(folder, mode)
        os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))
