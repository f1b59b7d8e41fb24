"""A single-stage recipe as a builder and a runtime stage.

The builder is the old recipe as it was, up to the last thing that installs or compiles: whatever was there for it
before is there still. Before the first distribution is installed, a virtual environment is made and put in front of
PATH, so that all of them land in one folder. The runtime stage has the rest, on the smallest base with the same
interpreter.
"""

from dataclasses import replace

from jettison.plan.dockerfile.builder import builder_of
from jettison.plan.dockerfile.conda import RUNTIME_IMAGE, conda_choice, conda_environment
from jettison.plan.dockerfile.debugging import with_debug_stage
from jettison.plan.dockerfile.distroless import distroless_of
from jettison.plan.dockerfile.layout import BUILDER, RUNTIME, Work
from jettison.plan.dockerfile.parts import parts_of
from jettison.plan.dockerfile.refuse import refusals
from jettison.plan.dockerfile.rewrite_record import Facts, NewStage, Piece, Refusal, Split, Target
from jettison.plan.dockerfile.runtime import runtime_of
from jettison.plan.dockerfile.runtime_base import choose_runtime_base
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case


def split_recipe(case: Case, facts: Facts, target: Target = "inference") -> Split | tuple[Refusal, ...]:
    """Split a recipe of one stage into a builder and a runtime stage.

    Args:
        case: the recipe, and what is around it.
        facts: what is known of the service.
        target: ``distroless`` has stages behind the runtime stage, ``debug`` one beside it.

    Returns:
        the stages; or every reason why the recipe stays as it is.
    """
    index = {instruction.span[0]: at for at, instruction in enumerate(case.recipe.instructions)}
    runs = {index[site.instruction.span[0]]: parts_of(site) for site in case.named("RUN")}
    if found := refusals(case, tuple(part for parts in runs.values() for part in parts)):
        return found
    base = base_of(case.final.image if case.final else None)
    assert base is not None  # noqa: S101 -- refused above
    last = max(at for at, parts in runs.items() if any(part.kind in ("python", "build") for part in parts))
    work = Work(case, facts, base, index, runs, last)
    image, choice = choose_runtime_base(base, facts)
    if base.family == "conda":
        folder = conda_environment(case)
        assert isinstance(folder, str)  # noqa: S101 -- refused above
        work = replace(work, environment=folder)
        image, choice = RUNTIME_IMAGE, conda_choice(folder)
    builder = NewStage(BUILDER, tuple(builder_of(work)))
    runtime, dropped, choices = runtime_of(work, image)
    head = tuple(Piece(work.text(each), at) for at, each in enumerate(case.recipe.instructions[: work.at(work.start)]))
    split = Split(head, (builder, NewStage(RUNTIME, runtime)), dropped, (choice, *choices))
    if target == "distroless":
        return distroless_of(work, split)
    return with_debug_stage(split) if target == "debug" else split
