"""Moves a COPY of the source behind an install of dependencies, where that provably changes nothing.

What is proved: the install and all between it and the COPY read none of the files moved past them but the named ones,
which are copied before; they write nothing where the COPY writes; what the COPY itself means is the same further down.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.edit import Edit, insert_behind
from jettison.dockerfile.record import Instruction
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copies import Copying
from jettison.rules.dockerfile.independent import is_independent
from jettison.rules.dockerfile.needed_files import needed_files
from jettison.rules.dockerfile.python_installs import PythonInstall
from jettison.rules.dockerfile.record import Fix

_SYSTEM = regex(
    r"/(?:(?:usr|etc|lib|lib64|bin|sbin|root|opt|var|proc|sys|dev|run|home|home/[^/]+|tmp|usr/src)/?)?$"
    r"|/(?:etc|lib|lib64|bin|sbin|proc|sys|dev|run)/|/usr/(?:local|lib\d*|bin|sbin|share|include|libexec)(?:/|$)"
    r"|/var/(?:lib|cache|log|tmp|run)(?:/|$)|/opt/(?:conda|\w*venv\w*|python\w*|mamba\w*|nvidia)(?:/|$)"
    r"|/(?:root|home/[^/]+)/\."
)
"""Places that an install writes to, or reads its settings from."""


@dataclass(frozen=True, slots=True)
class Early:
    """A copy of the source before an install.

    Attributes:
        copying: the copy.
        sites: the instructions behind it that install, in order.
        installs: what is installed for Python in the stage.
    """

    copying: Copying
    sites: tuple[Site, ...]
    installs: tuple[PythonInstall, ...]


def mended(case: Case, early: Early) -> Fix | None:
    """Return the fix, which moves the COPY as far as that is proved; None when it is not for the first install."""
    fixes = (_behind(case, early, site) for site in reversed(early.sites))
    return next((fix for fix in fixes if fix), None)


def _behind(case: Case, early: Early, end: Site) -> Fix | None:
    copying = early.copying
    between = [site for site in case.sites if site.stage == end.stage and _is_between(site, copying, end)]
    if not _movable(case, copying, between) or not all(is_independent(case, copying, site) for site in between):
        return None
    inside = [each for each in early.installs if any(each.site.instruction is site.instruction for site in between)]
    wanted = needed_files(case, copying, inside)
    if wanted is None:
        return None
    names, safety = wanted
    text = _source_text(case, copying.site.instruction)
    if not text:
        return None
    here = copying.site.instruction
    first = "".join(line + case.recipe.newline for line in _first_copies(case, copying, names))
    above = "" if first else _comments(case, here)
    start = Edit(here.span[0] - len(above), here.span[1], first)
    moved = insert_behind(case.recipe, end.instruction, *above.splitlines(), text)
    return Fix(safety, (start, moved), "copy the source behind the install")


def _comments(case: Case, instruction: Instruction) -> str:
    """Return the comment lines directly above an instruction, which go where it goes; not a file's first lines."""
    number = instruction.line
    while number > 1 and case.recipe.lines[number - 2].kind == "comment":
        number -= 1
    start = case.recipe.lines[number - 1].start
    return "" if number == 1 else case.recipe.text[start : instruction.span[0]]


def _is_between(site: Site, copying: Copying, end: Site) -> bool:
    return copying.site.instruction.line < site.instruction.line <= end.instruction.line


def _movable(case: Case, copying: Copying, between: list[Site]) -> bool:
    """Whether the COPY means the same behind ``between``."""
    instruction, place = copying.site.instruction, copying.destination
    flags = {flag.name for flag in instruction.flags}
    if instruction.name != "COPY" or instruction.json or place is None or not copying.sources:
        return False
    if flags - {"chown", "chmod", "link"} or _SYSTEM.match(place) or place.count("/") == 0:
        return False
    text = case.recipe.text[instruction.span[0] : instruction.span[1]]
    if "$" in text or any(source.startswith("..") for source in copying.sources):
        return False
    relative = not instruction.words[-1].text.startswith("/")
    if relative and any(site.instruction.name == "WORKDIR" for site in between):
        return False
    # --chown by name is looked up in the image: a user that is made in between would not be there before.
    return not any(site.instruction.name in ("ONBUILD", "SHELL", "VOLUME") for site in between)


def _source_text(case: Case, instruction: Instruction) -> str:
    """Return the COPY as it stands, without its line ending; empty when it has comments in it."""
    lines = case.recipe.lines[instruction.line - 1 : instruction.last_line]
    if any(line.kind != "instruction" for line in lines):
        return ""
    return case.recipe.text[slice(*instruction.span)].rstrip("\r\n")


def _first_copies(case: Case, copying: Copying, names: tuple[str, ...]) -> Iterator[str]:
    """Give the COPY instructions for the named files, one a folder."""
    instruction = copying.site.instruction
    flags = "".join(f"{case.recipe.text[slice(*flag.word.span)]} " for flag in instruction.flags)
    target = instruction.words[-1].text
    start = target if target.endswith("/") else f"{'.' if target in ('.', './') else target}/"
    below: dict[str, list[str]] = {}
    for name in names:
        place = copying.lands(name) or name
        relative = posixpath.relpath(place, copying.destination or "/")
        below.setdefault(posixpath.dirname(relative), []).append(name)
    for folder, files in below.items():
        yield f"{instruction.keyword} {flags}{' '.join(files)} {start}{folder + '/' if folder else ''}"
