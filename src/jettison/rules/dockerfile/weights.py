"""How much a COPY from the build context weighs, where there is one to look at."""

import posixpath

from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copying import copying_of
from jettison.rules.dockerfile.record import Claim

_LEAST = 100_000
"""Bytes below which a size is not worth a number."""


def context_size(case: Case, site: Site) -> int | None:
    """Return the bytes that a COPY or ADD takes from the build context; None when that is not known."""
    from jettison.dockerfile.project.read import copied_by  # noqa: PLC0415 -- loaded only where there is a context

    copying = copying_of(case, site)
    known = copying is not None and copying.origin is None and not copying.instruction.heredocs
    if case.project is None or not case.project.root or copying is None or not known:
        return None
    if any("$" in source or "://" in source for source in copying.sources):
        return None
    exclude = [flag.value or "" for flag in copying.instruction.flags_named("exclude")]
    parents = copying.instruction.flag("parents") is not None
    return copied_by(case.project, copying.sources, exclude=exclude, parents=parents).size


def stored_again(case: Case, site: Site | None) -> tuple[Claim, ...]:
    """Return the claim that what a COPY brings is stored once too often; none when its size is not known, or small."""
    size = context_size(case, site) if site is not None else None
    if size is None or size < _LEAST:
        return ()
    return (Claim("bytes", size=size, source="the build context"),)


def context_mode(case: Case, source: str) -> int | None:
    """Return the permission bits of a file in the build context; None when it is not there, or there is none."""
    if case.project is None:
        return None
    entry = case.project.context.entries.get(posixpath.normpath(f"/{source}").lstrip("/"))
    return entry.mode if entry is not None and entry.type == "file" else None


def context_folder(case: Case, source: str) -> bool:
    """Whether a source is known to be a folder of the build context."""
    if case.project is None:
        return False
    entry = case.project.context.entries.get(posixpath.normpath(f"/{source}").lstrip("/"))
    return entry is not None and entry.type == "folder"
