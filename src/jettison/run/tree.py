"""A rootfs while layers are unpacked into it.

Semantics are those of the OCI image-spec's layer.md and containerd's ``archive/tar.go``; :mod:`jettison.files.apply`
states them for the file table, and a property test holds the two together. Each operation is relative to a descriptor
of its directory, which is opened without following symlinks (:mod:`jettison.run.scoped`).
"""

import contextlib
import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from jettison.finding import Skip
from jettison.layers.entry import WHITEOUT_PREFIX, Entry
from jettison.layers.members import Member
from jettison.run.ids import Ids
from jettison.run.remove import remove_inside
from jettison.run.scoped import follow, open_directory

_AUFS_PREFIX = WHITEOUT_PREFIX * 2
_OPEN_DIRECTORIES = 64
_SKIPS = 1_000
_STEPS = 5_000_000
_LAST_TIME = 253_402_300_799_000_000_000  # the year 9999 in nanoseconds: ext4 and xfs refuse or wrap later ones


@dataclass(slots=True)
class Tree:
    """The rootfs under way.

    Attributes:
        root: descriptor of its directory.
        ids: owners.
        made: paths that the layer under way made: its whiteouts spare them.
        cleared: directories that the layer under way has cleared of what lower layers had there.
        pending: what each directory is to become at the end (its entry, None when no entry names it): until then it
            has to stay writable, and its mtime changes with each file made in it.
        metadata: paths of aufs's own files in the root, removed at the end.
        devices: paths of devices, which were not made.
        opened: real path and descriptor of directories in use, by their path in the tar.
        stale: whether paths of ``opened`` may lead elsewhere by now.
        steps: components of paths through symlinks or to nothing yet, walked in all.
        skips: what was left out.
    """

    root: int
    ids: Ids
    made: set[str] = field(default_factory=set)
    cleared: set[str] = field(default_factory=set)
    pending: dict[str, Entry | None] = field(default_factory=dict)
    metadata: list[str] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    opened: OrderedDict[str, tuple[str, int]] = field(default_factory=OrderedDict)
    stale: bool = False
    steps: int = 0
    skips: list[Skip] = field(default_factory=list)

    def begin(self) -> None:
        """Start a layer."""
        self.made.clear()
        self.cleared.clear()

    def add(self, member: Member) -> None:
        """Apply one entry."""
        entry = member.entry
        if not entry.path:
            self._root_entry(entry)
            return
        if self.stale:
            self._forget()
        parent, fd = self._parent(entry.parent)
        name = entry.name
        path = f"{parent}/{name}" if parent else name
        if entry.is_opaque:
            self._clear(parent)
        elif entry.whiteout:
            self._whiteout(parent, entry.whiteout.rpartition("/")[2])
        else:
            if path.startswith(_AUFS_PREFIX):
                self.metadata.append(path)
            self._make(member, path, fd)
            self.made.add(path)

    def _root_entry(self, entry: Entry) -> None:
        if entry.type != "dir":
            raise OSError(errno.ENOTDIR, "the root is replaced by something that is not a directory")
        self.pending[""] = entry

    def _make(self, member: Member, path: str, parent: int) -> None:
        entry = member.entry
        name = entry.name
        if entry.type == "dir":
            self._make_dir(name, parent)
            self.pending[path] = entry
            return
        if entry.type == "file":
            self._make_file(member, parent)
            return
        self._vacate(name, parent)
        if entry.type == "symlink":
            os.symlink(entry.link, name, dir_fd=parent)
            self.stale = True
            self._own(entry, name, parent)
        elif entry.type == "hardlink":
            self._link(entry, path, parent)
        elif entry.type == "fifo":
            os.mkfifo(name, 0o600, dir_fd=parent)
            self._own(entry, name, parent)
            os.chmod(name, self._mode(entry), dir_fd=parent)
        else:
            self._skip(path, entry)

    def _skip(self, path: str, entry: Entry) -> None:
        self.devices.add(path)
        if len(self.skips) < _SKIPS:
            self.skips.append(Skip(path, f"a {entry.type} device: the sandbox brings its own /dev"))

    def _make_dir(self, name: str, parent: int) -> None:
        try:
            os.mkdir(name, 0o755, dir_fd=parent)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode):
                self._vacate(name, parent)
                os.mkdir(name, 0o755, dir_fd=parent)

    def _make_file(self, member: Member, parent: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        entry = member.entry
        try:
            fd = os.open(entry.name, flags, 0o600, dir_fd=parent)
        except FileExistsError:
            self._vacate(entry.name, parent)
            fd = os.open(entry.name, flags, 0o600, dir_fd=parent)
        try:
            for piece in member.content:
                _write_all(fd, piece)
            if self.ids.ranged:
                os.fchown(fd, self.ids.outer(entry.uid), self.ids.outer(entry.gid))
            self._dress(fd, entry)
        finally:
            os.close(fd)

    def _link(self, entry: Entry, path: str, parent: int) -> None:
        """Make a hard link; what it names is found within the root, and a symlink at the end is not followed."""
        folder, _, target = entry.link.rpartition("/")
        try:
            real = follow(self.root, folder)
            fd = open_directory(self.root, real)
        except OSError as error:
            raise OSError(errno.ENOENT, f"a hard link to {entry.link!r}, which is not there") from error
        try:
            os.link(target, entry.name, src_dir_fd=fd, dst_dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError as error:
            if (f"{real}/{target}" if real else target) in self.devices:
                self._skip(path, entry)
                return
            raise OSError(errno.ENOENT, f"a hard link to {entry.link!r}, which is not there") from error
        except PermissionError as error:
            raise OSError(errno.EISDIR, f"a hard link to {entry.link!r}, which is a directory") from error
        finally:
            os.close(fd)

    def _own(self, entry: Entry, name: str, parent: int) -> None:
        """Set owner and time of what is no file and no directory."""
        if self.ids.ranged:
            uid, gid = self.ids.outer(entry.uid), self.ids.outer(entry.gid)
            os.chown(name, uid, gid, dir_fd=parent, follow_symlinks=False)
        time = _time(entry)
        os.utime(name, ns=(time, time), dir_fd=parent, follow_symlinks=False)

    def _dress(self, fd: int, entry: Entry) -> None:
        """Set mode, extended attributes and time of an open file or directory."""
        for name, value in entry.xattrs:
            # only those that programs keep for themselves: file capabilities have no effect in the sandbox, and the
            # overlay would take its own from a hostile layer
            if name.startswith("user.") and not name.startswith("user.overlay."):
                with contextlib.suppress(OSError):
                    os.setxattr(fd, name, value)
        os.fchmod(fd, self._mode(entry))
        time = _time(entry)
        os.utime(fd, ns=(time, time))

    def _mode(self, entry: Entry) -> int:
        """Drop set-id bits where all files belong to the user who runs Jettison."""
        return entry.mode if self.ids.ranged else entry.mode & 0o1777

    def _parent(self, path: str) -> tuple[str, int]:
        """Return the real path and a descriptor of the directory that a tar names ``path``, made where missing."""
        held = self.opened.get(path)
        if held is not None:
            self.opened.move_to_end(path)
            return held
        try:
            real, fd = path, open_directory(self.root, path)
        except OSError:
            real, fd = self._follow_parent(path)
        self.opened[path] = real, fd
        if len(self.opened) > _OPEN_DIRECTORIES:
            os.close(self.opened.popitem(last=False)[1][1])
        return real, fd

    def _follow_parent(self, path: str) -> tuple[str, int]:
        """Return the same for a path with a symlink on it, or one that leads to nothing yet."""
        real = follow(self.root, path)
        self.steps += path.count("/") + real.count("/") + 1
        if self.steps > _STEPS:
            raise OSError(errno.ELOOP, "paths too deep, too often")
        try:
            return real, open_directory(self.root, real)
        except FileNotFoundError:
            return real, self._make_parents(real)

    def _make_parents(self, real: str) -> int:
        """Make a directory and those above it where they are missing; return its descriptor."""
        fd = open_directory(self.root, "")
        done = ""
        for part in real.split("/"):
            done = f"{done}/{part}" if done else part
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=fd)
                    self.pending[done] = None
                inner = open_directory(fd, part)
            finally:
                os.close(fd)
            fd = inner
        return fd

    def _forget(self) -> None:
        """Close the directories in use."""
        self.stale = False
        while self.opened:
            os.close(self.opened.popitem()[1][1])

    def _vacate(self, name: str, parent: int) -> None:
        """Remove what is at a path: the entry under way replaces it.

        What was noted of paths below stays noted, and matches nothing at the end.
        """
        try:
            os.unlink(name, dir_fd=parent)
        except FileNotFoundError:
            return
        except IsADirectoryError:
            remove_inside(parent, name)
        self.stale = True

    def _whiteout(self, parent: str, name: str) -> None:
        """Hide what lower layers have at a path."""
        if name in {"", ".", ".."}:
            raise OSError(errno.EINVAL, "a whiteout that names nothing")
        path = f"{parent}/{name}" if parent else name
        with self._directory(parent) as fd:
            try:
                status = os.lstat(name, dir_fd=fd)
            except FileNotFoundError:
                return
            if stat.S_ISDIR(status.st_mode):
                self._clear(path)
                self._hide_dir(fd, path, name)
            elif path not in self.made:
                os.unlink(name, dir_fd=fd)

    def _hide_dir(self, parent: int, path: str, name: str) -> None:
        """Hide the directory itself when no entry of this layer made it; what this layer put into it stays."""
        if path in self.made:
            return
        try:
            os.rmdir(name, dir_fd=parent)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            self.pending[path] = None
        else:
            self.pending.pop(path, None)

    def _clear(self, path: str) -> None:
        """Hide all that lower layers have below a directory, whatever this layer has put there."""
        order = [path] if path not in self.cleared else []
        for each in order:  # grows while it is walked: parents come before children
            self.cleared.add(each)
            with self._directory(each) as fd:
                for name in os.listdir(fd):
                    child = f"{each}/{name}" if each else name
                    if stat.S_ISDIR(os.lstat(name, dir_fd=fd).st_mode):
                        order.extend([child] if child not in self.cleared else [])
                    elif child not in self.made:
                        os.unlink(name, dir_fd=fd)
        for each in reversed(order[1:]):
            parent, _, name = each.rpartition("/")
            with self._directory(parent) as fd:
                self._hide_dir(fd, each, name)

    @contextlib.contextmanager
    def _directory(self, real: str) -> Iterator[int]:
        """Open a directory that something may be removed from; what was open may be gone afterwards."""
        self._forget()
        fd = open_directory(self.root, real)
        try:
            yield fd
        finally:
            os.close(fd)

    def finish(self) -> None:
        """Remove aufs's files and give each directory its owner, mode and time, the innermost first."""
        self._forget()
        for path in self.metadata:
            self._remove_metadata(path)
        self.pending.setdefault("", None)
        for path in sorted(self.pending, reverse=True):
            try:
                fd = open_directory(self.root, path)
            except OSError:
                continue  # something else took its place
            try:
                self._finish_dir(fd, self.pending[path])
            finally:
                os.close(fd)

    def _remove_metadata(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), self._directory(parent) as fd:
            self._vacate(name, fd)

    def _finish_dir(self, fd: int, entry: Entry | None) -> None:
        if self.ids.ranged:
            uid, gid = (entry.uid, entry.gid) if entry else (0, 0)
            os.fchown(fd, self.ids.outer(uid), self.ids.outer(gid))
        if entry:
            self._dress(fd, entry)
        else:
            os.fchmod(fd, 0o755)


def _write_all(fd: int, piece: bytes | memoryview) -> None:
    written = os.write(fd, piece)
    while written < len(piece):
        piece = memoryview(piece)[written:]
        written = os.write(fd, piece)


def _time(entry: Entry) -> int:
    return min(max(entry.mtime, 0), _LAST_TIME)
