"""Findings as SARIF 2.1.0 (OASIS standard): what code scanning services read."""

from typing import Any
from urllib.parse import quote

import jettison
from jettison.oci.json_text import encode_text
from jettison.report.lint.text import cost_text
from jettison.rules.dockerfile.finding import LintReport, RecipeFinding
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES

_LEVELS = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_sarif(report: LintReport) -> dict[str, Any]:
    """Return the report as a SARIF log with one run."""
    rules = [_rule(rule) for rule in DOCKERFILE_RULES]
    index = {rule["id"]: at for at, rule in enumerate(rules)}
    results = [_result(file.name, each, index) for file in report.files for each in file.findings]
    driver = {"name": "jettison", "version": jettison.__version__, "rules": rules}
    notes = [{"level": "note", "message": {"text": encode_text(f"{s.subject}: {s.reason}")}} for s in report.skips]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": notes}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why, "markdown": rule.why},
        "help": {"text": rule.why, "markdown": rule.why},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"precision": rule.confidence, "tags": ["dockerfile", *rule.aliases]},
    }


def _result(name: str, finding: RecipeFinding, index: dict[str, int]) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.last_line,
        "endColumn": max(finding.last_column, 1),
    }
    place = {"artifactLocation": {"uri": quote(name, errors="surrogateescape")}, "region": region}
    text = finding.message + (f". It {cost_text(finding.cost)}" if finding.cost else "")
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": encode_text(text)},
        "locations": [{"physicalLocation": place}],
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    return result
