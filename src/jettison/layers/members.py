"""A layer's members with their content, in the order of the tar, for unpacking."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from jettison.layers.entry import Entry
from jettison.layers.limits import Limits, layer_place
from jettison.layers.stream import uncompressed
from jettison.layers.tar import TarReader
from jettison.oci.image import Layer
from jettison.progress import Task


@dataclass(frozen=True, slots=True)
class Member:
    """One member, while the layer streams by.

    Attributes:
        entry: its ``digest`` is empty (nothing was hashed).
        content: the file's bytes; take them before the next member is asked for, or they are passed over. A view is
            valid until the next one is asked for.
    """

    entry: Entry
    content: Iterator[memoryview]


def members(layer: Layer, *, limits: Limits | None = None, task: Task | None = None) -> Generator[Member]:
    """Yield the members of a layer, once, in order.

    The blob's size and digest and the diff_id are checked when the last member was taken. A consumer that may stop
    early must close the generator (``contextlib.closing``).

    Args:
        layer: what to read.
        limits: what is accepted.
        task: told of stored bytes as they are read.

    Raises:
        BadInputError: as :func:`jettison.layers.read.read_layer`.
        RefusedError: likewise.
        MachineError: likewise.
    """
    accepted = limits or Limits()
    with closing(uncompressed(layer, limits=accepted, task=task)) as pieces:
        tar = TarReader(pieces, layer_place(layer), accepted)
        while (head := tar.next()) is not None:
            yield Member(head.entry(), tar.content())
        tar.drain()
