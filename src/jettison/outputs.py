"""What a user asked for: made in a folder beside its place, and put there whole or not at all.

That folder, ``.NAME.jettison-part``, is also the lock of its place: one run makes it, holds a lock on it while it
lives, and removes it. A second run to the same place is refused. What a killed run left is taken over by the next.
"""

import errno
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from jettison.errors import MachineError, UsageError
from jettison.interrupt import allowed, deferred, done
from jettison.storage import STALE, fsync_dir, umask

_MARK = ".jettison-part"
_OLD = "old"
_OWNER = "process"
_TRIES = 100
_BUSY = (errno.EWOULDBLOCK, errno.EAGAIN)


@contextmanager
def workspace(path: Path) -> Iterator[Path]:
    """Give a folder beside an output to make it in, gone when the block is left; the output is this run's until then.

    Args:
        path: the output; its folder must exist.

    Raises:
        UsageError: another run is writing to it.
        OSError: of the machine; it names the output, never what lies in the folder.
    """
    folder = path.with_name(f".{path.name}{_MARK}")
    try:
        with deferred():
            lock = _claim(folder, path)
            try:
                with allowed():
                    yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)  # after the removal: until then no other run may take the folder for its own
    except OSError as error:
        if os.fsdecode(error.filename or b"").startswith(str(folder)):
            error.filename, error.filename2 = str(path), None
        raise


def _claim(folder: Path, path: Path) -> int:
    """Make the folder, or take over a dead run's, and return the descriptor that holds its lock."""
    for _ in range(_TRIES):
        found = not _made(folder)
        lock = _lock(folder, path, found=found)
        if lock < 0:
            continue  # the run that had it removed it meanwhile
        try:
            if found:
                _clear(folder, path)
            (folder / _OWNER).write_text(str(os.getpid()), "ascii")
        except BaseException:
            os.close(lock)
            raise
        return lock
    raise MachineError(f"{path} cannot be locked: {folder} comes and goes")


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return False
    return True


def _lock(folder: Path, path: Path, *, found: bool) -> int:
    """Lock the folder; return the descriptor, or -1 when it is not there any more."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return -1
    try:
        _take(lock, folder, path, found=found)
        same = os.path.samestat(os.fstat(lock), os.lstat(folder))
    except FileNotFoundError:
        same = False
    except BaseException:
        os.close(lock)
        raise
    if same:
        return lock
    os.close(lock)
    return -1


def _take(lock: int, folder: Path, path: Path, *, found: bool) -> None:
    status = os.fstat(lock)
    if found and status.st_uid != os.geteuid():
        raise UsageError(f"{path}: a run of another user has left {folder}", hint="remove it when that run is dead")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # a file system without locks: there, age alone says that a run is dead
        if error.errno in _BUSY or (found and time.time() - status.st_mtime < STALE):
            raise _other_run(folder, path) from error


def _other_run(folder: Path, path: Path) -> UsageError:
    try:
        process = f" (process {int((folder / _OWNER).read_text('ascii')[:20])})"
    except (OSError, ValueError):
        process = ""  # it has only just begun, or is about to end
    hint = "wait until it has ended, or choose another output"
    return UsageError(f"another run{process} is writing to {path}", hint=hint)


def _clear(folder: Path, path: Path) -> None:
    """Empty a dead run's folder; what it had set aside goes back when it was killed before it had put its output."""
    old = folder / _OLD
    if old.is_dir() and not os.path.lexists(path):
        for aside in sorted(old.iterdir()):
            place = path.with_name(aside.name)
            if os.path.lexists(place):
                os.rename(place, folder / f"new-{aside.name}")
            os.rename(aside, place)
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()


def put(folder: Path, made: Mapping[Path, Path]) -> None:
    """Put what was made in its places, all of it or none; what was there ends up in the workspace.

    Args:
        folder: the workspace.
        made: for each place what goes there. The workspace's own output comes last: by its absence the next run knows
            that this one was killed half way.
    """
    aside = folder / _OLD
    aside.mkdir()
    with deferred(), ExitStack() as undo:
        # the way back is known before each step: whoever is interrupted right after one must not forget it
        for place in reversed(list(made)):
            if os.path.lexists(place):
                undo.callback(_move_back, aside / place.name, place)
                os.rename(place, aside / place.name)
        for place, source in made.items():
            undo.callback(_move_back, place, source)
            os.rename(source, place)
        undo.pop_all()


def _move_back(now: Path, before: Path) -> None:
    if os.path.lexists(now) and not os.path.lexists(before):
        os.rename(now, before)


@contextmanager
def whole_file(path: Path, *, force: bool, last: bool = True) -> Iterator[BinaryIO]:
    """Open an output for writing; it appears whole (written, synced, renamed) or not at all.

    Args:
        path: the file; its folder must exist.
        force: replace a file that is there.
        last: whether the run is done with it (see :func:`jettison.interrupt.done`).

    Raises:
        UsageError: as :func:`check_file`, or another run is writing to it.
    """
    check_file(path, force=force)
    with workspace(path) as folder:
        check_file(path, force=force)  # once more: what a killed run had set aside may be back
        made = folder / "new"
        with open(made, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        check_file(path, force=force)
        with deferred():
            os.replace(made, path)
            if last:
                done(str(path))
        fsync_dir(path.parent)


@contextmanager
def whole_dir(path: Path, *, force: bool, last: bool = True) -> Iterator[Path]:
    """Give a new folder that takes its place when the block ends well, and vanishes when it does not.

    Args:
        path: the folder to make; its parent must exist.
        force: replace what is there.
        last: whether the run is done with it.

    Raises:
        UsageError: something is there, and ``force`` is False; or another run is writing to it.
    """
    check_place(path, force=force)
    with workspace(path) as folder:
        check_place(path, force=force)  # as in whole_file
        made = folder / "new"
        made.mkdir(mode=0o777 & ~umask())
        yield made
        _sync_files(made)
        check_place(path, force=force)
        with deferred():
            put(folder, {path: made})
            if last:
                done(str(path))
        fsync_dir(path.parent)


def _sync_files(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            fd = os.open(os.path.join(root, name), os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        fsync_dir(Path(root))


def check_file(path: Path, *, force: bool) -> None:
    """Refuse a place that a file cannot take, before the work, and after it, since another run may have put it there.

    Raises:
        UsageError: as :func:`check_place`, or a folder is there.
    """
    check_place(path, force=force)
    if path.is_dir():
        raise UsageError(f"{path} is a folder; it is not replaced", hint="choose another output")


def check_place(path: Path, *, force: bool) -> None:
    """Refuse a place that an output cannot take.

    Raises:
        UsageError: its folder does not exist, something is there and ``force`` is False, or what is there is neither
            a file nor a folder: a device, a FIFO, a socket, or a link to an open file such as ``/dev/stdout``.
    """
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder", hint="make it first")
    if not os.path.lexists(path):
        return
    if _is_special(path):
        raise UsageError(f"{path} is neither a file nor a folder; it is not replaced", hint="choose another output")
    if not force:
        raise UsageError(f"{path} exists", hint="choose another output, or add --force")


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # a link that leads nowhere
    if path.is_symlink():
        names = (path, path.parent / os.readlink(path))
        if any(os.path.realpath(name.parent).startswith("/proc/") for name in names):
            return True
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
