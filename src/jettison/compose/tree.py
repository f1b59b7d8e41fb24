"""The content of a layer in the making: paths with their entries and where their bytes come from.

Every node's parent is a directory of the tree: links in a path are followed inside it, so nothing can be placed
through a link to somewhere else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Protocol

from jettison.errors import BadInputError
from jettison.layers.entry import Entry, EntryType
from jettison.oci.image import Extent

EPOCH = 315_532_800  # 1980-01-01: zip archives know no earlier time
PIECE = 1 << 20
MAX_LINKS = 40  # as Linux


class Content(Protocol):
    """The bytes of one file."""

    def pieces(self) -> Iterable[bytes]:
        """Give them, piece by piece."""


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes in memory: small files made natively."""

    data: bytes

    def pieces(self) -> Iterable[bytes]:
        """Give them at once."""
        return (self.data,) if self.data else ()


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in a file of this machine."""

    extent: Extent

    def pieces(self) -> Iterator[bytes]:
        """Read them piece by piece.

        Raises:
            BadInputError: the file became shorter meanwhile.
        """
        left = self.extent.size
        with open(self.extent.path, "rb") as file:
            file.seek(self.extent.offset)
            while left:
                piece = file.read(min(left, PIECE))
                if not piece:
                    raise BadInputError(f"{self.extent.path}: became shorter while it was read")
                left -= len(piece)
                yield piece


@dataclass(frozen=True, slots=True)
class Node:
    """One path of the tree.

    Attributes:
        entry: as it will be written; for a hard link, that of its target.
        content: of files; None for the rest.
        group: paths with the same group are hard links of one another; ``""`` for those with a single name.
        owner: who brought it, for reports and databases.
    """

    entry: Entry
    content: Content | None = None
    group: str = ""
    owner: str = ""


def make_entry(path: str, kind: EntryType, *, mode: int, size: int = 0, link: str = "", mtime: int = EPOCH) -> Entry:
    """Return an entry that root owns.

    Args:
        path: relative to the root.
        kind: ``file``, ``dir`` or ``symlink``.
        mode: permission bits.
        size: bytes of content.
        link: target of a symlink.
        mtime: seconds since the epoch.
    """
    return Entry(path, kind, size, mode, 0, 0, mtime * 1_000_000_000, link, "", (0, 0), (), 0, 0, 0)


@dataclass(slots=True)
class Tree:
    """A set of paths under one root.

    Attributes:
        nodes: by path.
        mtime: seconds since the epoch, of what is made here.
        below: what lower layers have; links in it are followed, folders of it are not made again.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    mtime: int = EPOCH
    below: Mapping[str, Node] = field(default_factory=dict)

    def at(self, path: str) -> Node | None:
        """Return what is at a path, here or below."""
        return self.nodes.get(path) or self.below.get(path)

    def resolve(self, path: str) -> str:
        """Return where ``path`` leads once every link in it is followed, the last part included.

        Raises:
            BadInputError: links go round in circles.
        """
        return self._follow(path, last=True)

    def place(self, path: str) -> str:
        """Return ``path`` with the links in its parents followed."""
        return self._follow(path, last=False)

    def _follow(self, path: str, *, last: bool) -> str:
        todo = [part for part in reversed(path.split("/")) if part not in {"", "."}]
        done: list[str] = []
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                done = done[:-1]
                continue
            here = "/".join([*done, part])
            node = self.at(here)
            if node is None or node.entry.type != "symlink" or (not todo and not last):
                done.append(part)
                continue
            links += 1
            if links > MAX_LINKS:
                raise BadInputError(f"{path}: links go round in circles")
            target = node.entry.link
            done = [] if target.startswith("/") else done
            todo.extend(part for part in reversed(target.split("/")) if part not in {"", "."})
        return "/".join(done)

    def put(self, entry: Entry, content: Content | None = None, *, owner: str = "") -> str:
        """Add an entry, or let it replace a file that is there; return where it landed.

        A directory over a directory (or over a link to one) changes nothing, as dpkg does it.

        Raises:
            BadInputError: a file where a directory is, a directory where a file is, a hard link to nowhere.
        """
        if not entry.path:
            return ""
        path = self.place(entry.path)
        self._parents(path, owner)
        there = self.at(path)
        if entry.type == "dir":
            if there is None:
                self.nodes[path] = Node(replace(entry, path=path), owner=owner)
                return path
            target = self.at(self.resolve(path))
            if target is not None and target.entry.type == "dir":
                return path
            raise BadInputError(f"{owner or 'a layer'}: {path} is a directory here and something else before")
        if there is not None and there.entry.type == "dir":
            raise BadInputError(f"{owner or 'a layer'}: {path} is a directory before and something else here")
        if entry.type == "hardlink":
            self._link(path, entry, owner)
        else:
            self.nodes[path] = Node(replace(entry, path=path), content, owner=owner)
        return path

    def _link(self, path: str, entry: Entry, owner: str) -> None:
        target = self.place(entry.link)
        node = self.at(target)
        if node is None or node.entry.type == "dir" or target == path:
            raise BadInputError(f"{owner or 'a layer'}: {path} is a hard link to {entry.link}, no file here")
        group = node.group or target
        self.nodes[target] = replace(node, group=group)
        self.nodes[path] = Node(replace(node.entry, path=path), node.content, group, owner)

    def _parents(self, path: str, owner: str) -> None:
        parent = path.rpartition("/")[0]
        if not parent:
            return
        node = self.at(parent)
        if node is None:
            self._parents(parent, owner)
            self.nodes[parent] = Node(make_entry(parent, "dir", mode=0o755, mtime=self.mtime), owner=owner)
        elif node.entry.type != "dir":
            raise BadInputError(f"{owner or 'a layer'}: {path}: its parent is a {node.entry.type}")

    def add_file(self, path: str, data: bytes, *, mode: int = 0o644, owner: str = "") -> None:
        """Add a small file that root owns."""
        self.put(make_entry(path, "file", mode=mode, size=len(data), mtime=self.mtime), Held(data), owner=owner)

    def add_link(self, path: str, target: str, *, owner: str = "") -> None:
        """Add a symlink."""
        self.put(make_entry(path, "symlink", mode=0o777, link=target, mtime=self.mtime), owner=owner)

    def add_dir(self, path: str, *, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        """Add a directory."""
        entry = make_entry(path, "dir", mode=mode, mtime=self.mtime)
        self.put(replace(entry, uid=uid, gid=gid))

    def read(self, path: str, limit: int = 16_000_000) -> bytes | None:
        """Return the content of a file, its links followed; None when there is none, or it is too large."""
        node = self.at(self.resolve(path))
        if node is None or node.content is None or node.entry.size > limit:
            return None
        return b"".join(node.content.pieces())

    def drop(self, path: str) -> None:
        """Take a path out, with all below it."""
        for name in [name for name in self.nodes if name == path or name.startswith(path + "/")]:
            del self.nodes[name]


def is_clean(path: str) -> bool:
    """Whether a path from an archive is relative and stays below where it is put."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path


def layer_order(nodes: Mapping[str, Node]) -> Iterator[tuple[Entry, Content | None]]:
    """Give entries and contents in the order of a layer: by path, hard links after the first of their names."""
    first: dict[str, str] = {}
    for path in sorted(nodes):
        node = nodes[path]
        if node.group and (target := first.setdefault(node.group, path)) != path:
            yield replace(node.entry, type="hardlink", size=0, link=target), None
        else:
            yield node.entry, node.content
