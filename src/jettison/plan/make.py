"""From the file table to a plan."""

from collections.abc import Iterable, Iterator, Mapping

from jettison.errors import RefusedError, UsageError
from jettison.files.record import File, FileTable
from jettison.finding import Skip
from jettison.plan.draft import Draft
from jettison.plan.mend import USER, follow, keep_needed, with_bytecode
from jettison.plan.options import DEFAULT_TIER, DEFAULTS, HIGHEST_TIER, PlanOptions
from jettison.plan.record import TIERS, Plan
from jettison.plan.select import select
from jettison.rules.duplicates import DUPLICATES
from jettison.rules.reach import Reach, find_reach
from jettison.rules.record import Case, Proposal, Rule
from jettison.rules.registry import IMAGE_RULES
from jettison.rules.scene import Scene, make_scene

MAX_SKIPS = 50


def make_plan(table: FileTable, options: PlanOptions = DEFAULTS) -> Plan:
    """Plan what would go from an image.

    Args:
        table: of the image.
        options: how far it goes, and what the user wants otherwise.

    Raises:
        UsageError: there is no such tier, or a pattern is empty or names a kind or a type of owner that does not exist.
        RefusedError: the tier is not there yet, or ``drop`` takes away what a kept ELF file needs.
    """
    draft, scene, reach, nothing = prepare(table, options)
    highest = max(options.tier, DEFAULT_TIER) if options.drop else options.tier
    diff_ids = table.image.config.diff_ids
    skips = (*nothing, *_left_alone(scene, reach))
    return Plan(table.image.manifest_digest, diff_ids, highest, draft.steps(), dict(sorted(draft.keeps.items())), skips)


def prepare(table: FileTable, options: PlanOptions) -> tuple[Draft, Scene, Reach, tuple[Skip, ...]]:
    """Work out a plan, with the evidence it rests on and the patterns that name nothing.

    Arguments and errors are as for :func:`make_plan`.
    """
    _check_tier(options.tier)
    held, kept_nothing = select(table, options.keep, "--keep")
    unwanted, dropped_nothing = select(table, options.drop, "--drop")
    unwanted = {path: pattern for path, pattern in unwanted.items() if path not in held}
    scene = make_scene(table, held=frozenset(held), released=_released(table, unwanted))
    reach = find_reach(scene)
    draft = Draft(table, held)
    for rule in _in_order(options.tier):
        if rule.tier > 0 or rule is DUPLICATES:
            _drop_by_name(draft, unwanted)
        if rule is DUPLICATES:
            _settle(draft, scene)
        for proposal in rule.propose(Case(scene, reach, draft.gone(), options.gpu, options.gpu_everywhere)):
            draft.propose(rule.name, rule.tier, proposal)
    return draft, scene, reach, (*kept_nothing, *dropped_nothing)


def _check_tier(tier: int) -> None:
    if tier not in TIERS:
        raise UsageError(f"there is no tier {tier}", hint="0 is lossless, 1 is build-only, 2 is gpu")
    if tier > HIGHEST_TIER:
        raise RefusedError(f"tier {tier} ({TIERS[tier]}) is not there yet", hint="use --tier 2")


def _in_order(tier: int) -> tuple[Rule, ...]:
    """Return the rules up to a tier; what becomes a link is chosen from what nothing else takes, so that comes last."""
    return (*(rule for rule in IMAGE_RULES if rule.tier <= tier and rule is not DUPLICATES), DUPLICATES)


def _released(table: FileTable, unwanted: Mapping[str, str]) -> frozenset[str]:
    """Return the owners all of whose files the user drops."""
    left = {file.owner for path, file in table.visible.items() if path not in unwanted and file.entry.type != "dir"}
    return frozenset(table.visible[path].owner for path in unwanted) - left - {""}


def _drop_by_name(draft: Draft, unwanted: Mapping[str, str]) -> None:
    groups: dict[str, list[File]] = {}
    for path, pattern in unwanted.items():
        if draft.table.visible[path].entry.type != "dir":
            groups.setdefault(pattern, []).append(draft.table.visible[path])
    for pattern, files in groups.items():
        draft.propose(USER, DEFAULT_TIER, Proposal(pattern, f"the user drops it: --drop {pattern}", tuple(files)))


def _settle(draft: Draft, scene: Scene) -> None:
    with_bytecode(draft)
    keep_needed(draft, scene)
    follow(draft)


def _left_alone(scene: Scene, reach: Reach) -> Iterator[Skip]:
    types = {owner.type for owner in scene.table.owners.values()}
    if "apk" in types:
        yield Skip(
            "apk packages", "Jettison does not rewrite apk's database yet, so no package and no file of one goes"
        )
    if "conda" in types:
        yield Skip("conda packages", "Jettison does not rewrite conda's records yet, so no file of a package goes")
    if reach.compilers:
        yield Skip("headers, static libraries, build files", f"a compiler stays: {', '.join(reach.compilers)}")
    yield from _first(
        Skip(path, f"what it needs is unknown: {f.problem}") for path, f in scene.elfs.items() if not f.complete
    )


def _first(skips: Iterable[Skip]) -> Iterator[Skip]:
    for number, skip in enumerate(skips):
        if number >= MAX_SKIPS:
            yield Skip("more ELF files", "what they need is unknown")
            return
        yield skip
