"""Remove a tree that a container wrote: any depth, any mode, without recursion and with two descriptors open.

:func:`shutil.rmtree` gives up on a directory that its owner may not enter (an overlay leaves one behind on every run)
and on trees deeper than the limit of open files.
"""

import contextlib
import os
import stat

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_inside(parent: int, name: str) -> None:
    """Remove ``name``, a directory or not, and all that lies in it. Nothing is followed.

    Directories found below move up beside each other first, so that none is ever deep.

    Args:
        parent: descriptor of the directory that it is in, which must be writable.
        name: one component.

    Raises:
        OSError: something cannot be removed (another user's file).
    """
    if not _is_dir(parent, name):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)
        return
    top = _enter(parent, name)
    try:
        moved = 0
        while names := os.listdir(top):
            for each in names:
                moved = _lift(top, each, moved)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _lift(top: int, name: str, moved: int) -> int:
    """Remove ``name`` of the top directory; directories in it move up under fresh names, counted by ``moved``."""
    if not _is_dir(top, name):
        os.unlink(name, dir_fd=top)
        return moved
    fd = _enter(top, name)
    try:
        for each in os.listdir(fd):
            if not _is_dir(fd, each):
                os.unlink(each, dir_fd=fd)
                continue
            os.close(_enter(fd, each))  # a directory that moves must be writable: its ``..`` changes
            moved += 1
            os.rename(each, _fresh(top, moved), src_dir_fd=fd, dst_dir_fd=top)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=top)
    return moved


def _fresh(top: int, moved: int) -> str:
    name = f".jettison-{moved}"
    while _mode(top, name) is not None:
        name += "-"
    return name


def _is_dir(parent: int, name: str) -> bool:
    mode = _mode(parent, name)
    return mode is not None and stat.S_ISDIR(mode)


def _mode(parent: int, name: str) -> int | None:
    try:
        return os.lstat(name, dir_fd=parent).st_mode
    except FileNotFoundError:
        return None


def _enter(parent: int, name: str) -> int:
    """Open a directory, made readable and writable for its owner first."""
    with contextlib.suppress(PermissionError):
        os.chmod(name, 0o700, dir_fd=parent)
    return os.open(name, _DIRECTORY, dir_fd=parent)
