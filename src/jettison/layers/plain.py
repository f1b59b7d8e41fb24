"""A plain tar as the pieces that a walk through its headers needs: what it does not look at is not read."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from jettison.layers.buffers import PIECE
from jettison.layers.decode import Blob
from jettison.oci.image import Extent


class PlainTar(AbstractContextManager["PlainTar"]):
    """Yields a tar from its beginning, or from where :meth:`seek` went; a piece is valid until the next.

    Args:
        extent: where it lies.
        place: the layer, for messages.
    """

    def __init__(self, extent: Extent, place: str) -> None:
        self.size = extent.size
        self._blob = Blob(extent, place, None, None)
        self._buffer = memoryview(bytearray(PIECE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._blob.close()

    def __iter__(self) -> Iterator[memoryview]:
        """Yield the pieces."""
        while count := self._blob.readinto(self._buffer):
            yield self._buffer[:count]

    def seek(self, offset: int) -> None:
        """Go on at ``offset``."""
        self._blob.position = offset
