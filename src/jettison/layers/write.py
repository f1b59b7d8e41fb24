"""A layer written: members verbatim or made new, compressed in parallel, digests taken on the way."""

import contextlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from jettison.errors import BadInputError, MachineError
from jettison.layers.buffers import PIECE as BLOCK
from jettison.layers.buffers import Buffers
from jettison.layers.compress import make_compressor
from jettison.layers.encode import encode_header, padding
from jettison.layers.entry import Entry
from jettison.layers.header import ZERO_BLOCK
from jettison.layers.table import Compression
from jettison.layers.threads import HashThread, SyncThread

ROOM_HINT = "free some room, or set JETTISON_CACHE to a larger disk"
MEDIA_TYPES: dict[Compression, str] = {
    "none": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}


@dataclass(frozen=True, slots=True)
class WrittenLayer:
    """A layer on disk.

    Attributes:
        path: the blob.
        digest: of the blob.
        diff_id: of the uncompressed tar.
        stored: bytes of the blob.
        size: bytes of the uncompressed tar.
        media_type: OCI's.
        compression: of the blob.
    """

    path: Path
    digest: str
    diff_id: str
    stored: int
    size: int
    media_type: str
    compression: Compression


class LayerWriter(AbstractContextManager["LayerWriter"]):
    """Writes one layer's blob. The file is removed unless :meth:`finish` was reached.

    Args:
        path: where; must not exist. Its folder is the caller's scratch.
        compression: of the blob.
        level: of the compression; its default when None.
        threads: that compress at once; one a core when None. The bytes written do not depend on it.

    Raises:
        UsageError: no such level.
        MachineError: the file cannot be written (no room, no right).
    """

    def __init__(
        self, path: Path, compression: Compression = "gzip", level: int | None = None, threads: int | None = None
    ) -> None:
        self._path = path
        self._compression: Compression = compression
        self._compressor = make_compressor(compression, level, threads)
        self._tar_hash = HashThread()
        self._blob_hash = HashThread()
        self._buffers = Buffers()
        self._block = self._buffers.take()
        self._filled = 0  # bytes of the block
        self._size = 0
        self._stored = 0
        self._finished = False
        try:
            self._file = open(path, "xb", buffering=0)  # noqa: SIM115 -- closed when the block is left
        except OSError as error:
            self._compressor.close()
            raise no_room(path, error) from error
        self._sync = SyncThread(self._file.fileno())

    def __enter__(self) -> Self:
        self._tar_hash.__enter__()
        self._blob_hash.__enter__()
        return self

    def raw(self, piece: bytes | memoryview) -> None:
        """Append bytes of a tar as they are: whole members, headers and padding included."""
        view = memoryview(piece)
        while view:
            taken = view[: BLOCK - self._filled]
            view = view[len(taken) :]
            self._block[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            if self._filled == BLOCK:
                self._flush()

    def add(self, entry: Entry, content: Iterable[bytes | memoryview] = ()) -> None:
        """Write a member.

        Args:
            entry: ``offset``, ``data``, ``end`` and ``digest`` play no part.
            content: of a file, ``entry.size`` bytes in all.

        Raises:
            BadInputError: the content has another length than the entry says.
        """
        self.raw(encode_header(entry))
        size = 0
        for piece in content:
            size += len(piece)
            self.raw(piece)
        if size != entry.size:
            raise BadInputError(f"{entry.path}: its content has {size} bytes, not the {entry.size} that were said")
        self.raw(padding(size))

    def finish(self) -> WrittenLayer:
        """End the archive and return what was written."""
        self.raw(ZERO_BLOCK + ZERO_BLOCK)
        self._flush()
        for packed in self._compressor.finish():
            self._store(packed)
        try:
            self._sync.end()
        except OSError as error:
            raise no_room(self._path, error) from error
        self._file.close()
        self._finished = True
        diff_id = "sha256:" + self._tar_hash.hexdigest()
        plain = self._compression == "none"
        return WrittenLayer(
            path=self._path,
            digest=diff_id if plain else "sha256:" + self._blob_hash.hexdigest(),
            diff_id=diff_id,
            stored=self._stored,
            size=self._size,
            media_type=MEDIA_TYPES[self._compression],
            compression=self._compression,
        )

    def _flush(self) -> None:
        """Hand the block to the compressor, which is where a block ends; only the last one may not be full."""
        block = self._block[: self._filled]
        self._block, self._filled = self._buffers.take(), 0
        if not block:
            return
        self._size += len(block)
        self._tar_hash.update(block)
        for packed in self._compressor.feed(block):
            self._store(packed)

    def _store(self, packed: bytes | memoryview) -> None:
        if self._compression != "none":
            self._blob_hash.update(packed)
        self._stored += len(packed)
        view = memoryview(packed)
        try:
            while view:
                view = view[self._file.write(view) :]
            self._sync.add(len(packed))
        except OSError as error:
            raise no_room(self._path, error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._compressor.close()
        self._tar_hash.__exit__(kind, error, tb)
        self._blob_hash.__exit__(kind, error, tb)
        self._sync.__exit__(kind, error, tb)
        self._file.close()
        if not self._finished or kind is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()


def no_room(path: Path, error: OSError) -> MachineError:
    """Return the error of a file that cannot be written."""
    return MachineError(f"{path}: {error.strerror}", hint=ROOM_HINT)
