"""The difference of two images' root file systems, by path, owner and kind."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from jettison.files.record import FileTable
from jettison.layers.entry import Entry

Change = Literal["added", "removed", "content", "metadata"]
_CONTENT = frozenset({"type", "content", "target", "device"})
_COLUMN: Mapping[Change, int] = {"added": 2, "removed": 3, "content": 4, "metadata": 4}


@dataclass(frozen=True, slots=True)
class PathDiff:
    """One path that differs.

    Attributes:
        path: in the rootfs.
        change: ``added``, ``removed``, ``content`` (also another type or link target), or ``metadata`` (mode, owner,
            mtime, extended attributes).
        owner: the owner's key in the second image, or in the first where it was removed.
        kind: likewise.
        before: bytes in the first image; 0 when absent.
        after: bytes in the second image; 0 when absent.
        what: which properties differ, for ``metadata`` and ``content``: of ``type``, ``content``, ``target``, ``mode``,
            ``owner``, ``mtime``, ``xattrs``, ``device``.
    """

    path: str
    change: Change
    owner: str
    kind: str
    before: int
    after: int
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupDiff:
    """An owner's or a kind's bytes in both images.

    Attributes:
        name: the owner's key (empty for nobody) or the kind's name.
        before: visible bytes in the first image.
        after: visible bytes in the second.
        added: paths added.
        removed: paths removed.
        changed: paths changed, in content or metadata.
    """

    name: str
    before: int
    after: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True, slots=True)
class ImageDiff:
    """What ``jettison diff A B`` gives.

    Attributes:
        before: the first image's reference.
        after: the second's.
        disk_before: visible bytes of the first.
        disk_after: visible bytes of the second.
        pull_before: bytes of the first's pull.
        pull_after: bytes of the second's.
        layers_shared: layers (by diff_id) that both have.
        owners: those that differ, by the size of the difference, largest first.
        kinds: likewise.
        paths: those that differ, by path.
    """

    before: str
    after: str
    disk_before: int
    disk_after: int
    pull_before: int
    pull_after: int
    layers_shared: int
    owners: tuple[GroupDiff, ...]
    kinds: tuple[GroupDiff, ...]
    paths: tuple[PathDiff, ...]


def make_diff(before: FileTable, after: FileTable) -> ImageDiff:
    """Compare what two images' containers see."""
    paths = tuple(_paths(before, after))
    return ImageDiff(
        before=before.image.name,
        after=after.image.name,
        disk_before=_disk(before),
        disk_after=_disk(after),
        pull_before=sum(layer.pull for layer in before.layers),
        pull_after=sum(layer.pull for layer in after.layers),
        layers_shared=len({layer.diff_id for layer in before.layers} & {layer.diff_id for layer in after.layers}),
        owners=_groups(before, after, paths, "owner"),
        kinds=_groups(before, after, paths, "kind"),
        paths=paths,
    )


def _disk(table: FileTable) -> int:
    return sum(file.entry.size for file in table.visible.values())


def _contents(table: FileTable) -> Mapping[str, Entry]:
    """Return what is at each visible path; a hard link is given the entry that holds its content."""
    contents = {path: file.entry for path, file in table.visible.items()}
    if table.inodes:
        for path, file in table.visible.items():
            place = table.inodes.get((file.layer, file.index))
            if place is not None:
                contents[path] = table.layers[place[0]].entries[place[1]]
    return contents


def _paths(before: FileTable, after: FileTable) -> Iterator[PathDiff]:
    olds, news = _contents(before), _contents(after)
    for path in sorted(olds.keys() | news.keys()):
        old, new = olds.get(path), news.get(path)
        file = after.visible[path] if new is not None else before.visible[path]
        change, what = _compare(old, new)
        if change is not None:
            sizes = old.size if old else 0, new.size if new else 0
            yield PathDiff(path, change, file.owner, file.kind, *sizes, what)


def _compare(old: Entry | None, new: Entry | None) -> tuple[Change | None, tuple[str, ...]]:
    if old is None:
        return "added", ()
    if new is None:
        return "removed", ()
    pairs: dict[str, tuple[object, object]] = {
        "type": (old.type, new.type),
        "content": (old.digest, new.digest),
        "target": (old.link, new.link) if old.type == new.type == "symlink" else ("", ""),
        "device": (old.device, new.device),
        "mode": (old.mode, new.mode),
        "owner": ((old.uid, old.gid), (new.uid, new.gid)),
        "mtime": (old.mtime, new.mtime),
        "xattrs": (old.xattrs, new.xattrs),
    }
    what = tuple(name for name, (one, other) in pairs.items() if one != other)
    if not what:
        return None, ()
    return ("content" if _CONTENT.intersection(what) else "metadata"), what


def _groups(
    before: FileTable, after: FileTable, paths: Iterable[PathDiff], by: Literal["owner", "kind"]
) -> tuple[GroupDiff, ...]:
    """Sum up by owner or kind, each table by its own; groups without any difference are left out."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for place, table in enumerate((before, after)):
        for file in table.visible.values():
            sums[file.owner if by == "owner" else file.kind][place] += file.entry.size
    for path in paths:
        sums[path.owner if by == "owner" else path.kind][_COLUMN[path.change]] += 1
    rows = (GroupDiff(name, *cell) for name, cell in sums.items() if cell[0] != cell[1] or any(cell[2:]))
    return tuple(sorted(rows, key=lambda row: (-abs(row.after - row.before), -row.added - row.removed, row.name)))
