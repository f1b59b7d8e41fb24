"""What ``jettison explain`` says."""

from jettison.plan.explain import Explanation
from jettison.report.blocks import Blocks, Column, Heading, Items, Paragraph, Table
from jettison.report.units import size_text
from jettison.report.words import owner_text, skip_blocks

_VERDICTS = {"goes": "goes", "stays": "stays", "partly": "goes in part"}


def explanation_blocks(record: Explanation) -> Blocks:
    """Return the answer: what happens to the path, why, and what the path is."""
    facts = (
        ("owner", owner_text(record.owner)),
        ("kind", record.kind),
        ("size", size_text(record.size)),
        ("layer", str(record.layer)),
        *((("rule", f"{record.rule}  (step {record.step})"),) if record.step else ()),
    )
    reason = record.reason.rstrip(".")
    verdict = Paragraph(f"It {_VERDICTS[record.verdict]}: {reason}.")
    evidence = tuple(line for line in record.evidence if not line.endswith(record.reason))
    because = (Heading("Because"), Items(evidence)) if evidence else ()
    table = Table((Column(""), Column("", fit="wrap")), facts)
    return Heading(f"/{record.path}"), verdict, *because, table, *skip_blocks(record.skips)
