"""What one pass over a layer gives: its entries, digests, sizes and what the observers saw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from jettison.layers.entry import Entry

Compression = Literal["none", "gzip", "zstd"]


@dataclass(frozen=True, slots=True)
class LayerTable:
    """A layer that was read to its end, every digest and size checked.

    Attributes:
        digest: of the blob as stored.
        diff_id: of the uncompressed tar.
        compression: found from the first bytes, never from the media type.
        stored: bytes of the blob.
        size: bytes of the uncompressed tar, trailing zero blocks included.
        entries: in the order of the tar.
        marks: pairs (uncompressed offset, stored offset), ascending, the first (0, 0) and the last (size, stored): how
            stored bytes are shared out among entries by linear interpolation. For a plain tar, see ``estimated``.
        estimated: True when the blob is a plain tar: then the second of each mark is an estimate of the gzip size, from
            samples, and the last one is the estimated pull of the layer in bytes.
        observed: for each observer by name, what it gave for the entries it looked at, by index into ``entries``.
    """

    digest: str
    diff_id: str
    compression: Compression
    stored: int
    size: int
    entries: tuple[Entry, ...]
    marks: tuple[tuple[int, int], ...]
    estimated: bool
    observed: Mapping[str, Mapping[int, Any]]

    @property
    def pull(self) -> int:
        """Bytes that a pull of this layer fetches (an estimate when ``estimated``)."""
        return self.marks[-1][1]


class Sink(Protocol):
    """Takes one file's content as it streams by."""

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next piece of content; the buffer is reused afterwards, so copy what is kept."""

    def finish(self) -> Any:
        """Return a JSON value about the file, or None when there is nothing to say."""


Read = Callable[[int, int], bytes]
"""Gives ``size`` bytes of a file at ``offset``; raises BadInputError when they are not at hand."""


@runtime_checkable
class Seeker(Protocol):
    """A sink that need not see a file from end to end where any part of it can be had."""

    def seek(self, read: Read) -> Any:
        """Return what ``finish`` would after the whole content, from the parts that matter."""


class Observer(Protocol):
    """Looks at the content of files while a layer is read, so that a layer is read once.

    Attributes:
        name: key in :attr:`LayerTable.observed`.
        version: raised whenever results change; part of the cache's key.
    """

    name: str
    version: int

    def begin(self, path: str, size: int) -> Sink | None:
        """Return a sink for this file's content, or None to leave it. Called once a regular file."""
