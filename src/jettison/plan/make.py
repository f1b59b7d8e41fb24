"""From the file table to a plan."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from jettison.errors import RefusedError, UsageError
from jettison.files.record import File, FileTable
from jettison.finding import Skip
from jettison.plan.draft import USER, Draft
from jettison.plan.keep.walk import find_kept
from jettison.plan.mend import follow, keep_needed, with_bytecode
from jettison.plan.options import DEFAULT_TIER, DEFAULTS, TRACED_TIER, PlanOptions
from jettison.plan.record import TIERS, Plan
from jettison.plan.select import select
from jettison.rules.duplicates import DUPLICATES
from jettison.rules.kept import Kept
from jettison.rules.reach import Reach, find_reach
from jettison.rules.record import Case, Proposal, Rule
from jettison.rules.registry import IMAGE_RULES
from jettison.rules.scene import Scene, make_scene
from jettison.run.trace.merge import check_layers

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
    made = prepare(table, options)
    draft = made.draft
    highest = max(options.tier, DEFAULT_TIER) if options.drop else options.tier
    diff_ids = table.image.config.diff_ids
    skips = (*made.skips, *_left_alone(made.scene, made.reach))
    return Plan(table.image.manifest_digest, diff_ids, highest, draft.steps(), dict(sorted(draft.keeps.items())), skips)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan in the making, with what it rests on.

    Attributes:
        draft: the steps.
        scene: the image.
        reach: what packages are needed.
        kept: what stays at tier 3; None below.
        skips: patterns that name nothing.
    """

    draft: Draft
    scene: Scene
    reach: Reach
    kept: Kept | None
    skips: tuple[Skip, ...]


def prepare(table: FileTable, options: PlanOptions) -> Prepared:
    """Work out a plan, with the evidence it rests on.

    Arguments and errors are as for :func:`make_plan`.
    """
    _check_tier(options)
    held, kept_nothing = select(table, options.keep, "--keep")
    unwanted, dropped_nothing = select(table, options.drop, "--drop")
    unwanted = {path: pattern for path, pattern in unwanted.items() if path not in held}
    scene = make_scene(table, held=frozenset(held), released=_released(table, unwanted))
    kept = _kept(scene, options)
    if kept:  # packages of which something is used stay, with their records
        used = frozenset(kept.used.keys() - scene.held)
        scene = replace(scene, held=scene.held | used, used=used)
    reach = find_reach(scene)
    draft = Draft(table, held, kept.used if kept else None)
    for rule in _in_order(options.tier):
        if rule.tier > 0 or rule is DUPLICATES:
            _drop_by_name(draft, unwanted)
        if rule is DUPLICATES:
            _settle(draft, scene)
        for proposal in rule.propose(Case(scene, reach, draft.gone(), options.gpu, options.gpu_everywhere, kept)):
            draft.propose(rule.name, rule.tier, proposal)
    return Prepared(draft, scene, reach, kept, (*kept_nothing, *dropped_nothing))


def _check_tier(options: PlanOptions) -> None:
    tier = options.tier
    if tier not in TIERS:
        raise UsageError(f"there is no tier {tier}", hint="0 is lossless, 1 is build-only, 2 is gpu, 3 is traced")
    if tier >= TRACED_TIER and options.evidence is None:
        raise RefusedError(
            f"tier {tier} ({TIERS[tier]}) removes what no workload asks for, and there is no trace",
            hint="give workloads (-w), or a trace (--trace) that 'jettison trace' recorded",
        )


def _kept(scene: Scene, options: PlanOptions) -> Kept | None:
    """Work out what stays at tier 3, and what was put back; None below."""
    if options.tier < TRACED_TIER or options.evidence is None:
        return None
    table = scene.table
    check_layers(options.evidence.trace, table.image.config.diff_ids, table.image.name)
    return find_kept(scene, options.evidence, options.restored)


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
