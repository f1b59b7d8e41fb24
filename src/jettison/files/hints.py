"""Hints that a Python file uses tests or documentation at run time, so that no plan takes away what code reads."""

import re
from typing import Any

LIMIT = 2_000_000  # bytes of a Python file that is looked at
MOST = 16  # hints of a sort a file
_LONGEST = 120  # bytes of a hint
_LINE = 300  # bytes of a line that are looked at: the patterns below may take time that grows with its square
_IMPORT = re.compile(
    rb"\s*(?:from\s+\S*\btests?\b\S*\s+import\b|from\s+\S+\s+import\s[^#]*\btests?\b|import\s[^#]*\btests?\b)"
)
_COMMENT = re.compile(rb"\s*#")
_PATH = re.compile(rb"""["'][^"'\n]*\btests?/[^"'\n]*["']|["']tests?["']\s*[,)]""")
# Patterns that begin with letters are looked for ten times as fast as their alternatives in one pattern (measured).
_MARKS = tuple(re.compile(mark) for mark in (rb"docs?[/\"']", rb"README", rb"CHANGE(?:S|LOG)"))
_DOCUMENT = re.compile(
    rb"""["'](?:[^"'\n]*/)?docs?(?:/[^"'\n]*)?["']|["'][^"'\n]*\b(?:README|CHANGELOG|CHANGES)\b[^"'\n]*["']"""
)
_COMPILING = (
    (b"triton", re.compile(rb"[ \t]*(?:from|import)[ \t]+triton\b[^\n]*")),
    (b"torch.compile", re.compile(rb"[^\n#]*\btorch\.compile\b[^\n]*")),
)
_BEFORE = 60  # bytes before a document's name that are kept of a long line


class PythonObserver:
    """Notes import statements that name a ``test`` or ``tests`` module, and strings with such a folder in them.

    Strings with a ``doc`` or ``docs`` folder, a README or a change log in them are noted as well, and lines that
    compile GPU kernels at run time.
    """

    name = "python"
    version = 3

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
        source = b"".join(self._pieces)
        return [*find_hints(source), *find_documents(source), *find_compiling(source)] or None


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


def find_compiling(source: bytes) -> list[str]:
    """Return the first line of ``source`` that imports Triton, and the first that names ``torch.compile``."""
    found = (_first_line(source, *mark) for mark in _COMPILING)
    return [line.strip()[:_LONGEST].decode("utf-8", "replace") for line in found if line]


def _first_line(source: bytes, name: bytes, mark: re.Pattern[bytes]) -> bytes:
    """Return the first line with ``name`` in it that ``mark`` matches; of a long one what is near the name."""
    at = source.find(name)
    while at >= 0:
        start = max(0, at - _LONGEST)
        start = source.rfind(b"\n", start, at) + 1 or start
        if match := mark.match(source, start, at + _LONGEST):
            return match[0]
        at = source.find(name, at + len(name))
    return b""


def find_documents(source: bytes) -> list[str]:
    """Return the lines of ``source``, at most 16 and cut to 120 bytes, with strings that name documentation."""
    hints: dict[int, str] = {}
    for mark in _MARKS:
        found = mark.search(source)
        while found is not None and len(hints) < MOST:
            at = found.start()
            start = source.rfind(b"\n", 0, at) + 1
            end = source.find(b"\n", at)
            end = len(source) if end < 0 else end
            line = source[max(start, at - _LINE) : min(end, at + _LINE)]
            names = None if _COMMENT.match(line) else _named(line)
            if names is not None:
                kept = line[max(0, names - _BEFORE) :].strip()[:_LONGEST]
                hints.setdefault(start, kept.decode("utf-8", "replace"))
            found = mark.search(source, end)
    return [hint for _, hint in sorted(hints.items())]


def _named(line: bytes) -> int | None:
    """Return where a string of a line names documentation; None when none does, addresses aside."""
    places = (match.start() for match in _DOCUMENT.finditer(line) if b"://" not in match[0])
    return next(places, None)
