"""What ``jettison verify-image`` says."""

from jettison.proof.digests import DigestCheck, DigestReport
from jettison.report.blocks import Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import counted, seconds_text, size_text
from jettison.report.words import digest_text


def digest_blocks(report: DigestReport) -> Blocks:
    """Return the report on recomputed digests: what was looked at, then every mismatch."""
    read = f"{size_text(report.size)} read in {seconds_text(report.seconds)}"
    rows = tuple((_name(check), size_text(check.size), "ok" if check.ok else "WRONG") for check in report.checks)
    table = Table((Column("", fit="start"), right("read"), Column("")), rows)
    if report.verdict == "held":
        verdict: Items | Paragraph = Paragraph(f"Every digest and size is true ({read}).", "good")
        return Heading(report.reference), table, verdict
    title = f"{counted(len(report.problems), 'mismatch', 'mismatches')} ({read})"
    return Heading(report.reference), table, Heading(title), Items(report.problems, "bad")


def _name(check: DigestCheck) -> str:
    """Return a check's name with its digest short."""
    words, _, last = check.name.rpartition(" ")
    return f"{words} {digest_text(last)}".strip()
