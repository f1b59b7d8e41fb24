"""The file table's records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jettison.elf.facts import ElfFacts
from jettison.finding import Skip
from jettison.layers.entry import Entry
from jettison.layers.table import LayerTable
from jettison.oci.image import Image

OwnerType = Literal["deb", "apk", "python", "conda", "none"]
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who brought a file: a package of the operating system, a Python or conda distribution.

    Attributes:
        key: ``deb:libc6``, ``apk:musl``, ``python:numpy`` (normalised name), ``conda:mkl``; unique in the image.
            A second Python distribution of the same name elsewhere is ``python:numpy@<site-packages path>``.
        type: which kind.
        name: as its own records spell it.
        version: likewise.
        record: path of the record that says so (``var/lib/dpkg/status``, ``…/numpy-2.0.dist-info/RECORD``).
        depends: names this one needs at run time, as its records say, each a tuple of alternatives without version
            constraints: ``(("libc6",), ("default-mta", "mail-transport-agent"))``. For Python: normalised names.
        provides: virtual names it satisfies.
        essential: dpkg's ``Essential: yes``.
        source: source package name; empty when the same.
    """

    key: str
    type: OwnerType
    name: str
    version: str
    record: str
    depends: tuple[tuple[str, ...], ...] = ()
    provides: tuple[str, ...] = ()
    essential: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """One entry of one layer, with what is known about it.

    Attributes:
        entry: the tar member.
        layer: index of its layer.
        index: index of the entry in its layer.
        path: where it lands in the rootfs once symlinks in its parents are followed (``lib/x`` becomes
            ``usr/lib/x`` on a merged-usr image); the whiteout's own path for whiteouts.
        visible: whether the container sees it (whiteouts never are).
        hidden_by: index of the layer whose entry hides it; -1 when visible or a whiteout.
        owner: :attr:`Owner.key`, or ``""``.
        kind: name from :data:`jettison.files.kinds.KINDS`.
        pull: its share of the stored (or estimated) bytes of the layer, header and padding included.
    """

    entry: Entry
    layer: int
    index: int
    path: str
    visible: bool
    hidden_by: int
    owner: str
    kind: str
    pull: int


@dataclass(frozen=True, slots=True)
class FileTable:
    """Every path of every layer of an image.

    Attributes:
        image: what was read.
        layers: lowest first.
        files: all entries, layer by layer, in the order of the tars.
        visible: by path, what the container sees, directories included. Sorted by path.
        owners: by key.
        elfs: facts of visible and hidden ELF files, by (layer, index).
        texts: content captured while reading (package databases, RECORDs, passwd …), by path, of visible files.
        skips: what was not looked into, and why.
        hints: for visible Python files, by path: what in their text speaks of a tests folder used at run time (imports
            of a ``tests`` module, strings with ``tests/``), at most 16 short strings each, and as many lines with
            strings that name documentation (``docs/``, ``README``).
        inodes: for each hard link, by (layer, index): the (layer, index) of the entry that holds its content. That
            entry may be hidden (its path was deleted or replaced later) while the content lives on under the link.
    """

    image: Image
    layers: tuple[LayerTable, ...]
    files: tuple[File, ...]
    visible: Mapping[str, File]
    owners: Mapping[str, Owner]
    elfs: Mapping[tuple[int, int], ElfFacts]
    texts: Mapping[str, bytes]
    skips: tuple[Skip, ...]
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inodes: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def holder(self, file: File) -> tuple[int, int]:
        """Return the (layer, index) of the entry that has a file's content: its own, but for a hard link."""
        key = (file.layer, file.index)
        return self.inodes.get(key, key)
