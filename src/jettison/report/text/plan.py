"""What ``jettison plan`` says."""

from collections.abc import Sequence

from jettison.plan.record import TIERS, Plan, Step
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import count_text, size_text
from jettison.report.words import digest_text, first_items, owner_text, skip_blocks, top_rows

_FIGURES = (right("paths"), right("on disk"), right("in the pull"))


def plan_blocks(plan: Plan, *, top: int = 40) -> Blocks:
    """Return the report on a plan.

    Args:
        plan: what to report.
        top: steps listed.
    """
    head = Heading(f"Plan for {digest_text(plan.image)}, as far as tier {plan.tier} ({TIERS[plan.tier]})")
    if not plan.steps:
        return head, Paragraph("There is nothing to do: no rule found anything to take away."), *_rest(plan)
    return head, _tiers(plan.steps), *_steps(plan.steps, top), *_rest(plan)


def _tiers(steps: Sequence[Step]) -> Table:
    columns = (Column("tier"), right("steps"), *_FIGURES)
    tiers = sorted({step.tier for step in steps})
    rows = []
    for tier in tiers:
        mine = [step for step in steps if step.tier == tier]
        rows.append((f"{tier} {TIERS[tier]}", count_text(len(mine)), *_figures(mine)))
    return Table(columns, tuple(rows), ("all", count_text(len(steps)), *_figures(steps)))


def _figures(steps: Sequence[Step]) -> tuple[str, str, str]:
    paths = sum(len(step.targets) for step in steps)
    return count_text(paths), size_text(sum(s.disk for s in steps)), size_text(sum(s.pull for s in steps))


def _steps(steps: Sequence[Step], top: int) -> tuple[Block, ...]:
    """Return the steps, and below them their reasons, each once: many steps share one."""
    columns = (right("tier"), *_FIGURES, Column("rule"), Column("owner", fit="end"))
    ordered = sorted(steps, key=lambda step: (step.tier, -step.disk, -step.pull, step.id))

    def cells(step: Step) -> tuple[str, ...]:
        return (str(step.tier), *_figures([step]), step.rule, owner_text(step.owner))

    def rest(others: Sequence[Step], words: str) -> tuple[str, ...]:
        return ("", *_figures(others), words, "")

    shown = ordered if len(ordered) == top + 1 else ordered[:top]
    table = Table(columns, top_rows(ordered, top, cells, rest))
    return Heading("Steps"), table, Heading("Why"), Items(_reasons(shown))


def _reasons(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return each rule with its reason; with the owner too where a rule has several reasons."""
    reasons: dict[str, dict[str, str]] = {}
    for step in steps:
        reasons.setdefault(step.rule, {}).setdefault(step.reason, step.owner)
    return tuple(
        f"{rule}: {reason}" if len(found) == 1 or not owner else f"{rule}, {owner}: {reason}"
        for rule, found in reasons.items()
        for reason, owner in found.items()
    )


def _rest(plan: Plan, top: int = 12) -> tuple[Block, ...]:
    blocks: tuple[Block, ...] = ()
    if plan.keeps:
        items = tuple(f"/{path}: {reason}" for path, reason in sorted(plan.keeps.items()))
        blocks = (Heading("Kept although a rule would take it"), Items(first_items(items, top)))
    return blocks + skip_blocks(plan.skips, top)
