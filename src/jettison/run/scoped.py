"""Paths inside a rootfs, resolved as its own processes would: a symlink never leads out of the root.

Symlinks are read and followed here, an absolute one and ``..`` stopping at the root; directories are opened so that
the kernel follows none. So a hostile rootfs cannot make Jettison touch the machine's files.
"""

import errno
import os
import stat

from jettison.run.syscalls import open_beneath

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKS = 40  # as the kernel: MAXSYMLINKS
_PATH_LIMIT = 4096  # as the kernel: PATH_MAX


def split(path: str) -> list[str]:
    """Return the components of a path, ``.`` and empty ones left out."""
    return [part for part in path.split("/") if part not in {"", "."}]


def follow(root: int, path: str) -> str:
    """Resolve every symlink of ``path``, the last component's included.

    Args:
        root: descriptor of the root directory.
        path: absolute or relative to the root.

    Returns:
        The path relative to the root, without symlinks, ``.`` and ``..``; components that do not exist stay as they
        are.

    Raises:
        OSError: ELOOP for too many symlinks, ENAMETOOLONG for a path over the kernel's limit.
    """
    todo = split(path)[::-1]
    done: list[str] = []
    links = 0
    while todo:
        part = todo.pop()
        if part == "..":
            del done[-1:]
            continue
        target = _link_target(root, "/".join([*done, part]))
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > _LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if target.startswith("/"):
            done.clear()
        todo.extend(split(target)[::-1])
        if sum(map(len, todo)) + sum(map(len, done)) + len(todo) + len(done) > _PATH_LIMIT:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
    return "/".join(done)


def _link_target(root: int, resolved: str) -> str | None:
    """Return the target of the symlink at a path whose parents are resolved; None when it is no symlink."""
    try:
        return os.readlink(resolved, dir_fd=root)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.EACCES}:
            return None
        raise


def open_directory(root: int, resolved: str) -> int:
    """Open a directory by a path without symlinks.

    Args:
        root: descriptor of the root directory.
        resolved: what :func:`follow` gave.

    Returns:
        A descriptor that the caller closes.

    Raises:
        OSError: a component is missing (ENOENT), no directory (ENOTDIR) or a symlink after all (ENOTDIR or ELOOP).
    """
    try:
        return open_beneath(root, resolved or ".", _DIRECTORY)
    except OSError as error:
        if error.errno not in {errno.ENOSYS, errno.EPERM}:
            raise
    return _step_by_step(root, resolved)


def _step_by_step(root: int, resolved: str) -> int:
    """Open a directory where the kernel is older than Linux 5.6, or an engine forbids ``openat2``."""
    fd = os.open(".", _DIRECTORY, dir_fd=root)
    for part in split(resolved):
        try:
            inner = os.open(part, _DIRECTORY, dir_fd=fd)
        finally:
            os.close(fd)
        fd = inner
    return fd


def read_file(root: int, path: str, limit: int) -> bytes:
    """Return at most ``limit`` bytes of a regular file of the rootfs; empty when there is none to be read."""
    try:
        resolved = follow(root, path)
        parent = open_directory(root, resolved.rpartition("/")[0])
        try:
            # non-blocking, so that a FIFO in the file's place does not make Jettison wait
            fd = os.open(
                resolved.rpartition("/")[2], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent
            )
        finally:
            os.close(parent)
    except OSError:
        return b""
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return b""
    with os.fdopen(fd, "rb") as file:
        return file.read(limit)
