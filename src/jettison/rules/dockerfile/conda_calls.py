"""Calls of conda, mamba and micromamba that install, and what they name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site

_SPEC = regex(r"(?:[\w./-]+::)?([A-Za-z0-9_][\w.-]*)\s*(.*)$", re.DOTALL)
_FILE = regex(r"\.(?:ya?ml|txt|lock|conda|tar\.bz2)$")


@dataclass(frozen=True, slots=True)
class Spec:
    """A package that conda is asked for: its name in lower case, and its version part (``=2.1``, ``>=3``, ``""``)."""

    word: ShellWord
    name: str
    version: str


def conda_installs(case: Case) -> Iterator[tuple[Site, Call]]:
    """Give the calls that install packages."""
    yield from case.calls("conda", "install", "create", "update")


def specs_of(call: Call) -> tuple[Spec, ...]:
    """Return the packages that a call names."""
    found: list[Spec] = []
    for word in call.operands:
        text = word.value if word.value is not None else word.text.strip("\"'")
        match = _SPEC.match(text)
        if match and not text.startswith(("$", "-", "/", ".")) and not _FILE.search(text):
            found.append(Spec(word, match[1].lower(), match[2].strip()))
    return tuple(found)
