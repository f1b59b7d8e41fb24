"""An unpacked image without some of its files, for a trial: they are moved aside, and back afterwards."""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.interrupt import deferred
from jettison.run.exercise import Rootfs
from jettison.run.scoped import open_directory


@contextmanager
def hidden(rootfs: Rootfs, gone: Iterable[str], emptied: Iterable[str] = ()) -> Iterator[None]:
    """Let a rootfs lack files while the block runs; directories stay.

    Args:
        rootfs: unpacked; nothing runs on it now.
        gone: real paths of files and symlinks that are not there. Those that were not unpacked do not matter.
        emptied: real paths of files that are there without their content.

    Raises:
        OSError: a file cannot be moved.
    """
    aside = rootfs.folder / "aside"
    aside.mkdir(mode=0o700)
    root = os.open(rootfs.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    store = os.open(aside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    moved: list[tuple[str, str]] = []
    try:
        for number, path in enumerate([*gone, *(emptied := tuple(emptied))]):
            if _move(root, path, store, str(number)):
                moved.append((path, str(number)))
        for path, name in moved:
            if path in emptied:
                _make_empty(root, path, store, name)
        yield
    finally:
        with deferred():
            for path, name in moved:
                _back(root, path, store, name)
            os.close(store)
            os.close(root)
            _remove(aside)


def _move(root: int, path: str, store: int, name: str) -> bool:
    try:
        folder = open_directory(root, path.rpartition("/")[0])
    except OSError:
        return False
    try:
        last = path.rpartition("/")[2]
        if stat.S_ISDIR(os.lstat(last, dir_fd=folder).st_mode):
            return False
        with _times_kept(folder):
            os.rename(last, name, src_dir_fd=folder, dst_dir_fd=store)
    except FileNotFoundError:
        return False
    finally:
        os.close(folder)
    return True


def _make_empty(root: int, path: str, store: int, name: str) -> None:
    """Put an empty file in a file's place, with its owner, mode and times."""
    status = os.stat(name, dir_fd=store, follow_symlinks=False)
    folder = open_directory(root, path.rpartition("/")[0])
    try:
        with _times_kept(folder):
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
        with _times_kept(folder):
            os.rename(name, path.rpartition("/")[2], src_dir_fd=store, dst_dir_fd=folder)
    finally:
        os.close(folder)


@contextmanager
def _times_kept(folder: int) -> Iterator[None]:
    status = os.fstat(folder)
    yield
    os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
