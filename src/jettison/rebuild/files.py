"""Single files of layers, taken out one after another; each is held against the digest that its entry has."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.errors import BadInputError, MachineError
from jettison.files.record import FileTable
from jettison.layers.entry import Entry
from jettison.layers.limits import Limits, layer_place
from jettison.layers.share import stored_at
from jettison.layers.stream import Source, pieces, unpacked
from jettison.layers.table import LayerTable
from jettison.oci.image import Layer
from jettison.progress import SILENT, Progress, Task

_Content = Callable[[Entry], Iterable[memoryview]]


@dataclass(frozen=True, slots=True)
class LayerFiles:
    """A layer whose files can be had one after another; it is read up to the last that is wanted.

    Attributes:
        layer: the layer.
        table: what was read of it; its digests were checked then.
        limits: what is accepted of layers.
        task: told of stored bytes; None when nobody listens.
    """

    layer: Layer
    table: LayerTable
    limits: Limits
    task: Task | None = None

    def files(self, wanted: Collection[int], folder: Path) -> Generator[tuple[int, Path]]:
        """Give index and place of the wanted entries, in the order of the tar; the taker removes each file.

        Args:
            wanted: indices of entries that are files.
            folder: where they are put.

        Raises:
            BadInputError: one is not what it was when the table was read.
            MachineError: there is no room.
        """
        with (_plain if self.table.compression == "none" else _packed)(self) as content:
            for index in sorted(wanted):
                entry, path = self.table.entries[index], folder / f"{self.layer.index}-{index}"
                try:
                    self._check(entry, _save(content(entry), path))
                except BaseException:
                    path.unlink(missing_ok=True)
                    raise
                yield index, path

    def _check(self, entry: Entry, digest: str) -> None:
        if digest != entry.digest:
            raise BadInputError(
                f"{layer_place(self.layer)}: {entry.path!r} is not what it was when the layer was read",
                hint="the image changed meanwhile: try again",
            )


def take_out(
    table: FileTable, paths: Iterable[str], folder: Path, *, what: str, limits: Limits, progress: Progress = SILENT
) -> Mapping[str, Path]:
    """Take files out of an image; hard links to one content share a place.

    Args:
        table: of the image.
        paths: of visible files and hard links.
        folder: where they are put.
        what: is being done, for who watches.
        limits: what is accepted of layers.
        progress: told of stored bytes.

    Returns:
        Where each lies.

    Raises:
        BadInputError: one is not what it was when the table was read.
        MachineError: there is no room.
    """
    wanted: defaultdict[int, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in paths:
        layer, index = table.holder(table.visible[path])
        wanted[layer][index].append(path)
    found: dict[str, Path] = {}
    todo = sum(bytes_read(table.layers[layer], indices) for layer, indices in wanted.items())
    with progress.task(what, todo) as task:
        for layer, indices in sorted(wanted.items()):
            source = LayerFiles(table.image.layers[layer], table.layers[layer], limits, task)
            for index, place in source.files(indices, folder):
                found.update(dict.fromkeys(indices[index], place))
    return found


def bytes_read(table: LayerTable, wanted: Collection[int]) -> int:
    """Return how many stored bytes of a layer are read to have some of its files."""
    entries = [table.entries[index] for index in wanted]
    if table.compression == "none":
        return sum(entry.size for entry in entries)
    return stored_at(table, max((entry.end for entry in entries), default=0))


def _save(content: Iterable[memoryview], path: Path) -> str:
    """Write a file; return its digest."""
    digest = hashlib.sha256()
    try:
        with open(path, "xb") as file:
            for piece in content:
                file.write(piece)
                digest.update(piece)
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}", hint="free some room") from error
    return f"sha256:{digest.hexdigest()}"


@contextmanager
def _plain(files: LayerFiles) -> Iterator[_Content]:
    """Read each file of a plain tar where it lies."""
    blob, place = files.layer.blob, layer_place(files.layer)

    def content(entry: Entry) -> Iterator[memoryview]:
        part = replace(blob, offset=blob.offset + entry.data, size=entry.size)
        return (piece.data for piece in pieces(Source(part, "none", place, files.limits, files.task)))

    yield content


@contextmanager
def _packed(files: LayerFiles) -> Iterator[_Content]:
    """Unpack a layer, and pass over what lies between files."""
    position, piece = 0, memoryview(b"")

    def content(entry: Entry) -> Iterator[memoryview]:
        nonlocal position, piece
        end = entry.data + entry.size
        while position < end and (piece or (piece := next(stream, piece))):
            taken = piece[: (entry.data if position < entry.data else end) - position]
            if position >= entry.data:
                yield taken
            piece, position = piece[len(taken) :], position + len(taken)

    with closing(unpacked(files.layer, limits=files.limits, task=files.task)) as stream:
        yield content
