"""Hints that a Python file uses a tests folder at run time, so that no plan takes tests away that code imports."""

import re
from typing import Any

LIMIT = 2_000_000  # bytes of a Python file that is looked at
MOST = 16  # hints a file
_LONGEST = 120  # bytes of a hint
_LINE = 300  # bytes of a line that are looked at: the patterns below may take time that grows with its square
_IMPORT = re.compile(
    rb"\s*(?:from\s+\S*\btests?\b\S*\s+import\b|from\s+\S+\s+import\s[^#]*\btests?\b|import\s[^#]*\btests?\b)"
)
_COMMENT = re.compile(rb"\s*#")
_PATH = re.compile(rb"""["'][^"'\n]*\btests?/[^"'\n]*["']|["']tests?["']\s*[,)]""")


class PythonObserver:
    """Notes import statements that name a ``test`` or ``tests`` module, and strings with such a folder in them."""

    name = "python"
    version = 1

    def begin(self, path: str, size: int) -> "_Sink | None":
        """Return a sink for a ``.py`` file that is not part of a test suite itself."""
        if not path.endswith(".py") or not 0 < size <= LIMIT or "/tests/" in path or "/test/" in path:
            return None
        return _Sink()


class _Sink:
    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes | memoryview) -> None:
        self._pieces.append(bytes(piece))

    def finish(self) -> Any:
        return find_hints(b"".join(self._pieces)) or None


def find_hints(source: bytes) -> list[str]:
    """Return the lines of ``source``, at most 16 and cut to 120 bytes, that speak of a tests module or folder."""
    hints: list[str] = []
    at = source.find(b"test")
    while at >= 0 and len(hints) < MOST:
        start = source.rfind(b"\n", 0, at) + 1
        end = source.find(b"\n", at)
        end = len(source) if end < 0 else end
        line = source[start : min(end, start + _LINE)]
        if not _COMMENT.match(line) and (_IMPORT.match(line) or _PATH.search(line)):
            hints.append(line.strip()[:_LONGEST].decode("utf-8", "replace"))
        at = source.find(b"test", end)
    return hints
