"""Scripts: which interpreter a file with ``#!`` asks for, and which commands a shell script may call."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jettison.errors import BadInputError
from jettison.layers.table import Sink

MAX_SCRIPT = 256 << 10
MAX_LINE = 256  # BINPRM_BUF_SIZE of Linux: what execve(2) reads of the first line
MAX_WORDS = 2000
SHELLS = frozenset({"sh", "dash", "bash", "ash", "zsh", "ksh"})
NEVER_SCRIPT = frozenset({"pyc", "so", "txt", "h", "hpp", "a", "json", "mo", "gz", "png", "pyi", "pth", "pt", "onnx"})
_WORD = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


@dataclass(frozen=True, slots=True)
class Script:
    """One script.

    Attributes:
        argv: the interpreter of the ``#!`` line and its arguments (split at spaces; Linux passes them as one).
        words: for shell scripts, every word in it, sorted: a superset of the commands that it calls.
    """

    argv: tuple[str, ...]
    words: tuple[str, ...] = ()


def parse_script(data: bytes) -> Script | None:
    """Return what a file that begins with ``data`` is as a script; None when it has no ``#!`` line."""
    if not data.startswith(b"#!"):
        return None
    line = data[2:MAX_LINE].partition(b"\n")[0].decode("utf-8", "surrogateescape")
    argv = tuple(line.split())
    return Script(argv, script_words(data)) if argv and is_shell(argv) else Script(argv) if argv else None


def is_shell(argv: tuple[str, ...]) -> bool:
    """Whether a ``#!`` line's interpreter, or what its ``env`` starts, is a shell."""
    return any(part.rpartition("/")[2] in SHELLS for part in argv[:3])


def script_words(data: bytes) -> tuple[str, ...]:
    """Return every word in a shell text, sorted, at most 2,000: some of them are the commands that it calls."""
    return tuple(sorted({word.decode() for word in _WORD.findall(data)})[:MAX_WORDS])


class _ScriptSink:
    __slots__ = ("_data", "_over")

    def __init__(self) -> None:
        self._data = bytearray()
        self._over = False

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next piece."""
        if not self._over:
            self._data += piece[:MAX_SCRIPT]
            self._over = len(self._data) >= MAX_SCRIPT or (len(self._data) > 1 and self._data[:2] != b"#!")

    def finish(self) -> dict[str, Any] | None:
        """Return the script as JSON; None when it is none."""
        script = parse_script(bytes(self._data)) if self._data[:2] == b"#!" else None
        return {"argv": list(script.argv), "words": list(script.words)} if script else None


class ScriptObserver:
    """Gives each script's interpreter as JSON (see :func:`script_from_json`)."""

    name = "script"
    version = 1

    def begin(self, path: str, size: int) -> Sink | None:
        """Return a sink for files that may be scripts: not too large, and not named like something else."""
        if size > MAX_SCRIPT or path.rpartition(".")[2] in NEVER_SCRIPT:
            return None
        return _ScriptSink()


def script_from_json(value: Mapping[str, Any]) -> Script:
    """Return the script that :class:`ScriptObserver` wrote.

    Raises:
        BadInputError: it wrote something else.
    """
    argv, words = value.get("argv"), value.get("words", [])
    if not (isinstance(argv, list) and isinstance(words, list) and all(isinstance(x, str) for x in [*argv, *words])):
        raise BadInputError("a cached script is malformed", hint="run again with --no-cache")
    return Script(tuple(argv), tuple(words))
