"""Hard links when some names of a file go: which of the others holds the content, and what the rest link to.

Names of one file may lie in several layers. The first that stays holds the content. A name in a higher layer may only
link to one that is there when its layer is applied, so a name that a later layer hides serves the layers below that
one, and no others. What the container sees in the end shares one content, as before: a name that it sees is there from
its layer on, so every later name links to it, or to one that does.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.errors import UsageError
from jettison.files.record import File
from jettison.layers.entry import Entry
from jettison.rebuild.links import Key, Member, as_file


@dataclass(frozen=True, slots=True)
class Write:
    """An entry written anew in the place of another.

    Attributes:
        entry: the header to write.
        content: its content when it is a database kept truthful; the file that holds it when it is a pruned library.
        source: the regular file whose content it takes over; None when ``content`` says all.
    """

    entry: Entry
    content: bytes | Path = b""
    source: Key | None = None


@dataclass(frozen=True, slots=True)
class Fates:
    """What becomes of entries: those that go, that become links to another, that have new content."""

    drops: Mapping[Key, None]
    links: Mapping[Key, Key]
    updates: Mapping[Key, bytes | Path]

    def kept(self, key: Key) -> bool:
        """Whether an entry stays with the content that it has."""
        return key not in self.drops and key not in self.links and key not in self.updates


def relink(members: Mapping[Key, Member], fates: Fates) -> Mapping[Key, Write]:
    """Return the entries that must be written anew so that every kept path finds its content.

    Raises:
        UsageError: two entries are to be linked that are not the same.
    """
    groups: dict[Key, list[Member]] = defaultdict(list)
    for key, member in members.items():
        if key in fates.links:
            to = members[fates.links[key]]
            _check_same(member, to, members)
            groups[to.content].append(member)
        elif fates.kept(key):
            groups[member.content].append(member)
    disturbed = {members[key].content for key in (*fates.drops, *fates.updates, *fates.links) if key in members}
    disturbed.update(members[to].content for to in fates.links.values())
    writes: dict[Key, Write] = {}
    for content in disturbed & groups.keys():
        writes.update(_write_group(groups[content], members, fates))
    return writes


def _write_group(group: Sequence[Member], members: Mapping[Key, Member], fates: Fates) -> Iterator[tuple[Key, Write]]:
    """Give what must change among entries that share content, in the order in which they are applied."""
    copies: dict[Key, Key] = {}  # by entry that was passed: the entry that holds its content now
    current: list[Member] = []  # the entries that share the content of the one passed last
    for member in group:
        to = next((other for other in current if _there(other.file, member.file)), None)
        stays = member.key not in fates.links and member.target in copies and _names(member, members)
        if stays and copies[member.target] == copies[current[-1].key]:
            copies[member.key] = copies[member.target]
        elif to is not None:
            copies[member.key] = copies[to.key]
            yield member.key, Write(_link(to.file, member.file.entry))
        else:
            copies[member.key] = member.key
            current = []
            if member.content != member.key:
                file = as_file(member, members)
                yield member.key, Write(file, source=member.content if file.type == "file" else None)
        current.append(member)


def _names(member: Member, members: Mapping[Key, Member]) -> bool:
    """Whether it is a hard link that names another entry as such, not by way of a symlink."""
    target = members[member.target].file
    return member.target != member.key and member.file.entry.link in (target.path, target.entry.path)


def _there(file: File, later: File) -> bool:
    """Whether a file is certainly there when a later entry is applied: no layer up to that one's hides it."""
    return file.visible or file.hidden_by > later.layer


def _link(first: File, entry: Entry) -> Entry:
    """Return ``entry`` as a hard link to ``first``; its own metadata stays, what the file has besides is shared."""
    xattrs = entry.xattrs if entry.type == "hardlink" else ()
    return replace(entry, type="hardlink", link=first.path, size=0, digest="", xattrs=xattrs)


def _check_same(member: Member, to: Member, members: Mapping[Key, Member]) -> None:
    here, there = as_file(member, members), as_file(to, members)
    if (here.type, here.digest, here.size) != ("file", there.digest, there.size):
        raise UsageError(f"plan: {here.path!r} cannot be linked to {there.path!r}: their contents differ")
    if replace(here, path="", offset=0, data=0, end=0) != replace(there, path="", offset=0, data=0, end=0):
        raise UsageError(f"plan: {here.path!r} cannot be linked to {there.path!r}: mode, owner, time or xattrs differ")
