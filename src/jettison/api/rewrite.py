"""``rewrite``: a project's recipe made multi-stage, cached, pinned and without root, with the files that go with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jettison.api.lint import LintOptions, project_of
from jettison.api.pin import pin
from jettison.dockerfile.parse import parse_text, read_recipe
from jettison.dockerfile.project.read import Project
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.text import encode
from jettison.finding import Skip
from jettison.outputs import whole_dir
from jettison.plan.dockerfile.facts import facts_of
from jettison.plan.dockerfile.package.files import PACKAGE
from jettison.plan.dockerfile.package.shape import shape_of
from jettison.plan.dockerfile.project_first import project_first
from jettison.plan.dockerfile.proven import proven
from jettison.plan.dockerfile.rewrite_record import Choice, Facts, Refusal, Split, Target
from jettison.plan.dockerfile.split import split_recipe
from jettison.rebuild.dockerfile.account import NotAccountedError, make_edits
from jettison.rebuild.dockerfile.changes import changes_by_hand, followed
from jettison.rebuild.dockerfile.fix import Fixed, fix_recipe
from jettison.rebuild.dockerfile.pins import PinReport
from jettison.rebuild.dockerfile.record import Rewrite, RewrittenFile
from jettison.rebuild.dockerfile.stages import write_split
from jettison.rules.dockerfile.case import Case, make_case
from jettison.rules.dockerfile.finding import Change


@dataclass(frozen=True, slots=True)
class _Written:
    """One recipe of a rewrite."""

    text: str
    facts: Facts
    steps: tuple[Fixed, Fixed]
    changes: tuple[Change, ...]
    choices: tuple[Choice, ...]
    refusals: tuple[Refusal, ...]


def rewrite(
    folder: Path,
    *,
    dockerfile: str = "Dockerfile",
    target: Target = "inference",
    package: bool = True,
    training: bool = False,
) -> Rewrite:
    """Rewrite a project's recipe.

    Args:
        folder: the build context.
        dockerfile: the recipe, in it.
        target: what the image is for.
        package: whether the files that go with it are made: a workflow, and what builds, runs and updates it.
        training: whether a second recipe is made beside it, for the image that trains; the two are then
            ``Dockerfile.inference`` and ``Dockerfile.training``.

    Raises:
        JettisonError: the recipe cannot be read.
        OSError: as above.
    """
    path = folder / dockerfile
    recipe = read_recipe(path, str(path))
    project = project_of(path, LintOptions(context=folder))
    made = _written(recipe, project, target)
    name, second = (f"{dockerfile}.{target}", f"{dockerfile}.training") if training else (dockerfile, "")
    files = [RewrittenFile(name, made.text, "the recipe")]
    steps = list(made.steps)
    if training:
        other = _written(recipe, project, "training")
        files.append(RewrittenFile(second, other.text, "the recipe of the image that trains"))
        steps += other.steps
    fixed = made.steps[-1]
    beside, skips = (
        _package(make_case(fixed.recipe, project), made.facts, folder, (name, second)) if package else ((), ())
    )
    return Rewrite(
        source=str(path),
        target=target,
        whole=not made.refusals,
        files=(*files, *_beside(*steps), *beside),
        changes=made.changes,
        choices=made.choices,
        refusals=made.refusals,
        findings=tuple(found.finding for found in fixed.linted.found),
        skips=tuple(dict.fromkeys((*(skip for step in steps for skip in step.skips), *skips))),
    )


def _written(recipe: Recipe, project: Project | None, target: Target) -> _Written:
    """Return a recipe rewritten for a target."""
    shown = proven(make_case(recipe, project)) if target != "training" else frozenset[str]()
    mended, changes = _mended(recipe, project, shown)
    case = make_case(mended.recipe, project)
    facts = facts_of(case)
    new, moved, choices, refusals = _split(case, facts, target)
    fixed = fix_recipe(new, project, proven=shown)
    changes = followed(followed(changes, moved) if moved else changes, fixed.changes)
    return _Written(fixed.recipe.text, facts, (mended, fixed), changes, choices, refusals)


def _mended(recipe: Recipe, project: Project | None, shown: frozenset[str]) -> tuple[Fixed, tuple[Change, ...]]:
    """Return the recipe with its fixes made: dependencies before the source, so that the builder needs no source.

    Where the source is needed because one call installs both the project and its dependencies, they are installed
    by two, if that lets the source be copied between them.
    """
    fixed = fix_recipe(recipe, project, proven=shown)
    case = make_case(recipe, project)
    if _early(fixed) and (edits := project_first(case)):
        account = make_edits(recipe, edits)
        apart = fix_recipe(account.recipe, project, proven=shown)
        if _early(apart) < _early(fixed):
            why = "the dependencies alone: they stay as they are while only the code changes"
            return apart, followed(changes_by_hand(recipe, account, "rewrite", why), apart.changes)
    return fixed, fixed.changes


def _early(fixed: Fixed) -> int:
    return sum(found.rule == "source-before-dependencies" for found in fixed.linted.found)


def _split(
    case: Case, facts: Facts, target: Target
) -> tuple[Recipe, tuple[Change, ...], tuple[Choice, ...], tuple[Refusal, ...]]:
    """Return the recipe in stages; or as it was, and why."""
    if target == "training":
        base = case.final.base if case.final else ""
        kept = Choice(
            "stages", "as they are", ("training compiles and debugs: the image keeps its base and its tools",)
        )
        return case.recipe, (), (Choice("base", base, ("what trains may compile",)), kept), ()
    made = split_recipe(case, facts, target)
    if not isinstance(made, Split):
        return case.recipe, (), (), made
    try:
        text, changes = write_split(case.recipe, made)
    except NotAccountedError as error:
        why = Refusal(f"the split was not accounted for: {error.message}", "please report this file")
        return case.recipe, (), (), (why,)
    return parse_text(text, case.recipe.name), changes, made.choices, ()


def _beside(*steps: Fixed) -> Iterator[RewrittenFile]:
    files = {name: text for fixed in steps for name, text in fixed.files.items()}
    for name, text in files.items():
        yield RewrittenFile(name, text, "what the builder is not sent")


def _package(
    case: Case, facts: Facts, folder: Path, names: tuple[str, str]
) -> tuple[tuple[RewrittenFile, ...], tuple[Skip, ...]]:
    """Return the files that go with a recipe, and with a second one, which trains; the project's own stay."""
    shape = shape_of(case, facts, folder.resolve().name, *names)
    if isinstance(shape, str):
        return (), (Skip("the files beside the Dockerfile", shape),)
    there = case.project.context.entries if case.project else {}
    files = [RewrittenFile(name, make(shape), why) for name, why, make in PACKAGE if not _has(there, name)]
    kept = [Skip(name, "the project has its own, which stays as it is") for name, _, _ in PACKAGE if _has(there, name)]
    return tuple(files), tuple(kept)


def _has(there: Mapping[str, object], name: str) -> bool:
    """Whether the project has a file of this kind; Compose's goes by four names, and GitHub's may end either way."""
    stem, _, ending = name.rpartition(".")
    others = (f"{stem}.yml", f"{stem}.yaml") if ending in ("yml", "yaml") else (name,)
    legacy = ("docker-compose.yml", "docker-compose.yaml") if name == "compose.yaml" else ()
    return any(each in there for each in (*others, *legacy))


def write_rewrite(made: Rewrite, output: Path, *, force: bool, pinned: bool = False) -> PinReport | None:
    """Write a rewrite's files into a new folder, all of them or none.

    Args:
        made: the files.
        output: the folder.
        force: replace one that is there.
        pinned: whether registries are asked, and images and actions held by digests and commits.

    Returns:
        what pinning did; None where it was not asked for.

    Raises:
        UsageError: the folder exists and is not to be replaced.
        OSError: it cannot be written.
    """
    with whole_dir(output, force=force) as folder:
        for file in made.files:
            place = folder / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(encode(file.text))
        names = [file.name for file in made.files if "Dockerfile" in file.name or "workflows" in file.name]
        return pin([folder / name for name in names]) if pinned else None
