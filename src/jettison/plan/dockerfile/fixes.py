"""Which fixes are made together."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from jettison.dockerfile.edit import Edit, overlap
from jettison.rules.dockerfile.lint import Found
from jettison.rules.dockerfile.record import Fix


@dataclass(frozen=True, slots=True)
class FixStep:
    """One fix to make.

    Attributes:
        rule: whose it is.
        line: of the finding.
        message: the finding's.
        fix: what is done.
    """

    rule: str
    line: int
    message: str
    fix: Fix


def choose_fixes(
    found: Iterable[Found],
    *,
    unsafe: bool,
    proven: Collection[str] = (),
    leave: Collection[tuple[str, str]] = (),
) -> tuple[FixStep, ...]:
    """Return fixes that do not touch each other, the earlier rule first; the others wait for the next round.

    Args:
        found: the findings.
        unsafe: whether unsafe ones are made too.
        proven: rules whose unsafe ones are made in any case.
        leave: (rule, message) of fixes that were tried and must not be made.
    """
    chosen: list[FixStep] = []
    taken: list[Edit] = []
    files: set[str] = set()
    for each in found:
        fix = each.fix
        if fix is None or (each.rule, each.finding.message) in leave:
            continue
        if fix.safety == "unsafe" and not unsafe and each.rule not in proven:
            continue
        new = [edit for edit in fix.edits if edit not in taken]
        if any(overlap(edit, other) for edit in new for other in taken) or files & fix.files.keys():
            continue
        if len(new) < len(fix.edits) and not all(_same_rule(edit, chosen, each.rule) for edit in fix.edits):
            continue
        taken += new
        files |= fix.files.keys()
        chosen.append(FixStep(each.rule, each.finding.line, each.finding.message, fix))
    return tuple(chosen)


def _same_rule(edit: Edit, chosen: list[FixStep], rule: str) -> bool:
    """Whether an edit is new, or the same rule's: two findings of a rule may share one (a mount for both)."""
    owners = {step.rule for step in chosen if edit in step.fix.edits}
    return not owners or owners == {rule}
