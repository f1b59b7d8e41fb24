"""COPY and ADD: what they take, and where they put it."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jettison.dockerfile.record import Instruction
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import folder_of, joined

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Copying:
    """A COPY or ADD.

    Attributes:
        site: where it stands.
        sources: as written, variables replaced; one that is not known stays as written.
        known: whether every source is known and free of wildcards.
        to: the destination, absolute, without its last slash; None when it is not known.
        folder: whether the destination is a folder by its spelling: a slash at its end, ``.``, or several sources.
        origin: what ``--from`` says; None: the build context.
    """

    site: Site
    sources: tuple[str, ...]
    known: bool
    to: str | None
    folder: bool
    origin: str | None

    @property
    def instruction(self) -> Instruction:
        """The instruction itself."""
        return self.site.instruction

    def places(self) -> tuple[str, ...]:
        """Return the absolute paths that it may write: the destination, and each source by its name in it."""
        if self.to is None:
            return ()
        named = (posixpath.basename(posixpath.normpath(source)) for source in self.sources)
        return (self.to, *(posixpath.join(self.to, name) for name in named if name not in ("", ".", "..")))


def copying_of(case: Case, site: Site) -> Copying | None:
    """Return what a COPY or ADD does; None for another instruction, or one without source and destination."""
    instruction = site.instruction
    if instruction.name not in ("COPY", "ADD") or len(instruction.words) < 2:  # noqa: PLR2004 -- FROM WHERE
        return None
    *sources, last = instruction.words
    expanded = [(word.text, site.state.expand(word.text, case.recipe.escape)) for word in sources]
    to = site.state.expand(last.text, case.recipe.escape)
    origin = instruction.flag("from")
    return Copying(
        site=site,
        sources=tuple(found if found is not None else text for text, found in expanded),
        known=all(found is not None and not _WILD & set(found) for _, found in expanded),
        to=joined(folder_of(case, site), to),
        folder=len(sources) > 1 or (to or "").endswith(("/", "/.")) or to in (".", ".."),
        origin=origin.value if origin else None,
    )


def copyings(case: Case, sites: Iterable[Site] | None = None) -> Iterator[Copying]:
    """Give every COPY and ADD among ``sites``; without these, of the whole file."""
    for site in case.sites if sites is None else sites:
        if found := copying_of(case, site):
            yield found
