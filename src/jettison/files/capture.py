"""Contents captured while layers are read: package databases, records of Python distributions, a few settings.

They are what ownership, plans and truthful updates are made from, so that no layer is read twice.
"""

import base64
import binascii
import json
import re
from typing import Any

from jettison.errors import BadInputError

DATABASE_LIMIT = 32_000_000  # bytes; the largest dpkg status or RECORD met is below 6 MB
TEXT_LIMIT = 16_000_000
LINE_LIMIT = 512  # bytes of a script's first line

_DIST_NAMES = frozenset(
    {"RECORD", "METADATA", "PKG-INFO", "INSTALLER", "WHEEL", "direct_url.json", "entry_points.txt", "top_level.txt"}
    | {"installed-files.txt", "SOURCES.txt", "requires.txt", "namespace_packages.txt"}
)
_EXACT = frozenset(
    {
        "var/lib/dpkg/status",
        "var/lib/dpkg/diversions",
        "var/lib/dpkg/statoverride",
        "var/lib/dpkg/arch",
        "var/lib/apt/extended_states",
        "lib/apk/db/installed",
        "usr/lib/apk/db/installed",
        "etc/passwd",
        "etc/group",
        "etc/os-release",
        "usr/lib/os-release",
        "etc/ld.so.conf",
        "etc/ld.so.cache",
        "etc/ld.so.preload",
        "usr/share/jettison/gpu.json",
    }
)
_FOLDERS = frozenset({"var/lib/dpkg/status.d", "var/lib/dpkg/alternatives", "etc/ld.so.conf.d"})
_INFO = "var/lib/dpkg/info"
_INFO_SUFFIXES = (".list", ".md5sums", ".conffiles")
_SITES = ("site-packages", "dist-packages")
_CONTROLS = bytes(range(9)) + bytes(range(14, 32))  # JSON makes six bytes of each
_HEADERS_ONLY = frozenset({"METADATA", "PKG-INFO"})
_BIN = re.compile(r"(?:^|/)s?bin\Z")
_SCRIPT = re.compile(r"(?:\.sh|entrypoint[^/]*)\Z")


def mode_of(path: str) -> str:
    """Return how a file is captured by its path: ``whole``, ``headers``, ``conda``, ``line``; empty for not at all."""
    parent, _, name = path.rpartition("/")
    if path in _EXACT or parent in _FOLDERS or name == "pyvenv.cfg":
        return "whole"
    if parent == _INFO:
        return "whole" if name.endswith(_INFO_SUFFIXES) else ""
    return _python_mode(parent, name) or ("line" if _BIN.search(parent) or _SCRIPT.search(name) else "")


def _python_mode(parent: str, name: str) -> str:
    if name in _DIST_NAMES and parent.endswith((".dist-info", ".egg-info", "EGG-INFO")):
        return "headers" if name in _HEADERS_ONLY else "whole"
    if name.endswith(".egg-info"):
        return "headers"
    if name.endswith((".pth", ".egg-link")) and parent.endswith(_SITES):
        return "whole"
    return "conda" if name.endswith(".json") and parent.endswith("conda-meta") else ""


class TextObserver:
    """Captures contents whole, cut to what is needed, or by their first line; see :func:`mode_of`.

    What it gives for a file is ``{"text": str}``, ``{"base64": str}`` when it is not plain UTF-8, or
    ``{"problem": str}``; :func:`content` reads it. How much is kept of one image is limited where layers are read.
    """

    name = "text"
    version = 3

    def begin(self, path: str, size: int) -> "_Sink | None":
        """Return a sink when the file's content is wanted."""
        mode = mode_of(path)
        if not mode:
            return None
        if mode == "line":
            return _Sink(mode, LINE_LIMIT, "")
        limit = DATABASE_LIMIT if mode == "conda" or path.endswith(("RECORD", "status", "installed")) else TEXT_LIMIT
        if size > limit:
            return _Sink(mode, 0, f"not read: {size} bytes are more than such a file has")
        return _Sink(mode, size, "")


class _Sink:
    def __init__(self, mode: str, limit: int, problem: str) -> None:
        self._mode = mode
        self._room = limit
        self._problem = problem
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes | memoryview) -> None:
        if self._room > 0:
            kept = bytes(piece[: self._room])
            self._room -= len(kept)
            self._pieces.append(kept)

    def finish(self) -> Any:
        if self._problem:
            return {"problem": self._problem}
        data = b"".join(self._pieces)
        if self._mode == "line":
            return _value(data.partition(b"\n")[0]) if data.startswith(b"#!") else None
        if self._mode == "headers":
            return _value(_headers(data))
        if self._mode == "conda":
            return _conda(data)
        return _value(data)


def _value(data: bytes) -> Any:
    try:
        if len(data.translate(None, _CONTROLS)) == len(data):
            return {"text": data.decode()}
    except UnicodeDecodeError:
        pass
    return {"base64": base64.b64encode(data).decode("ascii")}


def _headers(data: bytes) -> bytes:
    """Cut core metadata before its description, which is its largest part and nothing here needs."""
    end = re.search(rb"\r?\n\r?\n", data)
    return data[: end.start() + 1] if end else data


def _conda(data: bytes) -> Any:
    try:
        document = json.loads(data)
        kept = {key: document[key] for key in ("name", "version", "depends", "files") if key in document}
    except (ValueError, RecursionError, TypeError) as error:
        return {"problem": f"not a conda record: {type(error).__name__}"}
    return {"text": json.dumps(kept)}


def content(value: Any) -> bytes | str:
    """Return the bytes that the observer captured, or the reason (text) why there are none.

    Raises:
        BadInputError: the value is none that :class:`TextObserver` gives (a damaged cache).
    """
    match value:
        case {"text": str(text)}:
            return text.encode()
        case {"base64": str(text)}:
            try:
                return base64.b64decode(text, validate=True)
            except binascii.Error as error:
                raise BadInputError("a captured text is damaged") from error
        case {"problem": str(text)}:
            return text
    raise BadInputError("a captured text is damaged", hint="remove Jettison's cache folder, or use --no-cache")
