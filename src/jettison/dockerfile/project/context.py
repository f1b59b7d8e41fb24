"""The build context: every file that is sent to the builder, and what is kept out.

A walk by names and ``lstat``: symlinks are recorded and never followed, folders that are ignored with no exception that
could bring something back are not entered (BuildKit does not either), and what cannot be read is a skip.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from jettison.dockerfile.project.flags import Flag, flag_file, flag_folder
from jettison.dockerfile.project.ignore import IgnoreFile
from jettison.dockerfile.project.patterns import decide, may_match_under
from jettison.dockerfile.project.text import why
from jettison.finding import Skip

MAX_ENTRIES = 200_000
MAX_SKIPS = 100
MAX_DEPTH = 200
EntryType = Literal["file", "folder", "symlink", "other"]


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One name in the context.

    Attributes:
        path: relative to the context, slashes between.
        type: what it is; ``other`` is a socket, a pipe or a device, which BuildKit does not send.
        size: of a file, in bytes; of a symlink, the length of its target; else 0.
        mtime: seconds since the epoch.
        mode: permission bits, set-id and sticky bits included.
        target: of a symlink, as written.
        ignored: whether the ignore file keeps it out. An ignored folder may hold what an exception brings back.
        entered: of a folder, whether what lies in it was looked at.
        flag: what it is by its name, "" for nothing special.
    """

    path: str
    type: EntryType
    size: int = 0
    mtime: float = 0.0
    mode: int = 0
    target: str = ""
    ignored: bool = False
    entered: bool = False
    flag: Flag = ""


@dataclass(frozen=True, slots=True)
class Context:
    """A build context.

    Attributes:
        root: its folder, as given.
        entries: by path, a folder before what is in it, names in order.
        ignore: the ignore file that was obeyed.
        skips: what was not looked at, and why.
        complete: False when the walk ended at its limit: totals are then lower bounds.
    """

    root: str
    entries: Mapping[str, ContextEntry]
    ignore: IgnoreFile
    skips: tuple[Skip, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Flagged:
    """Something in the context worth a second look: one file, or a folder with all that is in it.

    Attributes:
        flag: what it is.
        path: of the file or the folder.
        size: bytes that are sent.
        count: files that are sent; 0 when all of it is ignored.
    """

    flag: Flag
    path: str
    size: int
    count: int


@dataclass(slots=True)
class _Walk:
    root: str
    ignore: IgnoreFile
    limit: int
    entries: dict[str, ContextEntry]
    skips: list[Skip]
    left_out: int = 0


def read_context(root: str, ignore: IgnoreFile, *, limit: int = MAX_ENTRIES) -> Context:
    """Return what a build context holds.

    Args:
        root: its folder.
        ignore: what is kept out of it.
        limit: entries looked at; the rest is one skip.
    """
    walk = _Walk(root, ignore, limit, {}, [])
    waiting: list[tuple[str, tuple[bool, ...] | None]] = [("", None)]
    complete = True
    while waiting and complete:
        folder, parent = waiting.pop()
        complete = _enter(walk, folder, parent, waiting)
    if not complete:
        walk.skips.append(Skip(root, f"more than {limit} entries; the rest was not looked at"))
    if walk.left_out:
        walk.skips.append(Skip(root, f"{walk.left_out} more could not be read"))
    return Context(root, walk.entries, ignore, tuple(walk.skips), complete)


def _enter(
    walk: _Walk, folder: str, parent: tuple[bool, ...] | None, waiting: list[tuple[str, tuple[bool, ...] | None]]
) -> bool:
    """Record what lies in a folder, and its folders as waiting; False when the limit is reached."""
    found = _list(walk, folder)
    below = list[tuple[str, tuple[bool, ...] | None]]()
    names = frozenset(entry.name for entry in found)
    if folder and (flag := flag_folder(folder, names)):
        walk.entries[folder] = _flagged(walk.entries[folder], flag)
    for place in found:
        if len(walk.entries) >= walk.limit:
            return False
        path = f"{folder}/{place.name}" if folder else place.name
        ignored, each = decide(walk.ignore.patterns, path, parent)
        entry = _entry(walk, place, path, ignored=ignored)
        if entry is None:
            continue
        walk.entries[path] = entry
        if entry.entered:
            below.append((path, each))
    waiting.extend(reversed(below))
    return True


def _list(walk: _Walk, folder: str) -> list[os.DirEntry[str]]:
    try:
        # One more than can be recorded: a folder of millions of names is never held in memory.
        with os.scandir(os.path.join(walk.root, folder)) as found:
            room = walk.limit - len(walk.entries) + 1
            return sorted((entry for _, entry in zip(range(room), found, strict=False)), key=lambda entry: entry.name)
    except OSError as error:
        _skip(walk, folder or ".", why(error))
        return []


def _skip(walk: _Walk, path: str, reason: str) -> None:
    if len(walk.skips) < MAX_SKIPS:
        walk.skips.append(Skip(path, reason))
    else:
        walk.left_out += 1


def _flagged(entry: ContextEntry, flag: Flag) -> ContextEntry:
    return ContextEntry(
        entry.path, entry.type, entry.size, entry.mtime, entry.mode, entry.target, entry.ignored, entry.entered, flag
    )


def _entry(walk: _Walk, place: os.DirEntry[str], path: str, *, ignored: bool) -> ContextEntry | None:
    try:
        found = place.stat(follow_symlinks=False)
        target = os.readlink(place.path) if stat.S_ISLNK(found.st_mode) else ""
    except OSError as error:
        _skip(walk, path, why(error))
        return None
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        entered = not ignored or may_match_under(walk.ignore.patterns, path)
        if entered and path.count("/") >= MAX_DEPTH:
            _skip(walk, path, f"more than {MAX_DEPTH} folders deep")
            entered = False
        return ContextEntry(path, "folder", 0, found.st_mtime, mode, "", ignored, entered, flag_folder(path))
    if stat.S_ISLNK(found.st_mode):
        return ContextEntry(path, "symlink", found.st_size, found.st_mtime, mode, target, ignored)
    if not stat.S_ISREG(found.st_mode):
        return ContextEntry(path, "other", 0, found.st_mtime, mode, "", ignored)
    return ContextEntry(path, "file", found.st_size, found.st_mtime, mode, "", ignored, flag=flag_file(path))


def sent(context: Context) -> Iterator[ContextEntry]:
    """Give the files and symlinks that reach the builder when all of the context is asked for (``COPY . …``)."""
    return (entry for entry in context.entries.values() if not entry.ignored and entry.type in {"file", "symlink"})


def sent_size(context: Context) -> tuple[int, int]:
    """Return the number and the bytes of what :func:`sent` gives."""
    sizes = [entry.size for entry in sent(context)]
    return len(sizes), sum(sizes)


def flagged(context: Context, *, least: int = 0) -> tuple[Flagged, ...]:
    """Return what is worth a second look, largest first: folders with all that is in them, and files outside of those.

    Args:
        context: what was read.
        least: smallest size in bytes; secrets are given whatever their size.
    """
    folders, files = dict[str, Flagged](), list[Flagged]()
    for entry in context.entries.values():
        holder = _holder(folders, entry.path)
        counts = not entry.ignored and entry.type in {"file", "symlink"}
        if holder is not None:
            seen = folders[holder]
            folders[holder] = Flagged(seen.flag, holder, seen.size + entry.size * counts, seen.count + counts)
            if entry.flag == "secret":
                files.append(Flagged("secret", entry.path, entry.size * counts, int(counts)))
        elif entry.type == "folder" and entry.flag:
            folders[entry.path] = Flagged(entry.flag, entry.path, 0, 0)
        elif entry.flag:
            files.append(Flagged(entry.flag, entry.path, entry.size * counts, int(counts)))
    large = (found for found in (*folders.values(), *files) if found.flag == "secret" or found.size >= least)
    return tuple(sorted(large, key=lambda found: (-found.size, found.path)))


def _holder(folders: Mapping[str, Flagged], path: str) -> str | None:
    if not folders:
        return None
    place = path.find("/")
    while place != -1:
        if path[:place] in folders:
            return path[:place]
        place = path.find("/", place + 1)
    return None
