"""eStargz: a gzip layer whose files can be fetched one by one, those of a start first.

Each file's content, in chunks, begins a gzip member. Two files are added to the tar: a landmark, which says up to where
a snapshotter fetches ahead, or that it need not; and as the last member the table of contents. So the layer is another
than before, and so is its diff_id; every other member is copied byte for byte. A footer of 51 bytes tells where the
table begins; its digest stands in an annotation of the layer's descriptor.

Source: containerd's stargz-snapshotter, ``docs/estargz.md``.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from struct import pack
from typing import NamedTuple

from jettison.layers.compress import GZIP_LEVEL
from jettison.layers.encode import encode_header, padding
from jettison.layers.entry import Entry
from jettison.layers.frames import Chunk, Frames, Tape, gzip_member
from jettison.layers.rawhead import read_raw_head
from jettison.layers.table import LayerTable
from jettison.layers.toc import Listed, estargz_entries, table
from jettison.layers.write import MEDIA_TYPES, WrittenLayer
from jettison.oci.digest import sha256

TABLE = "stargz.index.json"
PREFETCH, NO_PREFETCH = ".prefetch.landmark", ".no.prefetch.landmark"
RESERVED = frozenset({TABLE, PREFETCH, NO_PREFETCH})
"""Paths of what the format adds; what a layer has there is left out."""
_LANDMARK = b"\x0f"
_END = bytes(1024)


class Copied(NamedTuple):
    """A member on its way: its headers, and where to take its content from; that is to be taken before the next."""

    entry: Entry
    head: bytes
    tape: Tape


def write_estargz(
    path: Path,
    first: Iterator[Copied],
    rest: Iterator[Copied],
    folders: Sequence[Entry] = (),
    level: int | None = None,
    threads: int | None = None,
) -> tuple[WrittenLayer, Mapping[str, str]]:
    """Write a layer as eStargz.

    Args:
        path: the blob; must not exist. It is removed after an error.
        first: the members that are fetched ahead, in that order; may be none.
        rest: all others, in the order of the tar.
        folders: to put before them all; a snapshotter makes those that are missing with rights of its own choice.
        level: of gzip, 1 to 9; 6 when None.
        threads: that compress at once; one a core when None. The bytes written do not depend on it.

    Returns:
        What was written, and the annotations that its descriptor has to have.

    Raises:
        UnfitError: the table of contents cannot tell of a member.
        BadInputError: the layer is not what was read.
        MachineError: the blob cannot be written.
    """
    with Frames(path, gzip_member(level or GZIP_LEVEL), threads) as frames:
        writer = _Writer(frames)
        for entry in folders:
            writer.made(entry)
        for member in first:
            writer.add(member)
        writer.landmark(PREFETCH if len(writer.members) > len(folders) else NO_PREFETCH)
        for member in rest:
            writer.add(member)
        digest_of_table = writer.finish()
        digest = frames.finish()
    written = WrittenLayer(path, digest, writer.diff_id, frames.stored, writer.size, MEDIA_TYPES["gzip"], "gzip")
    return written, {
        "containerd.io/snapshot/stargz/toc.digest": digest_of_table,
        "io.containers.estargz.uncompressed-size": str(writer.size),
    }


def members_of(tape: Tape, layer: LayerTable, left_out: frozenset[int] = frozenset()) -> Iterator[Copied]:
    """Give the members of a layer's tar, in its order, but for some and those at the paths that eStargz uses."""
    for index, entry in enumerate(layer.entries):
        if index in left_out or entry.path in RESERVED:
            continue
        tape.skip(entry.offset)
        yield Copied(entry, tape.to(entry.data), tape)


class _Writer:
    """Puts a tar together; a part begins with a chunk of content, and what comes behind it is in the same part."""

    def __init__(self, frames: Frames) -> None:
        self.members: list[Listed] = []
        self.size = 0  # of the tar
        self._frames = frames
        self._hash = hashlib.sha256()
        self._chunk: Chunk | None = None
        self._data = b""
        self._behind: list[bytes] = []

    @property
    def diff_id(self) -> str:
        """The digest of the tar."""
        return "sha256:" + self._hash.hexdigest()

    def add(self, member: Copied) -> None:
        entry = member.entry
        raw = read_raw_head(member.head, entry)
        self._more(member.head)
        chunks = []
        for chunk, data in member.tape.chunks(entry.size):
            self._cut()
            self._count(data)
            self._chunk, self._data = chunk, data
            chunks.append(chunk)
        self._more(padding(entry.size))
        self.members.append(Listed(entry, raw, tuple(chunks)))

    def landmark(self, name: str) -> None:
        entry = Entry(name, "file", len(_LANDMARK), 0o644, 0, 0, 0, "", sha256(_LANDMARK), (0, 0), (), 0, 0, 0)
        self.made(entry, _LANDMARK)

    def made(self, entry: Entry, content: bytes = b"") -> None:
        self.add(Copied(entry, encode_header(entry), Tape(iter((memoryview(content),)))))

    def finish(self) -> str:
        """Write the table and the footer, and return the table's digest."""
        self._cut()
        at = self._frames.flush()
        content = b"".join(table(estargz_entries(self.members)))
        entry = Entry(TABLE, "file", len(content), 0o444, 0, 0, 0, "", "", (0, 0), (), 0, 0, 0)
        whole = encode_header(entry) + content + padding(len(content)) + _END
        self._count(whole)
        self._frames.put(whole)
        self._frames.flush()
        self._frames.write(footer(at))
        return sha256(content)

    def _more(self, data: bytes) -> None:
        self._count(data)
        self._behind.append(data)

    def _cut(self) -> None:
        """Let the next part begin."""
        if self._data or self._behind:
            self._frames.put(self._data, self._chunk, b"".join(self._behind))
        self._chunk, self._data, self._behind = None, b"", []

    def _count(self, data: bytes) -> None:
        self.size += len(data)
        self._hash.update(data)


def footer(table_at: int) -> bytes:
    """Return the 51 bytes that end an eStargz blob: an empty gzip member that tells where the table's begins."""
    told = b"%016xSTARGZ" % table_at
    header = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + pack("<H2sH", len(told) + 4, b"SG", len(told))
    return header + told + b"\x01\0\0\xff\xff" + bytes(8)


def first_indices(layer: LayerTable, wanted: Sequence[int]) -> list[int]:
    """Return which members go first when some are wanted first: folders before what is in them, as for links.

    Args:
        layer: whose members.
        wanted: indices, in the order wanted.

    Returns:
        Indices: of the wanted ones, each behind the members for its folders, and a hard link behind what it links to.
    """
    by_path = {entry.path: index for index, entry in enumerate(layer.entries) if entry.path not in RESERVED}
    placed: dict[int, None] = {}
    for index in wanted:
        for one in _targets(layer, index, by_path):
            parts = layer.entries[one].path.split("/")
            for depth in range(1, len(parts) + 1):
                found = by_path.get("/".join(parts[:depth]))
                if found is not None:
                    placed.setdefault(found)
    return list(placed)


def _targets(layer: LayerTable, index: int, by_path: Mapping[str, int]) -> list[int]:
    """Return a member behind those that it is a hard link to; a ring of links, which no engine unpacks, ends."""
    found = {index: None}
    entry = layer.entries[index]
    while entry.type == "hardlink" and (index := by_path.get(entry.link, index)) not in found:
        found[index] = None
        entry = layer.entries[index]
    return list(reversed(found))
