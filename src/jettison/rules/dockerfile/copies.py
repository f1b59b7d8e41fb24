"""COPY and ADD from the build context: what they name, and where it goes."""

import fnmatch
import functools
import posixpath
import re
from dataclasses import dataclass

from jettison.regex import regex
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case, Site

_ADDRESS = regex(r"(?:[a-z][a-z0-9+.-]*://|git@)", re.IGNORECASE)
_OPEN = regex(r"[$'\"\\`]")
"""What makes a word other than it is written."""
WHOLE = frozenset({".", "*", "**"})
"""Sources that name all of the build context, as :attr:`Copying.sources` has them."""


@dataclass(frozen=True, slots=True)
class Copying:
    """A COPY or ADD.

    Attributes:
        site: where it stands.
        sources: as written with variables replaced, cleaned (``.`` for the whole context, no leading ``./``); empty
            when one of them is not known, is an address, or a here-document.
        destination: absolute; None when it is not known.
        folder: whether the destination is a folder by its form, or a working directory that was set before.
        origin: the stage or image it copies from; None for the build context.
    """

    site: Site
    sources: tuple[str, ...]
    destination: str | None
    folder: bool
    origin: str | None

    @property
    def whole(self) -> bool:
        """Whether it takes the whole build context."""
        return self.origin is None and any(source in WHOLE for source in self.sources)

    def lands(self, source: str) -> str | None:
        """Return where a file of the context lies afterwards; None when this does not bring it, or it is not known.

        Args:
            source: path relative to the context, with ``/`` between.
        """
        if self.origin is not None or self.destination is None:
            return None
        for each in self.sources:
            if each in WHOLE:
                return posixpath.join(self.destination, source) if each == "." or "/" not in source else None
            if each == source:
                name = posixpath.basename(source)
                return posixpath.join(self.destination, name) if self.folder else self.destination
            if source.startswith(f"{each}/"):
                return posixpath.join(self.destination, source[len(each) + 1 :])
        return None

    def brings(self, path: str) -> str | None:
        """Return the context's file that this puts at ``path``; None when it is none of them, or not known.

        A source is taken for a folder when ``path`` lies below the destination, for a file when it is the destination.
        """
        if self.origin is not None or self.destination is None:
            return None
        below = _below(path, self.destination)
        for each in reversed(self.sources):
            if each == "." and below:
                return below
            if self.folder and below == posixpath.basename(each):
                return each
            if "*" in each and below and fnmatch.fnmatchcase(below, posixpath.basename(each)) and "/" not in below:
                return posixpath.join(posixpath.dirname(each), below)
            if not self.folder and path == self.destination and len(self.sources) == 1 and each not in WHOLE:
                return each
        folders = [each for each in self.sources if "*" not in each and not posixpath.splitext(each)[1] and each != "."]
        return posixpath.join(folders[-1], below) if below and len(folders) == 1 else None


def _below(path: str, folder: str) -> str | None:
    """Return ``path`` relative to a folder; None when it does not lie in it."""
    start = folder if folder.endswith("/") else f"{folder}/"
    return path[len(start) :] if path.startswith(start) and len(path) > len(start) else None


def is_under(path: str, folder: str) -> bool:
    """Whether an absolute path is a folder, or lies in it."""
    return path == folder or _below(path, folder) is not None


def copyings(case: Case, *, stage: int | None = None) -> tuple[Copying, ...]:
    """Return every COPY and ADD, in order.

    Args:
        case: what is looked at.
        stage: of this stage only.
    """
    return tuple(each for each in _copyings(case) if stage is None or each.site.stage == stage)


@functools.lru_cache(maxsize=2)
def _copyings(case: Case) -> tuple[Copying, ...]:
    folders: set[str] = set()
    found: list[Copying] = []
    for site in case.sites:
        if (workdir := workdir_of(case, site)) is not None:
            folders.add(workdir)
        if site.instruction.name in ("COPY", "ADD"):
            found.append(_copying(case, site, folders))
    return tuple(found)


def _expanded(case: Case, site: Site, text: str) -> str | None:
    return site.state.expand(text, case.recipe.escape) if _OPEN.search(text) else text


def _copying(case: Case, site: Site, folders: set[str]) -> Copying:
    instruction = site.instruction
    texts = [word.text for word in instruction.words]
    names = [text if instruction.json else _expanded(case, site, text) for text in texts]
    target = names[-1] if names else None
    place = absolute(target, workdir_of(case, site)) if target else None
    origin = instruction.flag("from")
    known = _sources(names[:-1]) if not instruction.heredocs else ()
    folder = bool(target) and (
        len(texts) > 2  # noqa: PLR2004 -- more than one source
        or (target or "").endswith(("/", "/."))
        or target == "."
        or place in folders
    )
    return Copying(site, known, place, folder, origin.value if origin else None)


_AT_ROOT = frozenset({"python", "debian", "ubuntu", "alpine", "cuda", "distroless", "conda", "rhel", "node", "scratch"})
"""Families whose images set no working directory."""


def workdir_of(case: Case, site: Site) -> str | None:
    """Return the working directory as an instruction begins; None when it is not known."""
    if site.state.workdir is not None:
        return site.state.workdir
    base = base_of(case.image(site.stage))
    if base is None or base.family not in _AT_ROOT:
        return None
    stages = {stage.index for stage in case.scopes.lineage(site.stage)}
    said = any(
        each.instruction.name == "WORKDIR" and each.stage in stages and each.instruction.line < site.instruction.line
        for each in case.sites
    )
    return None if said else "/"


def _sources(names: list[str | None]) -> tuple[str, ...]:
    if any(name is None or _ADDRESS.match(name) for name in names):
        return ()
    return tuple(cleaned(name) for name in names if name is not None)


def cleaned(name: str) -> str:
    """Return a source relative to the context's top, without ``./`` and a last ``/``."""
    return posixpath.normpath("/" + name).lstrip("/") or "."


def absolute(path: str, workdir: str | None) -> str | None:
    """Return a path with what it is relative to in front; None when that is not known."""
    if path.startswith("/"):
        return posixpath.normpath(path).replace("//", "/")
    return posixpath.normpath(posixpath.join(workdir, path)) if workdir else None
