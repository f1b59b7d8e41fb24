"""What ``docker buildx build --progress=rawjson`` tells (BuildKit's SolveStatus, one JSON document a line)."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jettison.build.record import BuildStep

_TAIL = 4_000  # characters of a step's output that are kept
_FRACTION = re.compile(r"\.(\d{6})\d*")
_LONGEST = 300


@dataclass(slots=True)
class _Vertex:
    name: str = ""
    began: float | None = None
    ended: float | None = None
    cached: bool = False
    error: str = ""
    output: str = ""


@dataclass(slots=True)
class Progress:
    """A build as far as it was told; lines that are no such document are left out.

    Attributes:
        vertices: by digest, in the order in which they were first told of.
    """

    vertices: dict[str, _Vertex] = field(default_factory=dict)

    def feed(self, line: bytes) -> int:
        """Take a line; return how many steps it ended."""
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            return 0
        if not isinstance(document, dict):
            return 0
        ended = sum(self._vertex(one) for one in _objects(document.get("vertexes")))
        for log in _objects(document.get("logs")):
            self._log(log)
        return ended

    def steps(self) -> tuple[BuildStep, ...]:
        """Return the steps that began, without those that BuildKit adds for itself."""
        found = [one for one in self.vertices.values() if one.name and one.began is not None]
        found.sort(key=lambda one: one.began or 0.0)
        return tuple(BuildStep(one.name[:_LONGEST], _seconds(one), one.cached) for one in found if _is_step(one.name))

    def failure(self) -> str:
        """Return what failed, and the end of what it said; empty when nothing did."""
        for one in self.vertices.values():
            if one.error and "context canceled" not in one.error:
                said = one.output.strip()
                return f"{one.name}: {one.error}" + (f"; it said: {said[-_TAIL // 4 :]}" if said else "")
        return ""

    def _vertex(self, told: dict[str, Any]) -> int:
        vertex = self.vertices.setdefault(str(told.get("digest")), _Vertex())
        vertex.name = _text(told.get("name")) or vertex.name
        vertex.began = _time(told.get("started")) or vertex.began
        before, vertex.ended = vertex.ended, _time(told.get("completed")) or vertex.ended
        vertex.cached = vertex.cached or told.get("cached") is True
        vertex.error = _text(told.get("error")) or vertex.error
        return int(before is None and vertex.ended is not None)

    def _log(self, log: dict[str, Any]) -> None:
        vertex = self.vertices.get(str(log.get("vertex")))
        if vertex is None:
            return
        try:
            text = base64.b64decode(_text(log.get("data")), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return
        vertex.output = (vertex.output + text)[-_TAIL:]


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object) -> float | None:
    """Return a moment as Go writes it in seconds, its nanoseconds cut to microseconds; None when it is none."""
    try:
        return datetime.fromisoformat(_FRACTION.sub(r".\1", _text(value))).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(vertex: _Vertex) -> float:
    if vertex.cached or vertex.began is None or vertex.ended is None:
        return 0.0
    return max(0.0, vertex.ended - vertex.began)


def _is_step(name: str) -> bool:
    return not name.startswith("[internal]")
