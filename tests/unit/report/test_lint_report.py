"""Findings as people, GitHub and code scanning services see them. To renew the texts: JETTISON_GOLDEN=write."""

import json
import os
from pathlib import Path

import pytest
from sarif_pydantic import Sarif

from jettison.finding import Skip
from jettison.report.layout import draw
from jettison.report.lint.github import github_lines
from jettison.report.lint.sarif import to_sarif
from jettison.report.lint.text import draw_lint
from jettison.report.text.rules import rule_list_blocks, rule_text_blocks
from jettison.rules.catalog import RuleEntry, explain_rule, list_rules
from jettison.rules.dockerfile.finding import Change, Cost, LintedFile, LintReport, RecipeFinding

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = "a\x1b[31m%\r\n::error::x,y:z"
REPORT = LintReport(
    (
        LintedFile(
            "a b/Dockerfile",
            (
                RecipeFinding(
                    "cuda-twice",
                    "high",
                    "medium",
                    "CUDA is in the base and in the wheels",
                    1,
                    6,
                    1,
                    30,
                    ("FROM nvidia/cuda:12.4.1-runtime",),
                    "take the base without CUDA's libraries",
                    "unsafe",
                    Cost(8_050_000_000, 3_220_000_000, 0, "a table of 2026-11-26", estimated=True),
                ),
                RecipeFinding(
                    "apt-recommends",
                    "medium",
                    "high",
                    HOSTILE,
                    3,
                    1,
                    9,
                    12,
                    (f"RUN {HOSTILE}", "\tx", "y", "z"),
                    "install no recommended packages",
                    "safe",
                    Cost(0, 0, 158, "the index", estimated=False),
                ),
                RecipeFinding("root-user", "info", "high", "the image's process runs as root", 10, 1, 10, 4),
            ),
            ignored=2,
            changes=(
                Change(3, 3, "RUN apt-get update", "changed", ("apt-lists-shipped",), "remove the lists"),
                Change(0, 4, "COPY requirements.txt ./", "added", ("source-before-dependencies",), "before the source"),
            ),
            saves=Cost(8_050_000_000, 3_220_000_000, 0, "a table of 2026-11-26", estimated=True),
        ),
        LintedFile("clean.Dockerfile", ()),
    ),
    (Skip("c/Dockerfile", "it cannot be read: Permission denied"),),
    offline=True,
)


def check(name: str, text: str) -> None:
    """Compare a text with the one that was agreed on."""
    path = GOLDEN / name
    if os.environ.get("JETTISON_GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_text() -> None:
    """The report is, to the character, the one that was agreed on; nothing from the file reaches the terminal raw."""
    text = draw_lint(REPORT, width=80, colour=False)
    assert "\x1b" not in text
    check("lint.txt", text)


def test_colour_is_for_severities_only() -> None:
    """Colour changes no character that can be seen."""
    coloured = draw_lint(REPORT, width=80, colour=True)
    assert "\x1b[31mhigh\x1b[0m" in coloured
    plain = coloured.replace("\x1b[0m", "")
    for code in ("31", "33", "36", "2"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == draw_lint(REPORT, width=80, colour=False)


def test_github() -> None:
    """Each finding is one annotation on one line, whatever its text holds."""
    text = github_lines(REPORT)
    assert len(text.splitlines()) == 3
    check("lint-github.txt", text)


def test_sarif_is_valid() -> None:
    """The log is what the standard's model takes, and nothing in it is unknown to the model."""
    log = json.loads(json.dumps(to_sarif(REPORT)))
    model = Sarif.model_validate(log)
    assert model.model_dump(by_alias=True, exclude_unset=True, mode="json") == log
    results = log["runs"][0]["results"]
    assert [result["level"] for result in results] == ["error", "warning", "note"]
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/Dockerfile"
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [result["ruleId"] for result in results]


@pytest.mark.parametrize("name", ["apt-lists-shipped", "DL3009", "headers"])
def test_rules_are_explained(name: str) -> None:
    """A rule's text has its examples as diffs; an alias means the same rule."""
    rule = explain_rule(name)
    check(f"rule-{rule.entry.name}.txt", draw(rule_text_blocks(rule), width=80))


@pytest.mark.parametrize("entry", list_rules().rules, ids=lambda entry: entry.name)
def test_no_rule_takes_pages(entry: RuleEntry) -> None:
    """What a rule says is a page, whatever its examples need: a file of megabytes is told by its beginning."""
    rule = explain_rule(entry.name)
    assert len(draw(rule_text_blocks(rule))) < 16_000
    assert sum(len(text) for example in rule.examples for text in example.files.values()) < 60_000


def test_rules_are_found_by_words() -> None:
    """Rules are listed by words in their names and titles."""
    check("rules-cache-mount.txt", draw(rule_list_blocks(list_rules(("cache", "mount"))), width=80))
