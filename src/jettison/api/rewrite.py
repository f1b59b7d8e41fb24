"""``rewrite``: a project's recipe made multi-stage, cached, pinned and without root, with the files that go with it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jettison.api.lint import LintOptions, project_of
from jettison.dockerfile.parse import parse_text, read_recipe
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.text import encode
from jettison.finding import Skip
from jettison.outputs import whole_dir
from jettison.plan.dockerfile.facts import facts_of
from jettison.plan.dockerfile.rewrite_record import Choice, Facts, Refusal, Split, Target
from jettison.plan.dockerfile.split import split_recipe
from jettison.rebuild.dockerfile.account import NotAccountedError
from jettison.rebuild.dockerfile.fix import Fixed, fix_recipe
from jettison.rebuild.dockerfile.record import Rewrite, RewrittenFile
from jettison.rebuild.dockerfile.stages import write_split
from jettison.rules.dockerfile.case import Case, make_case
from jettison.rules.dockerfile.finding import Change


def rewrite(folder: Path, *, dockerfile: str = "Dockerfile", target: Target = "inference") -> Rewrite:
    """Rewrite a project's recipe.

    Args:
        folder: the build context.
        dockerfile: the recipe, in it.
        target: what the image is for.

    Raises:
        JettisonError: the recipe cannot be read.
        OSError: as above.
    """
    path = folder / dockerfile
    recipe = read_recipe(path, str(path))
    project = project_of(path, LintOptions(context=folder))
    case = make_case(recipe, project)
    facts = facts_of(case)
    new, changes, choices, refusals, skips = _split(case, facts, target)
    fixed = fix_recipe(new, project)
    return Rewrite(
        source=str(path),
        target=target,
        whole=not refusals,
        files=(RewrittenFile(dockerfile, fixed.recipe.text, "the recipe"), *_beside(fixed)),
        changes=(*changes, *_of_fixes(fixed)),
        choices=choices,
        refusals=refusals,
        findings=tuple(found.finding for found in fixed.linted.found),
        skips=(*skips, *fixed.skips),
    )


def _split(
    case: Case, facts: Facts, target: Target
) -> tuple[Recipe, tuple[Change, ...], tuple[Choice, ...], tuple[Refusal, ...], tuple[Skip, ...]]:
    """Return the recipe in stages; or as it was, and why."""
    if target == "training":
        why = Refusal("training compiles and debugs: the image keeps its tools", "rewrite --target inference serves")
        return case.recipe, (), (), (why,), ()
    made = split_recipe(case, facts)
    if not isinstance(made, Split):
        return case.recipe, (), (), made, ()
    try:
        text, changes = write_split(case.recipe, made)
    except NotAccountedError as error:
        why = Refusal(f"the split was not accounted for: {error.message}", "please report this file")
        return case.recipe, (), (), (why,), ()
    return parse_text(text, case.recipe.name), changes, made.choices, (), ()


def _beside(fixed: Fixed) -> Iterator[RewrittenFile]:
    for name, text in fixed.files.items():
        yield RewrittenFile(name, text, "what the builder is not sent")


def _of_fixes(fixed: Fixed) -> Iterator[Change]:
    """Give the changes of fixes to the new file: their lines are those of the new one."""
    for change in fixed.changes:
        if change.what != "kept":
            yield replace(change, line=0, reason=change.reason)


def write_rewrite(made: Rewrite, output: Path, *, force: bool) -> None:
    """Write a rewrite's files into a new folder, all of them or none.

    Raises:
        UsageError: the folder exists and is not to be replaced.
        OSError: it cannot be written.
    """
    with whole_dir(output, force=force) as folder:
        for file in made.files:
            place = folder / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(encode(file.text))
