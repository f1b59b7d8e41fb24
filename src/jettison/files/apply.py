"""Layers applied one on the other, as container engines do it (OCI image-spec layer.md; containerd's archive/tar.go).

Nothing is unpacked: the rootfs is a dictionary of paths. What is done with each entry, in the order of the tar:

- its parent is resolved through the symlinks of the rootfs as it stands, never out of it; missing parents are made;
- a whiteout hides what *lower* layers have at its path (an opaque one: in its directory), wherever in the tar it is;
- a directory over a directory replaces its metadata only; anything else over anything else replaces the whole subtree;
- a hard link names an entry that is there; the two then share one content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jettison.errors import BadInputError
from jettison.layers.entry import OPAQUE_NAME, WHITEOUT_PREFIX, Entry

MAX_LINKS = 40  # Linux follows 40 symlinks in one look-up (path_resolution(7))
MAX_PATH = 4096  # PATH_MAX
MAX_IMPLIED = 256_000_000  # bytes of paths of directories that no entry names, in all
MAX_STEPS = 50_000_000  # path components walked in all while following symlinks
IMPLIED = -1  # stands for the entry of a directory that has none
AUFS_PREFIX = WHITEOUT_PREFIX * 2


@dataclass(frozen=True, slots=True)
class Applied:
    """Where each entry lands and what became of it. Entries are numbered through all layers, from 0.

    Attributes:
        paths: by entry number: where it lands; a whiteout's own path for whiteouts.
        hidden_by: by entry number: the layer whose entry hides it; -1 when visible, or a whiteout.
        visible: by path: the number of the entry that the container sees there.
        inodes: by number of a hard link's entry: the number of the entry that holds its content.
    """

    paths: Sequence[str]
    hidden_by: Sequence[int]
    visible: Mapping[str, int]
    inodes: Mapping[int, int]


def apply_layers(layers: Sequence[Sequence[Entry]]) -> Applied:
    """Apply layers, lowest first.

    Raises:
        BadInputError: a link loop, a hard link to nowhere or to a directory, a parent that is no directory, or paths
            longer than any file system takes; the message names layer and entry.
    """
    rootfs = _Rootfs(sum(len(layer) for layer in layers))
    for index, entries in enumerate(layers):
        rootfs.apply(index, entries)
    return rootfs.result()


class _Rootfs:
    """The rootfs while layers are applied.

    ``nodes`` maps each path that exists to its entry's number; ``dirs`` each directory to the names in it. Keys of
    both are real paths: no component of theirs but the last is a symlink.
    """

    def __init__(self, count: int) -> None:
        self.paths: list[str] = [""] * count
        self.hidden_by: list[int] = [-1] * count
        self.inodes: dict[int, int] = {}
        self.nodes: dict[str, int] = {"": IMPLIED}
        self.dirs: dict[str, dict[str, None]] = {"": {}}
        self.symlinks: dict[str, str] = {}
        self.memo: dict[str, str] = {}
        self.firsts: list[int] = []
        self.number = 0
        self.layer = 0
        self.entry: Entry | None = None
        self.implied = 0
        self.steps = 0

    def apply(self, layer: int, entries: Sequence[Entry]) -> None:
        """Apply one layer."""
        self.layer = layer
        self.firsts.append(self.number)
        cleared: set[str] = set()
        nodes, dirs, paths, hidden_by = self.nodes, self.dirs, self.paths, self.hidden_by
        for number, entry in enumerate(entries, self.number):
            self.number = number
            self.entry = entry
            path = entry.path
            parent, _, name = path.rpartition("/")
            if parent not in dirs:
                parent = self.parent(parent)
                path = f"{parent}/{name}" if parent else name
            paths[number] = path
            if name.startswith(WHITEOUT_PREFIX) and self.whiteout(parent, name, cleared):
                continue
            kind = entry.type
            old = nodes.get(path)
            if old is not None:
                if kind == "dir" and path in dirs:
                    if old >= 0:
                        hidden_by[old] = layer
                    nodes[path] = number
                    continue
                self.remove(path)
            if kind == "hardlink":
                self.link(path, entry.link)
            elif kind == "dir":
                dirs[path] = {}
            elif kind == "symlink":
                self.symlinks[path] = entry.link
                self.memo.clear()
            nodes[path] = number
            dirs[parent][name] = None
        self.number = self.firsts[-1] + len(entries)

    def parent(self, path: str) -> str:
        """Return the real path of a directory named in a tar, making it where it does not exist."""
        real = self.memo.get(path)
        if real is None:
            real = self.walk(path)
            self.make(real)
            self.memo[path] = real
        return real

    def walk(self, path: str) -> str:
        """Resolve ``path`` within the root: symlinks followed, ``..`` taken where it leads, never above the root."""
        done: list[str] = []
        todo = path.split("/")[::-1]
        links = 0
        while todo:
            part = todo.pop()
            self.steps += 1
            if part in ("", "."):
                continue
            if part == "..":
                if done:
                    done.pop()
                continue
            done.append(part)
            if len(done) > MAX_PATH // 2:
                raise self.bad(f"its path is longer than {MAX_PATH} bytes once symlinks are followed")
            target = self.symlinks.get("/".join(done))
            if target is None:
                continue
            links += 1
            if links > MAX_LINKS or self.steps > MAX_STEPS:
                raise self.bad(f"more than {MAX_LINKS} symlinks lead on from {path!r} (a loop?)")
            done = [] if target.startswith("/") else done[:-1]
            todo.extend(target.split("/")[::-1])
        real = "/".join(done)
        if len(real) > MAX_PATH:
            raise self.bad(f"its path is longer than {MAX_PATH} bytes once symlinks are followed")
        return real

    def make(self, path: str) -> None:
        """Make a directory and those it lies in, where they do not exist."""
        missing = []
        while path not in self.dirs:
            if path in self.nodes:
                raise self.bad(f"{path!r} is not a directory, so nothing can lie in it")
            missing.append(path)
            self.implied += len(path)
            path = path.rpartition("/")[0]
        if self.implied > MAX_IMPLIED:
            raise self.bad("too many directories that no entry names")
        for each in reversed(missing):
            self.nodes[each] = IMPLIED
            self.dirs[each] = {}
            parent, _, name = each.rpartition("/")
            self.dirs[parent][name] = None

    def remove(self, path: str) -> None:
        """Remove what is at ``path``, with all that lies in it: the entry under way replaces it."""
        if path == "":
            raise self.bad("the root is replaced by something that is not a directory")
        parent, _, name = path.rpartition("/")
        self.dirs[parent].pop(name, None)
        stack = [path]
        while stack:
            each = stack.pop()
            number = self.nodes.pop(each)
            if number >= 0:
                self.hidden_by[number] = self.layer
            if self.symlinks.pop(each, None) is not None:
                self.memo.clear()
            names = self.dirs.pop(each, None)
            if names is not None:
                self.memo.clear()
                stack.extend(f"{each}/{name}" for name in names)

    def whiteout(self, parent: str, name: str, cleared: set[str]) -> bool:
        """Hide what a whiteout hides; False when the entry is none (metadata of aufs stays an entry for now)."""
        if name == OPAQUE_NAME:
            if parent not in cleared:
                self.clear(parent, cleared)
            return True
        if name.startswith(AUFS_PREFIX):
            return False
        hidden = name[len(WHITEOUT_PREFIX) :]
        path = f"{parent}/{hidden}" if parent else hidden
        if hidden in ("", ".", ".."):
            raise self.bad("a whiteout that names nothing")
        number = self.nodes.get(path)
        if number is None:
            return True
        if path in self.dirs:
            if path not in cleared:
                self.clear(path, cleared)
            self.hide_dir(path, number)
        elif number < self.firsts[-1]:
            self.remove(path)
        return True

    def hide_dir(self, path: str, number: int) -> None:
        """Hide the directory itself when a lower layer's entry made it; what this layer put into it stays."""
        if IMPLIED < number < self.firsts[-1]:
            self.hidden_by[number] = self.layer
            self.nodes[path] = IMPLIED
        if self.nodes[path] == IMPLIED and not self.dirs[path]:
            self.remove(path)

    def clear(self, path: str, cleared: set[str]) -> None:
        """Hide all that lower layers have below ``path``; ``cleared`` names what was cleared in this layer already."""
        order = [path]
        for each in order:  # grows while it is walked: parents come before children
            cleared.add(each)
            for name in tuple(self.dirs[each]):
                child = f"{each}/{name}" if each else name
                if child in self.dirs:
                    if child not in cleared:
                        order.append(child)
                elif self.nodes[child] < self.firsts[-1]:
                    self.remove(child)
        for each in reversed(order[1:]):
            self.hide_dir(each, self.nodes[each])

    def link(self, path: str, target: str) -> None:
        """Note whose content the hard link at ``path`` shares."""
        number = self.nodes.get(target)
        if number is None or target in self.dirs:
            parent, _, name = target.rpartition("/")
            real = self.walk(parent)
            target = f"{real}/{name}" if real else name
            number = self.nodes.get(target)
        if number is None:
            raise self.bad(f"a hard link to {target!r}, which is not there")
        if target in self.dirs:
            raise self.bad(f"a hard link to {target!r}, which is a directory")
        self.inodes[self.number] = self.inodes.get(number, number)
        if target in self.symlinks:
            self.symlinks[path] = self.symlinks[target]
            self.memo.clear()

    def bad(self, message: str) -> BadInputError:
        """Return the error, with the layer and entry under way."""
        path = self.entry.path if self.entry else ""
        return BadInputError(f"layer {self.layer}, entry {path!r}: {message}")

    def result(self) -> Applied:
        """Return what came of it; what aufs kept for itself is not shown."""
        nodes = self.nodes
        paths = sorted(path for path, number in nodes.items() if number >= 0 and not path.startswith(AUFS_PREFIX))
        return Applied(self.paths, self.hidden_by, {path: nodes[path] for path in paths}, self.inodes)
