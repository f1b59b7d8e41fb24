"""Entries: one tar member each, as container engines read them (POSIX.1-2001 pax, GNU, ustar, v7)."""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Literal

EntryType = Literal["file", "dir", "symlink", "hardlink", "char", "block", "fifo"]

WHITEOUT_PREFIX = ".wh."
OPAQUE_NAME = ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class Entry:
    """One tar member.

    Attributes:
        path: relative to the root, without ``./``, trailing or doubled slashes; the root itself is ``""``. Bytes
            that are not UTF-8 are surrogate-escaped (``os.fsdecode``).
        type: what it makes.
        size: bytes of content; 0 for all but files.
        mode: permission bits with set-id and sticky bits (``0o7777``).
        uid: numeric owner.
        gid: numeric group.
        mtime: nanoseconds since the epoch.
        link: a symlink's target as stored; a hard link's target as a path relative to the root; else ``""``.
        digest: ``sha256:<hex>`` of the content for files (also empty ones), else ``""``.
        device: ``(major, minor)`` for devices, else ``(0, 0)``.
        xattrs: names and values, sorted by name (``SCHILY.xattr.*``; ``security.capability`` among them).
        offset: where the member begins in the uncompressed tar (its first header block, pax headers included), bytes.
        data: where its content begins, bytes.
        end: where the next member begins, bytes.
    """

    path: str
    type: EntryType
    size: int
    mode: int
    uid: int
    gid: int
    mtime: int
    link: str
    digest: str
    device: tuple[int, int]
    xattrs: tuple[tuple[str, bytes], ...]
    offset: int
    data: int
    end: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The path of the directory it is in; ``""`` for the root."""
        return self.path.rpartition("/")[0]

    @property
    def is_opaque(self) -> bool:
        """Whether it is an opaque whiteout: hides everything that lower layers have in its directory."""
        return self.path.endswith(OPAQUE_NAME) and self.name == OPAQUE_NAME

    @property
    def whiteout(self) -> str:
        """The path that it hides, when it is an explicit whiteout; else ``""``."""
        if WHITEOUT_PREFIX not in self.path:  # nearly all of an image's entries, each asked several times
            return ""
        name = self.name
        if not name.startswith(WHITEOUT_PREFIX) or name.startswith(WHITEOUT_PREFIX * 2):
            return ""
        parent = self.parent
        hidden = name[len(WHITEOUT_PREFIX) :]
        return f"{parent}/{hidden}" if parent else hidden


bare = attrgetter(*(field.name for field in fields(Entry) if field.name not in {"offset", "data", "end"}))
"""Returns what an entry says but for its place in the tar: a tuple, its path first."""
