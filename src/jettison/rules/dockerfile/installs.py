"""What a call of an installer asks for: the names and versions among its words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name

from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site

WishKind = Literal["index", "path", "address", "unknown"]
_NAME = regex(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)$", re.DOTALL)
_ADDRESS = regex(r"(?:[a-z0-9.]+\+)?[a-z0-9]+://|git\+|git@|.*@\s*(?:git\+|[a-z]+://)", re.IGNORECASE)
_ARCHIVE = regex(r"\.(?:whl|zip|tar\.\w+|tgz)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that a Python installer is asked for.

    Attributes:
        word: where it stands.
        kind: ``index``: a name; ``path``; ``address``; ``unknown``: a variable.
        name: normalised; ``""`` where it has none.
        version: what is behind name and extras (``==2.1``); ``""`` for any.
    """

    word: ShellWord
    kind: WishKind
    name: str = ""
    version: str = ""

    @property
    def pinned(self) -> bool:
        """Whether the same words always give the same version, as far as they tell."""
        return self.kind == "index" and "==" in self.version and "*" not in self.version


def pip_installs(case: Case) -> Iterator[tuple[Site, Call]]:
    """Give the calls of ``pip install`` and ``uv pip install``."""
    yield from case.calls("pip", "install")
    for site, call in case.calls("uv", "install"):
        if call.group == "pip":
            yield site, call


def wishes_of(call: Call) -> tuple[Wish, ...]:
    """Return what a pip or uv call asks for by its words; requirements files and ``-e`` are not in it."""
    return tuple(_wish(word) for word in call.operands)


def _wish(word: ShellWord) -> Wish:
    text = word.value if word.value is not None else word.text.strip("\"'")
    if _ADDRESS.match(text):
        return Wish(word, "address")
    if text.startswith((".", "/", "~")) or "/" in text.partition("[")[0].partition("@")[0] or _ARCHIVE.search(text):
        return Wish(word, "path")
    match = _NAME.match(text)
    if not match or text.startswith("$"):
        return Wish(word, "unknown")
    return Wish(word, "index", canonicalize_name(match[1]), match[3].strip())


def index_of(call: Call) -> str:
    """Return the index that a call names; ``""``: pip's own."""
    found = call.option("-i", "--index-url", "--default-index", "--index")
    return (found.text or "") if found else ""


def weighed(call: Call) -> tuple[str, ...]:
    """Return the requirements of a call that an index knows, for claims."""
    known = (wish for wish in wishes_of(call) if wish.kind == "index" and wish.word.value is not None)
    return tuple(wish.word.value or "" for wish in known)
