"""What a plan comes to: the entries that go, and the rootfs that is left."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from jettison.errors import UsageError
from jettison.files.record import File, FileTable
from jettison.plan.draft import entry_sizes
from jettison.plan.record import Plan
from jettison.rules.record import Key


def dropped_entries(table: FileTable, plan: Plan) -> frozenset[Key]:
    """Return the entries that a plan drops.

    Raises:
        UsageError: a target is not in the image, or the plan is for another one.
    """
    return frozenset(
        (file.layer, file.index) for step, files in targets(table, plan) if step == "drop" for file in files
    )


def check_plan(table: FileTable, plan: Plan) -> None:
    """Check that a plan can be applied to an image: made for it, and every target is there.

    Raises:
        UsageError: it is not, or one is not.
    """
    targets(table, plan)


def targets(table: FileTable, plan: Plan) -> list[tuple[str, tuple[File, ...]]]:
    """Return each target's action and the entries it names (one, unless the tar has the path twice).

    Raises:
        UsageError: the plan is for another image, or a target is not in it.
    """
    if plan.layers != table.image.config.diff_ids:
        raise UsageError(
            f"the plan was made for another image ({plan.image or 'unnamed'})", hint="make one with 'jettison plan'"
        )
    entries: defaultdict[tuple[int, str], list[File]] = defaultdict(list)
    for file in table.files:
        entries[file.layer, file.entry.path].append(file)
    found: list[tuple[str, tuple[File, ...]]] = []
    for step in plan.steps:
        for target in step.targets if step.action != "add" else ():
            files = tuple(entries.get((target.layer, target.path), ()))
            if not files:
                raise UsageError(
                    f"plan, step {step.id!r}: layer {target.layer} has no entry {target.path!r}",
                    hint="targets are paths as stored in that layer, without a leading slash",
                )
            found.append((step.action, files))
    return found


def remaining(table: FileTable, dropped: frozenset[Key]) -> Mapping[str, File]:
    """Return the visible entries that stay, by path."""
    return {path: file for path, file in table.visible.items() if (file.layer, file.index) not in dropped}


def recount(table: FileTable, plan: Plan) -> Plan:
    """Return a plan with each step's bytes worked out anew: those of an edited plan may be stale.

    Raises:
        UsageError: the plan is for another image, or a target is not in it.
    """
    saved = entry_sizes(table, dropped_entries(table, plan))
    steps = []
    named = iter(targets(table, plan))
    for step in plan.steps:
        if step.action == "add":
            steps.append(step)
            continue
        files = [file for _ in step.targets for file in next(named)[1]]
        sizes = [saved.get((file.layer, file.index), (file.entry.size, file.pull)) for file in files]
        if step.action not in ("prune", "update"):
            step = replace(step, disk=sum(disk for disk, _ in sizes), pull=sum(pull for _, pull in sizes))  # noqa: PLW2901 -- the same step, counted
        steps.append(step)
    return replace(plan, steps=tuple(steps))
