"""What a reader of package records sees of a rootfs, and what it gives."""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jettison.files.record import Owner
from jettison.files.resolve import walk
from jettison.finding import Skip
from jettison.layers.entry import Entry


class Rootfs:
    """The rootfs as readers of package records see it.

    Attributes:
        visible: entries that the container sees, by real path.
        known: every real path of the image, hidden ones included; only these can be claimed.
        texts: captured contents by real path.
        dirs: paths of ``visible`` that are directories.
    """

    def __init__(self, visible: Mapping[str, Entry], known: Mapping[str, object], texts: Mapping[str, bytes]) -> None:
        self.visible = visible
        self.known = known
        self.texts = texts
        self.dirs = frozenset(path for path, entry in visible.items() if entry.type == "dir")
        self._real: dict[str, str | None] = {"": ""}

    def real(self, path: str) -> str | None:
        """Return where a record's ``path`` lies: symlinks in its parents followed (``lib/x`` is ``usr/lib/x``).

        Args:
            path: relative to the root, normalised.

        Returns:
            A path of ``known``, or None when nothing is there.
        """
        parent, _, name = path.rpartition("/")
        try:
            real = self._real[parent]
        except KeyError:
            real = self._real[parent] = self._folder(parent)
        if real is None:
            return None
        full = path if real == parent else f"{real}/{name}" if real else name
        return full if full in self.known else None

    def _folder(self, path: str) -> str | None:
        upper = path.rpartition("/")[0]
        if path in self.dirs and self._real.get(upper) == upper:
            return path  # what most are: a directory in one that is known to be real
        return walk(self.visible.get, path)

    def text(self, path: str) -> str:
        """Return a captured text; bytes that are not UTF-8 are surrogate-escaped, as in paths. Empty when absent."""
        return self.texts.get(path, b"").decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Claims:
    """What one kind of records claims.

    Attributes:
        owners: in a stable order.
        paths: real path of a file → owner's key.
        trees: real path of a directory → the owner of whatever lies in it that no record names.
        dirs: real path of a directory that one owner alone lists → that owner; for directories without files.
        skips: records that could not be read, and why.
    """

    owners: tuple[Owner, ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict)
    trees: Mapping[str, str] = field(default_factory=dict)
    dirs: Mapping[str, str] = field(default_factory=dict)
    skips: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnerKind:
    """A kind of owner.

    Attributes:
        name: as in :data:`jettison.files.record.OwnerType`, or of a database that is only recognised.
        description: one line for the documentation.
        claim: reads the records.
    """

    name: str
    description: str
    claim: Callable[[Rootfs], Claims]


def inside(base: str, path: str) -> str | None:
    """Join a record's ``path`` to ``base`` and normalise it; None when it leads out of the root.

    Args:
        base: a directory relative to the root; ``""`` for the root.
        path: relative to ``base``, or absolute (then the root is meant).
    """
    if "\0" in path:
        return None
    joined = posixpath.normpath(path if path.startswith("/") else f"{base}/{path}").lstrip("/")
    if joined in ("", ".", "..") or joined.startswith("../"):
        return None
    return joined
