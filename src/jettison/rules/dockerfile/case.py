"""What a rule of Dockerfiles looks at: the recipe, its stages, the calls in it, the project around it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from jettison.dockerfile.record import Instruction, Recipe
from jettison.dockerfile.scope import Scopes, Stage, State, scopes_of
from jettison.dockerfile.shell.bodies import script_of
from jettison.dockerfile.shell.record import Script
from jettison.dockerfile.tools.calls import calls_of
from jettison.dockerfile.tools.record import Call

if TYPE_CHECKING:
    from jettison.dockerfile.project.history import History
    from jettison.dockerfile.project.read import Project


@dataclass(frozen=True, slots=True)
class Site:
    """An instruction where it stands.

    Attributes:
        stage: the stage's index.
        instruction: the instruction; of an ONBUILD the whole.
        state: what holds as it begins.
        script: its shell body; None when it has none.
        calls: the calls of known tools in it.
    """

    stage: int
    instruction: Instruction
    state: State
    script: Script | None
    calls: tuple[Call, ...]

    @property
    def editable(self) -> bool:
        """Whether commands in its body may be edited: a shell form that is understood."""
        return self.script is not None and not self.script.opaque and self.instruction.name == "RUN"


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What a rule looks at. Two cases are the same only if they are one: so what is worked out for one can be kept.

    Attributes:
        recipe: the Dockerfile.
        scopes: its stages.
        sites: every instruction behind a FROM, in order.
        project: the files around it; None when there is no context.
        shipped: the stages whose layers are in the image that a build without ``--target`` gives.
        built: the stages that such a build needs.
        history: how often the project's files change; None when it is not known.
        today: the day for which it is asked; None: the day on which the tables were checked. Rules have no clock.
    """

    recipe: Recipe
    scopes: Scopes
    sites: tuple[Site, ...]
    project: "Project | None"
    shipped: frozenset[int]
    built: frozenset[int]
    history: "History | None" = None
    today: date | None = None

    @property
    def final(self) -> Stage | None:
        """The last stage; None for a file without FROM."""
        return self.scopes.stages[-1] if self.scopes.stages else None

    def named(self, *names: str) -> Iterator[Site]:
        """Give the instructions of these names."""
        return (site for site in self.sites if site.instruction.name in names)

    def calls(self, tool: str, *actions: str) -> Iterator[tuple[Site, Call]]:
        """Give the calls of a tool in RUN instructions; of these sub-commands only, when any are given."""
        for site in self.sites:
            if site.instruction.name != "RUN":
                continue
            for call in site.calls:
                if call.tool == tool and (not actions or call.action in actions):
                    yield site, call

    def user(self, site: Site) -> str | None:
        """Return the user as which a RUN at ``site`` runs; None when that is the base image's, and it is not known."""
        return site.state.user

    def image(self, stage: int) -> str | None:
        """Return the image at the bottom of a stage; None when it is not known."""
        return self.scopes.root_image(self.scopes.stages[stage])


def make_case(
    recipe: Recipe,
    project: "Project | None" = None,
    *,
    history: "History | None" = None,
    today: date | None = None,
) -> Case:
    """Gather what rules look at."""
    scopes = scopes_of(recipe)
    sites = tuple(_sites(recipe, scopes))
    last = len(scopes.stages) - 1
    shipped = frozenset(stage.index for stage in scopes.lineage(last)) if scopes.stages else frozenset()
    built = scopes.needed(last) if scopes.stages else frozenset()
    return Case(recipe, scopes, sites, project, shipped, built, history, today)


def _sites(recipe: Recipe, scopes: Scopes) -> Iterator[Site]:
    for stage in scopes.stages:
        for instruction, state in zip(stage.instructions, stage.states, strict=True):
            script = script_of(recipe, instruction, state)
            calls = tuple(calls_of(script.commands)) if script else ()
            yield Site(stage.index, instruction, state, script, calls)
