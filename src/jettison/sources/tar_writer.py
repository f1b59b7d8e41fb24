"""A deterministic tar: no times, no owners, one mode; the same members give the same bytes everywhere."""

import tarfile
from collections.abc import Iterable

from jettison.sources.blobs import write_all

BLOCK = 512


class TarWriter:
    """Writes members one after another to an open file descriptor.

    Args:
        fd: where to write; stays open.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def folder(self, name: str) -> None:
        """Write a directory."""
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        self._header(info)

    def file(self, name: str, size: int, pieces: Iterable[bytes | memoryview]) -> None:
        """Write a file of ``size`` bytes.

        Raises:
            ValueError: ``pieces`` are more or fewer bytes (a bug of the caller, who knows the size).
        """
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o644
        self._header(info)
        written = 0
        for piece in pieces:
            write_all(self._fd, piece)
            written += len(piece)
        if written != size:
            raise ValueError(f"{name}: {written} bytes written, {size} announced")
        write_all(self._fd, bytes(-size % BLOCK))

    def finish(self) -> None:
        """Write the end of the archive: two blocks of zeros (POSIX.1-2001, pax)."""
        write_all(self._fd, bytes(2 * BLOCK))

    def _header(self, info: tarfile.TarInfo) -> None:
        write_all(self._fd, info.tobuf(tarfile.PAX_FORMAT))
