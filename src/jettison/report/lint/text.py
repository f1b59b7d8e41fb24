"""Findings as text: each with its place, the lines, what it costs and how it is mended."""

from collections.abc import Iterator

from jettison.report.escape import plain
from jettison.report.layout import wrap
from jettison.report.units import counted, seconds_text, size_text
from jettison.rules.dockerfile.finding import Change, Cost, LintedFile, LintReport, RecipeFinding

_COLOURS = {"high": "31", "medium": "33", "low": "36", "info": "2"}
_GUTTER = 6


def draw_lint(report: LintReport, *, width: int, colour: bool) -> str:
    """Return the report as text.

    Args:
        report: what to draw; texts from files are escaped.
        width: columns to fill.
        colour: whether ANSI sequences may be used.
    """
    lines: list[str] = []
    for file in report.files:
        for finding in file.findings:
            lines += [*_finding(file, finding, width, colour=colour), ""]
        lines += _changes(file, width)
    lines += [line for skip in report.skips for line in wrap(plain(f"{skip.subject}: {skip.reason}"), width)]
    return "".join(f"{line.rstrip()}\n" for line in [*lines, _summary(report)])


def _finding(file: LintedFile, finding: RecipeFinding, width: int, *, colour: bool) -> Iterator[str]:
    severity = f"\x1b[{_COLOURS[finding.severity]}m{finding.severity}\x1b[0m" if colour else finding.severity
    place = f"{plain(file.name)}:{finding.line}:{finding.column}"
    yield f"{place}: {severity}: {finding.rule}" + ("" if finding.confidence == "high" else " (perhaps)")
    for at, line in enumerate(finding.excerpt):
        yield f"{finding.line + at:>{_GUTTER - 1}} | {plain(line.expandtabs(4))}"[:width]
    if finding.last_line >= finding.line + len(finding.excerpt) > finding.line:
        yield f"{'…':>{_GUTTER - 1}} |"
    yield from _indented(finding.message, width)
    if finding.cost:
        yield from _indented(cost_text(finding.cost), width)
    if finding.fix:
        how = "--fix" if finding.safety == "safe" else "--fix --unsafe"
        yield from _indented(f"fix ({how}): {finding.fix}", width)


def _indented(text: str, width: int) -> Iterator[str]:
    for line in wrap(plain(text), width - _GUTTER - 1):
        yield " " * (_GUTTER + 1) + line


def cost_text(cost: Cost) -> str:
    """Return what acting on a finding saves, as a sentence with the source of its numbers."""
    parts: list[str] = []
    if cost.disk:
        parts.append(f"{size_text(cost.disk)} on disk")
    if cost.pull:
        parts.append(f"{size_text(cost.pull)} in the pull")
    if cost.rebuild_s:
        parts.append(f"{seconds_text(cost.rebuild_s)} of each rebuild")
    about = "about " if cost.estimated else ""
    return f"saves {about}{', '.join(parts)} ({cost.source})"


def _changes(file: LintedFile, width: int) -> Iterator[str]:
    if not file.changes:
        return
    yield f"{plain(file.name)}: {counted(len(file.changes), 'instruction')} changed by fixes"
    for change in file.changes:
        yield from _indented(change_text(change), width)
    yield ""


def change_text(change: Change) -> str:
    """Return what became of one instruction, as a sentence."""
    place = f"line {change.line}" if change.line else f"new line {change.new_line}"
    rules = f" ({', '.join(change.rules)})" if change.rules else ""
    reason = f": {change.reason}" if change.reason else ""
    return f"{place} {change.what}{rules}{reason}: {change.instruction}"


def _summary(report: LintReport) -> str:
    findings = [finding for file in report.files for finding in file.findings]
    counts = [
        (name, sum(finding.severity == name for finding in findings)) for name in ("high", "medium", "low", "info")
    ]
    told = ", ".join(f"{count} {name}" for name, count in counts if count)
    fixable = sum(finding.safety == "safe" for finding in findings)
    mended = f"; {fixable} with a safe fix (--fix)" if fixable else ""
    ignored = sum(file.ignored for file in report.files)
    silent = f"; {ignored} ignored by comments" if ignored else ""
    what = f"{counted(len(findings), 'finding')} in {counted(len(report.files), 'file')}"
    return f"{what}{f' ({told})' if told else ''}{mended}{silent}{_saves(report)}"


def _saves(report: LintReport) -> str:
    costs = [file.saves for file in report.files if file.saves]
    if not costs:
        return ""
    disk, pull = sum(cost.disk for cost in costs), sum(cost.pull for cost in costs)
    guessed = "; estimates, --online asks" if report.offline and any(cost.estimated for cost in costs) else ""
    return f"\nActing on all of them saves up to {size_text(disk)} on disk, {size_text(pull)} in the pull{guessed}"
