"""Files of a project, read with a limit and never from outside it; and where a thing stands in a text."""

import codecs
import os
import re
import stat
from dataclasses import dataclass

from jettison.finding import Skip

MAX_TEXT = 4_000_000
MAX_DOCUMENT = 50_000_000
_PIECE = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text.

    Attributes:
        start: offset of its first character.
        end: offset behind its last one.
        line: line of its first character, from 1.
        end_line: line of its last character.
    """

    start: int
    end: int
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text.

    Attributes:
        text: as decoded, line endings as they stand, without a byte order mark.
        encoding: the codec it was decoded with.
        bom: whether a byte order mark stood before it.
    """

    text: str
    encoding: str
    bom: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was seen: evidence for a finding.

    Attributes:
        path: relative to the context.
        line: from 1.
    """

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def read_bytes(root: str, path: str, limit: int = MAX_TEXT) -> bytes | Skip:
    """Return a file's bytes, or why there are none.

    Args:
        root: the folder that the file may not lie outside of.
        path: relative to it.
        limit: largest size in bytes.
    """
    try:
        real = os.path.realpath(os.path.join(root, path))
        if not is_inside(os.path.realpath(root), real):
            return Skip(path, "leads out of the build context")
        return _read(path, real, limit)
    except (OSError, ValueError) as error:
        return Skip(path, why(error))


def _read(path: str, real: str, limit: int) -> bytes | Skip:
    handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer would be waited for
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return Skip(path, "not a plain file")
        if found.st_size > limit:
            return Skip(path, f"larger than {limit} bytes")
        return _all(handle, path, limit)
    finally:
        os.close(handle)


def _all(handle: int, path: str, limit: int) -> bytes | Skip:
    pieces, size = list[bytes](), 0
    while piece := os.read(handle, _PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > limit:  # it grew, or says 0 as files of /proc do
            return Skip(path, f"larger than {limit} bytes")
    return b"".join(pieces)


def is_inside(root: str, path: str) -> bool:
    """Whether a path is a folder or lies under it; both absolute and without symlinks."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def why(error: Exception) -> str:
    """Return the reason of an error in a few words, without the machine's paths."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def read_text(root: str, path: str, limit: int = MAX_TEXT) -> Text | Skip:
    """Return a file's text as :func:`decode` makes it, or why there is none."""
    data = read_bytes(root, path, limit)
    return data if isinstance(data, Skip) else decode(data, path)


def decode(data: bytes, path: str = "") -> Text | Skip:
    """Return bytes as text: by byte order mark, else by a coding comment, else UTF-8.

    The order is pip's, whose last is the locale. Bytes that are not of the encoding make a skip, so does a NUL: the
    file is then no text.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _decoded(data.removeprefix(mark), name, path, bom=True)
    for line in data.split(b"\n", 2)[:2]:
        if match := _CODING.match(line[:200]):
            return _decoded(data, match[1].decode("ascii", "replace"), path, bom=False)
    return _decoded(data, "utf-8", path, bom=False)


def _decoded(data: bytes, encoding: str, path: str, *, bom: bool) -> Text | Skip:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return Skip(path, f"not {encoding} text")
    except (LookupError, ValueError):
        return Skip(path, f"of an encoding that is not known: {encoding[:40]}")
    if "\0" in text:
        return Skip(path, "binary")
    return Text(text, encoding, bom)


def inside(path: str, *, of: str = "") -> str | None:
    """Return a path relative to the context, or None when it is absolute or leaves the context.

    Args:
        path: as written.
        of: folder it is relative to, itself relative to the context.
    """
    if path.startswith("/") or "\0" in path:
        return None
    clean = os.path.normpath(os.path.join(of, path))
    return None if clean == ".." or clean.startswith("../") else clean
