"""Hard links: which entry holds the content that paths share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jettison.files.record import File, FileTable
from jettison.layers.entry import WHITEOUT_PREFIX, Entry

Key = tuple[int, int]
"""An entry of an image: index of the layer, index of the entry in it."""


@dataclass(frozen=True, slots=True)
class Member:
    """Anything but a directory or a whiteout.

    Attributes:
        file: the entry.
        target: for a hard link, the entry that its link names; else its own key.
        content: the entry that holds the content, links of links followed; its own key unless it is a hard link.
    """

    file: File
    target: Key
    content: Key

    @property
    def key(self) -> Key:
        """The entry's own key."""
        return self.file.layer, self.file.index


def find_members(table: FileTable) -> Mapping[Key, Member]:
    """Return every member of an image in the order they are applied.

    Args:
        table: of the image.
    """
    members: dict[Key, Member] = {}
    held: dict[str, Key] = {}
    for file in table.files:
        entry = file.entry
        if entry.type == "dir" or (WHITEOUT_PREFIX in entry.path and (entry.is_opaque or entry.whiteout)):
            continue
        key = target = content = (file.layer, file.index)
        if entry.type == "hardlink":
            content = table.inodes[key]
            target = held.get(entry.link, content)
        members[key] = Member(file, target, content)
        held[file.path] = held[entry.path] = key
    return members


def as_file(member: Member, members: Mapping[Key, Member]) -> Entry:
    """Return a member as what it stands for: its own path and metadata, the content and attributes it shares.

    Args:
        member: any; one that is no hard link comes back as it is.
        members: all of the image's.
    """
    entry, holder = member.file.entry, members[member.content].file.entry
    if member.content == member.key:
        return entry
    return replace(
        holder,
        path=entry.path,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        mtime=entry.mtime,
        xattrs=entry.xattrs or holder.xattrs,
    )
