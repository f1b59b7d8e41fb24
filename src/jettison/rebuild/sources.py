"""Files of an image that a plan of tier 3 reads: Python's sources and compiled modules, and entry points."""

from collections.abc import Iterator
from contextlib import contextmanager

from jettison.files.record import FileTable
from jettison.layers.limits import Limits
from jettison.plan.keep.modules import is_extension
from jettison.plan.keep.record import LARGEST, Read
from jettison.progress import SILENT, Progress
from jettison.rebuild.files import take_out
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
    wanted = [path for path in table.visible if _is_read(table, path)]
    with scratch_dir() as scratch:
        what = "reading sources"
        places = take_out(table, wanted, scratch, what=what, limits=limits or Limits(), progress=progress)

        def read(path: str) -> bytes:
            return places[path].read_bytes() if path in places else b""

        yield read


def _is_read(table: FileTable, path: str) -> bool:
    if not (path.endswith((".py", ".pth", "/entry_points.txt")) or is_extension(path)):
        return False
    layer, index = table.holder(table.visible[path])
    entry = table.layers[layer].entries[index]
    return entry.type == "file" and entry.size <= LARGEST
