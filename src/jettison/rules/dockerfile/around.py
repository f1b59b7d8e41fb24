"""The project around the recipe, as rules ask for it: read once a case."""

import functools

from jettison.dockerfile.project.dependencies import Dependencies
from jettison.dockerfile.project.facts import Code
from jettison.dockerfile.project.read import Project, code_of, dependencies_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copies import absolute, copyings, workdir_of


def context(case: Case) -> Project | None:
    """Return the project, when there is a build context."""
    return case.project if case.project is not None and case.project.root else None


@functools.lru_cache(maxsize=2)
def code(case: Case) -> Code:
    """Return what the context's code does; nothing when there is no context."""
    project = context(case)
    return code_of(project) if project else Code(())


def in_context(case: Case, site: Site, path: str) -> str | None:
    """Return the context's file that lies at ``path`` as an instruction begins; None when that is not known.

    Args:
        case: what is looked at.
        site: the instruction.
        path: as a command there has it.
    """
    place = absolute(path, workdir_of(case, site))
    project = context(case)
    if place is None or project is None:
        return None
    stages = {stage.index for stage in case.scopes.lineage(site.stage)}
    for copying in reversed(copyings(case)):
        if copying.site.stage in stages and copying.site.instruction.line < site.instruction.line:
            found = copying.brings(place)
            if found is not None and found in project.context.entries:
                return found
    return None


@functools.lru_cache(maxsize=16)
def asks(case: Case, path: str, kind: str = "") -> Dependencies:
    """Return what one of the project's files asks for; nothing when there is no context."""
    project = context(case)
    return dependencies_of(project, path, kind) if project else Dependencies(path, kind)
