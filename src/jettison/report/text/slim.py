"""What ``jettison slim`` says."""

from collections.abc import Mapping

from jettison.plan.record import TIERS
from jettison.proof.result import SlimResult
from jettison.rebuild.record import Removed
from jettison.reference import ENGINES, parse_reference
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.text.proof import behaviour_blocks, proof_blocks, verdict_block
from jettison.report.units import change_text, count_text, seconds_text, size_text
from jettison.report.words import digest_text, first_items, owner_text, skip_blocks
from jettison.sources.write import parse_output

_MOST = 20


def slim_blocks(result: SlimResult) -> Blocks:
    """Return the report on a slim run: before and after, what went, the proof, and where everything lies."""
    return (
        Heading(f"{result.old.name} → {result.out}"),
        _sizes(result),
        *_removed(result.removed),
        *_restored(result.restored),
        *skip_blocks(result.plan.skips),
        *_proof(result),
        *_end(result),
    )


def _sizes(result: SlimResult) -> Table:
    old, new = result.old, result.new
    columns = (Column(""), right("before"), right("after"), right("change"))
    rows = (
        ("on disk", size_text(old.disk), size_text(new.disk), change_text(old.disk, new.disk)),
        ("in the pull", size_text(old.pull), size_text(new.pull), change_text(old.pull, new.pull)),
        ("paths", count_text(old.files), count_text(new.files), change_text(old.files, new.files)),
        ("layers", count_text(old.layers), count_text(new.layers), ""),
    )
    return Table(columns, rows)


def _removed(removed: tuple[Removed, ...]) -> tuple[Block, ...]:
    groups: dict[tuple[int, str, str], list[int]] = {}
    for row in removed:
        cell = groups.setdefault((row.tier, row.rule, row.action), [0, 0])
        cell[0] += 1
        cell[1] += row.size
    if not groups:
        return (Paragraph("Nothing went."),)
    columns = (Column("tier"), Column("rule"), Column("what"), right("paths"), right("on disk"))
    words = {
        "drop": "removed",
        "link": "linked to an equal file",
        "prune": "pruned",
        "stub": "emptied, the name stays",
        "update": "kept truthful",
        "add": "added",
    }
    ordered = sorted(groups.items(), key=lambda item: (item[0][2] == "update", item[0][0], -item[1][1], item[0]))
    rows = tuple(
        (f"{tier} {TIERS[tier]}", rule, words.get(action, action), count_text(paths), size_text(size))
        for (tier, rule, action), (paths, size) in ordered
    )
    return Heading("What went"), Table(columns, rows)


def _restored(restored: Mapping[str, str]) -> tuple[Block, ...]:
    """Tell what came back, each reason once with what it is of."""
    if not restored:
        return ()
    shown = tuple(f"{owner_text(what)}: {reason}" for what, reason in sorted(restored.items()))
    text = "The proof did not hold without these, so they came back:"
    return Heading("What came back"), Paragraph(text), Items(first_items(shown, _MOST))


def _proof(result: SlimResult) -> Blocks:
    if result.proof.verdict == "held":
        checks = ", ".join(check.name for check in result.proof.checks)
        return (
            Heading("Proof"),
            verdict_block(result.proof),
            Paragraph(f"Checked: {checks}."),
            *behaviour_blocks(result.proof.behaviours),
        )
    return proof_blocks(result.proof)


def _end(result: SlimResult) -> Blocks:
    total = seconds_text(sum(result.seconds.values()))
    if not result.delivered:
        return (Paragraph(f"No image was delivered ({total}): the proof has to hold first.", "bad"),)
    reference = parse_reference(result.out)
    remote = reference.kind == "registry"
    path = reference.path.rstrip("/")
    papers = "attached to it" if remote else f"in {path}.jettison/"
    if reference.kind in ENGINES:
        papers = f"in {parse_output(result.out).path.name}.jettison/"
    where = f"{'Pushed' if remote else 'Written'} in {total} to {result.out} ({digest_text(result.new.digest)})"
    end = Paragraph(f"{where}; plan, removal list and proof are {papers}.")
    if result.proof.behaviours:
        return (end,)
    return Paragraph("Structure only: no workload was given (-w), so nothing says that it still answers.", "bad"), end
