"""An image whose layers engines can pull lazily: zstd:chunked keeps its tars, eStargz adds files to them.

A layer that lacks the folders of its files gets them, as the layers below have them: an engine that unpacks a whole
layer has them before its eyes, one that goes by a table of contents does not. Podman 5.8 makes such a folder with no
rights at all, over the one below (seen: nobody but root could start anything in /usr).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from jettison.errors import BadInputError
from jettison.files.folders import folders_of
from jettison.files.record import FileTable
from jettison.layers.chunked import write_chunked
from jettison.layers.entry import Entry, bare
from jettison.layers.estargz import RESERVED, Copied, first_indices, members_of, write_estargz
from jettison.layers.frames import Tape
from jettison.layers.limits import Limits
from jettison.layers.rawhead import UnfitError
from jettison.layers.read import read_layer
from jettison.layers.stream import unpacked_again
from jettison.layers.table import Compression, LayerTable
from jettison.layers.write import WrittenLayer
from jettison.oci.image import Image, Layer
from jettison.oci.make import make_image, with_manifest
from jettison.progress import SILENT, Progress, Task
from jettison.rebuild.layer import Recipe, placed, recompress_layer

Lazy = Literal["estargz", "zstd:chunked"]
_CODECS: Mapping[Lazy, Compression] = {"estargz": "gzip", "zstd:chunked": "zstd"}
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class LazyImage:
    """An image made for lazy pulling.

    Attributes:
        image: its new layers lie in scratch files.
        notes: layers that could not be made so, and why; they are packed plainly.
        ahead: files that go first.
        ahead_size: bytes of them.
    """

    image: Image
    notes: tuple[str, ...]
    ahead: int
    ahead_size: int


def make_lazy(
    table: FileTable,
    lazy: Lazy,
    level: int | None = None,
    *,
    first: Sequence[str] = (),
    scratch: Path,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> LazyImage:
    """Pack the layers of an image anew, for lazy pulling, and read what was made to see that nothing changed.

    Args:
        table: of the image.
        lazy: the format.
        level: of its codec; None for its default.
        first: paths in the rootfs that a start reads, in that order; for eStargz, which has them fetched ahead.
        scratch: folder for the new layers; it must outlive the image returned.
        limits: what is accepted of the layers.
        progress: told of stored bytes.

    Raises:
        BadInputError: a layer is not what it was when the table was read.
        MachineError: there is no room.
    """
    wanted = _by_layer(table, first)
    made, notes, moved = [], [], list[Entry]()
    with progress.task(f"pack {table.image.name}", sum(2 * layer.stored for layer in table.layers)) as task:
        for layer, read in zip(table.image.layers, table.layers, strict=True):
            work = _Work(layer, read, lazy, level, scratch, limits or Limits(), task)
            try:
                ahead = wanted.get(layer.index, ())
                folders = missing_folders(table.layers, layer.index)
                made.append(_lazy_layer(work, folders, first_indices(read, ahead)))
                moved += [read.entries[index] for index in ahead]
            except UnfitError as error:
                notes.append(f"layer {layer.index} is packed plainly: {error}")
                made.append(_plain_layer(work))
            task.advance(read.stored)
    image = table.image
    if [layer.diff_id for layer in made] != [layer.diff_id for layer in image.layers]:
        parts = [(layer.descriptor, layer.diff_id, layer.blob) for layer in made]
        new = make_image(
            name=image.name, config=image.config.document, layers=parts, tags=image.tags, annotations=image.annotations
        )
    else:
        new = with_manifest(replace(image, layers=tuple(made)))
    return LazyImage(new, tuple(notes), len(moved), sum(entry.size for entry in moved))


def _by_layer(table: FileTable, first: Sequence[str]) -> Mapping[int, Sequence[int]]:
    """Return which entries of which layer hold the files wanted first, in that order."""
    found: dict[int, list[int]] = {}
    for path in first:
        file = table.visible.get(path)
        if file is not None and file.entry.type in ("file", "hardlink"):
            found.setdefault(file.layer, []).append(file.index)
    return found


@dataclass(frozen=True, slots=True)
class _Work:
    layer: Layer
    read: LayerTable
    lazy: Lazy
    level: int | None
    scratch: Path
    limits: Limits
    task: Task

    @property
    def path(self) -> Path:
        return self.scratch / f"lazy-{self.layer.index}"


def missing_folders(layers: Sequence[LayerTable], index: int) -> tuple[Entry, ...]:
    """Return entries for the folders that a layer's members lie in and that it has none for, sorted by path.

    Args:
        layers: lowest first.
        index: of the layer.

    Returns:
        Each as the layers below have it; where none of them has it, as root's, with rights 0755.

    Raises:
        UnfitError: one of them is no folder there, but a symlink, say; so the layer's files are elsewhere.
    """
    there = {entry.path for entry in layers[index].entries}
    missing = folders_of(there) - there - {""}
    below = _below(layers[:index], missing)
    return tuple(_folder(path, below.get(path)) for path in sorted(missing))


def _below(layers: Sequence[LayerTable], wanted: set[str]) -> Mapping[str, Entry]:
    """Return what some layers make of some paths."""
    found: dict[str, Entry] = {}
    for entry in (entry for layer in layers if wanted for entry in layer.entries):
        if entry.path in wanted:
            found[entry.path] = entry
        elif entry.whiteout in wanted:
            found.pop(entry.whiteout, None)
    return found


def _folder(path: str, below: Entry | None) -> Entry:
    if below is None:
        return Entry(path, "dir", 0, 0o755, 0, 0, 0, "", "", (0, 0), (), 0, 0, 0)
    if below.type != "dir":
        raise UnfitError(f"its files lie in {path!a}, which is a {below.type} below")
    return replace(below, offset=0, data=0, end=0)


def _lazy_layer(work: _Work, folders: Sequence[Entry], first: Sequence[int]) -> Layer:
    _check_fit(work.read, work.lazy)
    threads = len(os.sched_getaffinity(0))
    with closing(unpacked_again(work.layer, work.read.digest, limits=work.limits, task=work.task)) as stream:
        if work.lazy == "estargz":
            rest = members_of(Tape(stream), work.read, frozenset(first))
            written, annotations = write_estargz(work.path, _ahead(work, first), rest, folders, work.level, threads)
        else:
            written, annotations = write_chunked(work.path, stream, work.read, folders, work.level, threads)
        for _ in stream:  # to its end, where its digest is checked
            pass
    layer = _layer(work, written, annotations)
    _check_same(work, layer, folders)
    return layer


def _check_fit(read: LayerTable, lazy: Lazy) -> None:
    """Refuse what neither a table of contents nor those who read it can tell apart.

    Raises:
        UnfitError: a path comes twice, or a hard link leads out of the layer.
    """
    seen: set[str] = set()
    for entry in read.entries:
        if entry.path in seen:
            raise UnfitError(f"{entry.path!a} comes twice in it")
        if lazy == "estargz" and entry.type == "hardlink" and entry.link not in seen:
            raise UnfitError(f"{entry.path!a} is a hard link to what does not come before it in the layer")
        seen.add(entry.path)


def _plain_layer(work: _Work) -> Layer:
    codec = _CODECS[work.lazy]
    if work.read.compression == codec and work.layer.descriptor.digest:
        return work.layer
    path = work.path.with_suffix(".plain")
    threads = len(os.sched_getaffinity(0))
    recipe = Recipe(path, codec, work.level, threads, work.scratch, work.limits)
    return _layer(work, recompress_layer(work.layer, work.read, recipe, work.task))


def _layer(work: _Work, written: WrittenLayer, annotations: Mapping[str, str] | None = None) -> Layer:
    descriptor, diff_id, blob = placed(written, annotations)
    return replace(work.layer, descriptor=descriptor, diff_id=diff_id, blob=blob)


def _ahead(work: _Work, first: Sequence[int]) -> Iterator[Copied]:
    """Give the members that go first: a pass over the layer takes them aside, in the tar's order."""
    if not first:
        return
    spool = work.scratch / f"ahead-{work.layer.index}"
    entries = work.read.entries
    places: dict[int, int] = {}
    try:
        with (
            open(spool, "wb") as file,
            closing(unpacked_again(work.layer, work.read.digest, limits=work.limits)) as stream,
        ):
            for member in members_of(Tape(stream), work.read, frozenset(range(len(entries))) - frozenset(first)):
                places[member.entry.offset] = file.tell()
                file.write(member.head)
                file.writelines(data for _, data in member.tape.chunks(member.entry.size))
        for index in first:
            entry = entries[index]
            with open(spool, "rb") as file:
                file.seek(places[entry.offset])
                tape = Tape(iter(lambda: memoryview(file.read(_READ)), memoryview(b"")), entry.offset)
                yield Copied(entry, tape.to(entry.data), tape)
    finally:
        spool.unlink(missing_ok=True)


def _check_same(work: _Work, layer: Layer, folders: Sequence[Entry]) -> None:
    """Read a layer that was made, from its bytes, and hold it against the original: each member, to the last field.

    Raises:
        BadInputError: something is another than it was.
    """
    new = read_layer(layer, (), limits=work.limits)
    if new.diff_id == work.read.diff_id:
        return
    kept = RESERVED if work.lazy == "estargz" else frozenset[str]()
    wanted = [entry for entry in (*work.read.entries, *folders) if entry.path not in kept]
    if sorted(map(bare, wanted)) != sorted(bare(entry) for entry in new.entries if entry.path not in kept):
        raise BadInputError(f"layer {layer.index}: what was packed is not what was read", hint="please report this")
