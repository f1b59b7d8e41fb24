"""What ``--budget`` says."""

from collections.abc import Sequence

from jettison.files.budget import BudgetResult
from jettison.report.blocks import Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import count_text, size_text

_COUNTS = frozenset({"files", "layers"})


def budget_blocks(results: Sequence[BudgetResult]) -> Blocks:
    """Return the report on a budget: each limit, and the verdict."""
    rows = tuple((r.name, _value(r, r.limit), _value(r, r.actual), "held" if r.held else "EXCEEDED") for r in results)
    over = tuple(
        f"{r.name} is {_value(r, r.actual)}, over the {_value(r, r.limit)} allowed" for r in results if not r.held
    )
    verdict = Items(over, "bad") if over else Paragraph("The budget held.", "good")
    return Heading("Budget"), Table((Column(""), right("limit"), right("actual"), Column("")), rows), verdict


def _value(result: BudgetResult, value: float) -> str:
    if result.percent:
        return f"{value:.3g} %"
    return count_text(round(value)) if result.name in _COUNTS else size_text(round(value))
