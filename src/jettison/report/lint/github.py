"""Findings as GitHub's workflow commands: annotations on the lines of a pull request.

After GitHub's documentation, "Workflow commands for GitHub Actions": ``%``, CR and LF are escaped in messages, and
``:`` and ``,`` in properties as well.
"""

from jettison.report.escape import plain
from jettison.report.lint.text import cost_text
from jettison.rules.dockerfile.finding import LintReport, RecipeFinding

_LEVELS = {"high": "error", "medium": "warning", "low": "notice", "info": "notice"}


def github_lines(report: LintReport) -> str:
    """Return one annotation a finding."""
    lines = [_line(file.name, finding) for file in report.files for finding in file.findings]
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, finding: RecipeFinding) -> str:
    properties = {
        "file": name,
        "line": finding.line,
        "endLine": finding.last_line,
        "title": f"jettison {finding.rule}",
    }
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = finding.message + (f". It {cost_text(finding.cost)}" if finding.cost else "")
    return f"::{_LEVELS[finding.severity]} {told}::{_message(message)}"


def _message(text: str) -> str:
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
