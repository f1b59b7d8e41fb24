"""The rootfs as a container sees it: one node a path, hard links resolved to what they share."""

from collections.abc import Mapping
from dataclasses import dataclass

from jettison.files.record import FileTable
from jettison.files.resolve import resolve
from jettison.layers.entry import EntryType
from jettison.rebuild.links import Key, Member, as_file, find_members


@dataclass(frozen=True, slots=True)
class Node:
    """What is at a path.

    Attributes:
        type: never ``hardlink``.
        mode: permission bits.
        uid: owner.
        gid: group.
        mtime: nanoseconds since the epoch.
        link: a symlink's target.
        size: bytes of content.
        digest: of the content of a file.
        device: of a device node.
        xattrs: names and values.
    """

    type: EntryType
    mode: int
    uid: int
    gid: int
    mtime: int
    link: str
    size: int
    digest: str
    device: tuple[int, int]
    xattrs: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class View:
    """A rootfs.

    Attributes:
        table: it was made of.
        members: of the table, hard links resolved.
        nodes: by path, those with an entry of their own; directories that only follow from what lies in them have none.
        inodes: by path of all but directories, the entry whose content it shares with its hard links.
    """

    table: FileTable
    members: Mapping[Key, Member]
    nodes: Mapping[str, Node]
    inodes: Mapping[str, Key]

    def resolve(self, path: str) -> str | None:
        """Return the path of :attr:`nodes` that ``path`` leads to, symlinks followed; None when nothing is there.

        Args:
            path: relative to the root, normalised.
        """
        node = self.nodes.get(path)  # paths of nodes are real: none of their parents is a symlink
        return path if node is not None and node.type != "symlink" else resolve(self.table, path)


def make_view(table: FileTable) -> View:
    """Return the rootfs that the container of an image sees."""
    members = find_members(table)
    nodes: dict[str, Node] = {}
    inodes: dict[str, Key] = {}
    for path, file in table.visible.items():
        entry = file.entry
        member = members.get((file.layer, file.index))
        if member is not None:
            entry = as_file(member, members)
            inodes[path] = member.content
        nodes[path] = Node(
            entry.type,
            entry.mode,
            entry.uid,
            entry.gid,
            entry.mtime,
            entry.link,
            entry.size,
            entry.digest,
            entry.device,
            entry.xattrs,
        )
    return View(table, members, nodes, inodes)


def shown_time(mtime: int) -> str:
    """Return nanoseconds since the epoch as seconds, for a message."""
    seconds, fraction = divmod(mtime, 1_000_000_000)
    return f"{seconds}.{fraction:09d}".rstrip("0").rstrip(".")
