"""Files of an image that a plan of tier 3 reads: Python's sources and compiled modules, and entry points."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.files.record import FileTable
from jettison.layers.limits import Limits
from jettison.plan.keep.modules import is_extension
from jettison.plan.keep.record import LARGEST, Read
from jettison.progress import SILENT, Progress
from jettison.rebuild.files import LayerFiles, bytes_read
from jettison.storage import scratch_dir


@contextmanager
def sources(table: FileTable, *, limits: Limits | None = None, progress: Progress = SILENT) -> Iterator[Read]:
    """Take what may be read out of an image's layers, into scratch.

    Args:
        table: of the image.
        limits: what is accepted of layers.
        progress: told of stored bytes.

    Raises:
        BadInputError: a file is not what it was when the table was read.
        MachineError: there is no room.
    """
    wanted: defaultdict[int, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, file in table.visible.items():
        if path.endswith((".py", ".pth", "/entry_points.txt")) or is_extension(path):
            layer, index = table.inodes.get((file.layer, file.index), (file.layer, file.index))
            entry = table.layers[layer].entries[index]
            if entry.type == "file" and entry.size <= LARGEST:
                wanted[layer][index].append(path)
    places: dict[str, Path] = {}
    with scratch_dir() as scratch:
        todo = sum(bytes_read(table.layers[layer], indices) for layer, indices in wanted.items())
        with progress.task("reading sources", todo) as task:
            for layer, indices in sorted(wanted.items()):
                found = LayerFiles(table.image.layers[layer], table.layers[layer], limits or Limits(), task)
                for index, place in found.files(indices, scratch):
                    places.update(dict.fromkeys(indices[index], place))

        def read(path: str) -> bytes:
            return places[path].read_bytes() if path in places else b""

        yield read
