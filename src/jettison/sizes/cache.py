"""Answers kept on disk, each with the day it was given; they stand in when nobody is to be asked, or nobody answers."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jettison.errors import JettisonError
from jettison.storage import Cache, cache_root

LIMIT = 400_000_000  # bytes of answers; the least recently used go first
DAY = 86_400.0
FOREVER = float("inf")
_MARK = b"jettison-answer 1 "
_HEAD = 200  # bytes in which the first line must end


def answer_cache() -> Cache:
    """Return the folder of answers in the user's cache."""
    return Cache(cache_root() / "sizes", LIMIT)


@dataclass(frozen=True, slots=True)
class Answer:
    """Something that was answered.

    Attributes:
        body: bytes.
        at: seconds since the epoch when it was given.
    """

    body: bytes
    at: float

    @property
    def day(self) -> str:
        """The day it was given, as ``2026-11-26`` (UTC)."""
        return time.strftime("%Y-%m-%d", time.gmtime(self.at))


@dataclass(frozen=True, slots=True)
class Answers:
    """The cache with a clock.

    Attributes:
        cache: where answers lie; None keeps none.
        now: seconds since the epoch.
    """

    cache: Cache | None = field(default_factory=answer_cache)
    now: Callable[[], float] = time.time

    def get(self, kind: str, subject: str, max_age: float) -> Answer | None:
        """Return what was answered at most ``max_age`` seconds ago; None when nothing was, or it cannot be read."""
        raw = self.cache.get(_key(kind, subject)) if self.cache else None
        if raw is None:
            return None
        line, end, body = raw.partition(b"\n")
        try:
            at = float(line[len(_MARK) : _HEAD])
        except ValueError:
            return None
        # An answer from the future has no age that can be trusted.
        known = line.startswith(_MARK) and bool(end) and -DAY <= self.now() - at <= max_age
        return Answer(body, at) if known else None

    def put(self, kind: str, subject: str, body: bytes) -> Answer:
        """Keep an answer given now, and return it; a cache that cannot be written to is done without."""
        at = self.now()
        if self.cache:
            try:
                with self.cache.put(_key(kind, subject)) as file:
                    file.write(_MARK + f"{at:.0f}\n".encode() + body)
            except (OSError, JettisonError):
                pass  # a full or read-only disk: the answer is there all the same
        return Answer(body, at)

    def today(self) -> str:
        """Return today's date, as ``2026-11-26`` (UTC)."""
        return Answer(b"", self.now()).day

    def get_document(self, kind: str, subject: str, max_age: float) -> tuple[Any, Answer] | None:
        """Return a JSON document that was kept, with its answer; None when there is none that reads."""
        answer = self.get(kind, subject, max_age)
        try:
            return (json.loads(answer.body), answer) if answer else None
        except (ValueError, RecursionError):
            return None


def _key(kind: str, subject: str) -> str:
    """Return the file's name: subjects are addresses, which may hold passwords, so only their digest is written."""
    return f"{hashlib.sha256(f'{kind} {subject}'.encode(errors='surrogatepass')).hexdigest()}.{kind}"
