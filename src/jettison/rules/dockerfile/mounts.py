"""The ``--mount`` flags of RUN, read as BuildKit reads them (``instructions/commands_runmount.go``)."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jettison.dockerfile.edit import Edit, add_flag, overlap, replace_word
from jettison.dockerfile.record import Flag, Recipe
from jettison.regex import regex
from jettison.rules.dockerfile.case import Site

_NO_LINKS = regex(r"docker/dockerfile:(?:0|1\.[0-3])(?:\.\d+)?(?:-.*)?$")
_NO_MOUNTS = regex(r"docker/dockerfile:(?:0|1\.[01])(?:\.\d+)?(?:-.*)?$")
_TARGETS = ("target", "dst", "destination")
_CACHE = regex(r"type=cache\b")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount.

    Attributes:
        type: ``bind`` when none is written; ``cache``, ``tmpfs``, ``secret``, ``ssh``.
        target: absolute, variables replaced; None when it is not known.
        fields: as written, the names in lower case; a field without a value has ``true``.
        flag: where it stands.
    """

    type: str
    target: str | None
    fields: Mapping[str, str]
    flag: Flag

    def covers(self, folder: str) -> bool:
        """Whether what is written to ``folder`` goes to this mount."""
        return self.target is not None and (folder == self.target or folder.startswith(self.target.rstrip("/") + "/"))


def mounts_of(site: Site, kind: str = "") -> tuple[Mount, ...]:
    """Return the mounts of an instruction; those of one type only when it is given."""
    found = (_mount(site, flag) for flag in site.instruction.flags_named("mount") if flag.value)
    return tuple(mount for mount in found if not kind or mount.type == kind)


def _mount(site: Site, flag: Flag) -> Mount:
    fields: dict[str, str] = {}
    for part in (flag.value or "").split(","):
        name, equals, value = part.strip().partition("=")
        fields[name.lower()] = value.strip("\"'") if equals else "true"
    written = next((fields[name] for name in _TARGETS if name in fields), None)
    target = site.state.expand(written) if written else None
    if target is not None and not target.startswith("/"):
        target = posixpath.join(site.state.workdir, target) if site.state.workdir else None
    known = posixpath.normpath(target) if target else None
    return Mount(fields.get("type", "bind"), known, fields, flag)


def covered(site: Site, folder: str) -> bool:
    """Whether writes to ``folder`` go to a mount, and so to no layer."""
    return any(mount.covers(folder) for mount in mounts_of(site) if mount.type in ("cache", "tmpfs"))


def takes_mounts(recipe: Recipe) -> bool:
    """Whether the frontend that the recipe names knows cache mounts (stable since 1.2)."""
    return not _names(recipe, _NO_MOUNTS)


def takes_links(recipe: Recipe) -> bool:
    """Whether the frontend that the recipe names knows ``COPY --link`` (stable since 1.4)."""
    return not _names(recipe, _NO_LINKS)


def _names(recipe: Recipe, old: re.Pattern[str]) -> bool:
    syntax = recipe.directive("syntax")
    return syntax is not None and old.search(syntax.value) is not None


def add_cache(site: Site, target: str, *more: str) -> Edit:
    """Add a cache mount to a RUN."""
    return add_flag(site.instruction, ",".join((f"--mount=type=cache,target={target}", *more)))


def add_field(recipe: Recipe, mount: Mount, field: str) -> Edit | None:
    """Add a field to a cache mount; None where the flag is not in one piece."""
    start, end = mount.flag.word.span
    found = _CACHE.search(recipe.text, start, end)
    return Edit(found.end(), found.end(), f",{field}") if found and mount.flag.word.whole else None


def set_target(recipe: Recipe, mount: Mount, target: str) -> Edit | None:
    """Change where a cache mount goes; None where the flag is not in one piece."""
    if not mount.flag.word.whole:
        return None
    text = recipe.text[slice(*mount.flag.word.span)]
    made, count = re.subn(r"\b(target|dst|destination)=(\"[^\"]*\"|[^,\"]*)", rf"\1={target}", text)
    return replace_word(mount.flag.word, made) if count == 1 else None


def joined(edits: "list[Edit | None]") -> tuple[Edit, ...] | None:
    """Return edits to make together; None when one is missing, or two overlap."""
    made = [edit for edit in edits if edit is not None]
    if len(made) < len(edits) or any(overlap(a, b) for at, a in enumerate(made) for b in made[at + 1 :]):
        return None
    return tuple(made)
