"""A file's bytes by slices, read when they are asked for: large libraries never lie in memory, not even mapped."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from jettison.errors import BadInputError, MachineError
from jettison.layers.table import Read


class FileBytes(AbstractContextManager["FileBytes"]):
    """A regular file, opened for reading.

    Args:
        path: of the file.

    Raises:
        MachineError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise MachineError(f"{path}: {error.strerror}") from error
        self._size = os.fstat(self.fd).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        return self.read(start, max(0, stop - start))

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes at ``offset``.

        Raises:
            BadInputError: the file ends before.
        """
        pieces = []
        while size > 0:
            piece = os.pread(self.fd, size, offset)
            if not piece:
                raise BadInputError(f"the file ends at {offset}, inside what was to be read")
            pieces.append(piece)
            offset, size = offset + len(piece), size - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        os.close(self.fd)


_WINDOWS = 256, 1 << 20


def find(read: Read, what: bytes, start: int, end: int) -> int:
    """Return where some bytes are found next; -1 when they are not there.

    Args:
        read: gives the bytes of the file.
        what: to look for.
        start: offset to look from.
        end: offset that they lie before, whole.

    Raises:
        BadInputError: the bytes are not at hand.
    """
    at, (window, most) = start, _WINDOWS  # what is looked for often lies one behind the other: look near first
    while at < end:
        place = read(at, min(window, end - at)).find(what)
        if place >= 0:
            return at + place
        at += window - len(what) + 1
        window = min(4 * window, most)
    return -1
