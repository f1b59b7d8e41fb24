"""Symlinks followed inside the rootfs, as a process in the container would."""

from collections.abc import Callable, Mapping

from jettison.files.record import File, FileTable
from jettison.layers.entry import Entry

MAX_LINKS = 40  # Linux follows 40 symlinks in one look-up (path_resolution(7))
MAX_PARTS = 10_000  # path components walked in one look-up; PATH_MAX allows 2,048 a link


def resolve(rootfs: FileTable | Mapping[str, File], path: str) -> str | None:
    """Return the path that ``path`` stands for once every symlink in it, the last too, is followed.

    Args:
        rootfs: a file table, or its ``visible`` mapping.
        path: relative to the root; a leading slash is taken as the root.

    Returns:
        A key of ``visible``; None when it leads nowhere, loops, or goes through something that is not a directory.
        ``..`` never leads out of the root. Directories without an entry of their own are passed through.
    """
    visible = rootfs.visible if isinstance(rootfs, FileTable) else rootfs
    real = real_path(visible, path)
    return real if real is not None and real in visible else None


def real_path(visible: Mapping[str, File], path: str) -> str | None:
    """Return the path that ``path`` stands for once every symlink in it is followed, whether something is there or not.

    Args:
        visible: what the container sees, by path.
        path: relative to the root.

    Returns:
        A path without symlinks; None for a dead end or a loop.
    """

    def entry_of(here: str) -> Entry | None:
        file = visible.get(here)
        return file.entry if file else None

    return walk(entry_of, path)


def walk(
    entry_of: Callable[[str], Entry | None], path: str, *, root: str = "", links: list[str] | None = None
) -> str | None:
    """Return the real path that ``path`` leads to, whether something is there or not; None for a dead end or a loop.

    Args:
        entry_of: gives the visible entry at a real path; None where there is none.
        path: relative to the root.
        root: real path of the directory that is the root to who looks, below which the result lies.
        links: gets the real paths of the symlinks that are followed, in their order.
    """
    done = root
    todo = path.split("/")[::-1]
    followed = parts = 0
    while todo:
        part = todo.pop()
        parts += 1
        if parts > MAX_PARTS:
            return None
        if part in ("", "."):
            continue
        if part == "..":
            done = done.rpartition("/")[0] if done != root else root
            continue
        here = f"{done}/{part}" if done else part
        entry = entry_of(here)
        if entry is None or entry.type == "dir":
            done = here
        elif entry.type == "symlink":
            followed += 1
            if followed > MAX_LINKS:
                return None
            if links is not None:
                links.append(here)
            done = root if entry.link.startswith("/") else done
            todo.extend(entry.link.split("/")[::-1])
        elif todo:
            return None
        else:
            done = here
    return done
