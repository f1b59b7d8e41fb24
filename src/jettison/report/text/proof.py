"""What ``jettison verify`` says."""

from jettison.proof.record import Behaviour, Check, Proof
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, Tone, right
from jettison.report.units import change_text, counted, seconds_text, size_text
from jettison.report.words import digest_text

_WORDS = {"held": "held", "failed": "FAILED", "not-tried": "not tried"}
_TONES: dict[str, Tone] = {"held": "good", "failed": "bad", "not-tried": "bad"}
_SHOWN = 20


def proof_blocks(proof: Proof, *, shown: int = _SHOWN) -> Blocks:
    """Return the report on a proof.

    Args:
        proof: what to report.
        shown: counter-examples listed for a check that failed.
    """
    rows = tuple((_WORDS[check.verdict], check.name, check.detail) for check in proof.checks)
    columns = (Column("verdict"), Column("check"), Column("detail", fit="wrap"))
    problems = [block for check in proof.checks for block in _problems(check, shown)]
    return (
        Heading(f"Proof: {digest_text(proof.new)} against {digest_text(proof.old)}"),
        verdict_block(proof),
        Table(columns, rows),
        *problems,
        *behaviour_blocks(proof.behaviours),
    )


def verdict_block(proof: Proof) -> Paragraph:
    """Return the verdict in one sentence."""
    tone = _TONES[proof.verdict]
    if proof.verdict == "held":
        return Paragraph(f"The proof held ({proof.scope}).", tone)
    if proof.verdict == "failed":
        failed = sum(check.verdict == "failed" for check in proof.checks)
        return Paragraph(f"The proof FAILED ({proof.scope}): {counted(failed, 'check')} did not hold.", tone)
    return Paragraph(f"The proof could not be tried in full ({proof.scope}); it neither held nor failed.", tone)


def _problems(check: Check, shown: int) -> tuple[Block, ...]:
    if check.verdict == "held" or not check.problems:
        return ()
    count = max(check.count, len(check.problems))
    more = (f"… and {count - shown:,} more",) if count > shown else ()
    return Heading(f"{check.name}: {counted(count, 'problem')}"), Items((*check.problems[:shown], *more), "bad")


def behaviour_blocks(behaviours: tuple[Behaviour, ...]) -> tuple[Block, ...]:
    """Return the section on workloads that ran on both images; nothing when none did."""
    if not behaviours:
        return ()
    columns = (Column("workload"), right("probes"), right("ready"), right("was"), right("peak memory"), right("was"))
    rows = tuple(
        (
            each.workload,
            str(len(each.probes)),
            seconds_text(each.ready_after),
            seconds_text(each.ready_before),
            size_text(each.memory_after),
            size_text(each.memory_before),
            change_text(each.memory_before, each.memory_after),
        )
        for each in behaviours
    )
    silent = ", ".join(each.workload for each in behaviours if not each.probes)
    warning = (Paragraph(f"Without probes, so that no answer was compared: {silent}.", "bad"),) if silent else ()
    return Heading("Run on both"), Table((*columns, right("change")), rows), *warning
