"""The project's dependencies installed before the project itself, so that a change of the code does not touch them."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit, apply_edits, insert_after
from jettison.dockerfile.record import Recipe
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.project_installs import WITHOUT_PROJECT
from jettison.rules.dockerfile.python_installs import python_installs


def project_first(case: Case) -> tuple[Edit, ...]:
    """Return edits that put in front of each RUN that installs the project one that installs its dependencies alone.

    The two do what the one did. That the first needs nothing of the source, and may stand before its COPY, is for the
    rule ``source-before-dependencies`` to show; where it does not, these edits are of no use.
    """
    return tuple(_doubled(case))


def _doubled(case: Case) -> Iterator[Edit]:
    for install in python_installs(case):
        call, site = install.call, install.site
        option = WITHOUT_PROJECT.get(call.tool)
        if install.tool != "project" or not option or call.has(option) or not _is_plain(site):
            continue
        flag = insert_after(call.head[-1], option)
        start, end = site.instruction.span
        text = _edited(case.recipe, start, end, flag)
        yield Edit(start, start, text if text.endswith("\n") else text + case.recipe.newline)


def _is_plain(site: Site) -> bool:
    """Whether a RUN does nothing but configure and install, so that twice is as good as once."""
    script = site.script
    return (
        script is not None
        and site.editable
        and not site.instruction.heredocs
        and len(site.calls) == len(script.commands)
        and all(each.command.plain and each.action in ("install", "sync", "config") for each in site.calls)
        and sum(each.action in ("install", "sync") for each in site.calls) == 1
    )


def _edited(recipe: Recipe, start: int, end: int, edit: Edit) -> str:
    return apply_edits(recipe.text[start:end], (Edit(edit.start - start, edit.end - start, edit.text),))
