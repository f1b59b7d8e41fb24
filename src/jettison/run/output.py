"""What a container writes, drained by a thread so that it never has to wait: the tail is kept, a text looked for."""

import os
import threading
import time
from typing import Self

TAIL = 4 << 20
_CHUNK = 1 << 20
_PATIENCE = 5.0


class Output:
    """The reading end of a container's stdout and stderr; a context that ends when all writers have.

    Args:
        fd: descriptor of the pipe; closed at the end.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._tail = bytearray()
        self._wanted = b""
        self._seen = 0.0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._drain, name="container output", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(_PATIENCE)  # a writer that outlives the container would be a bug; do not hang on it

    @property
    def tail(self) -> bytes:
        """The last 4 MiB: what an import of torch tells of its times is 0.5."""
        with self._lock:
            return bytes(self._tail[-TAIL:])

    def watch(self, text: str) -> None:
        """Look for ``text`` in what was written and what will be."""
        with self._lock:
            self._wanted = os.fsencode(text)
            self._look(bytes(self._tail))

    @property
    def seen(self) -> float:
        """When the text was seen, by the monotonic clock; 0 when it was not."""
        with self._lock:
            return self._seen

    def _drain(self) -> None:
        with os.fdopen(self._fd, "rb", buffering=0) as pipe:
            while piece := pipe.read(_CHUNK):
                with self._lock:
                    overlap = len(self._wanted) - 1 if self._wanted else 0
                    self._look(bytes(self._tail[len(self._tail) - overlap :]) + piece)
                    self._tail += piece
                    if len(self._tail) > 2 * TAIL:
                        del self._tail[:-TAIL]

    def _look(self, data: bytes) -> None:
        if self._wanted and not self._seen and self._wanted in data:
            self._seen = time.monotonic()
