"""Every rule's examples: they are its page, and its tests."""

import os
from pathlib import Path

import pytest

from jettison.dockerfile.edit import apply_edits
from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.project.history import parse_log
from jettison.dockerfile.project.read import read_project
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES

BAD = [(rule, at) for rule in DOCKERFILE_RULES for at in range(len(rule.bad))]
GOOD = [(rule, at) for rule in DOCKERFILE_RULES for at in range(len(rule.good))]


def _named(value: object) -> str:
    return value.name if isinstance(value, Rule) else str(value)


def _found(rule: Rule, text: str, example: Example, folder: Path) -> tuple[Find, ...]:
    project = None
    if example.files:
        for name, content in example.files.items():
            path = folder / name
            os.makedirs(path.parent, exist_ok=True)
            path.write_text(content)
        project = read_project(str(folder))
    history = parse_log(example.log) if example.log else None
    return tuple(rule.check(make_case(parse_text(text), project, history=history)))


@pytest.mark.parametrize(("rule", "at"), BAD, ids=_named)
def test_bad_example_is_found_and_mended_as_shown(rule: Rule, at: int, tmp_path: Path) -> None:
    """A bad example has a finding; its fix, once made, gives the text shown, in which the rule finds nothing to fix."""
    example = rule.bad[at]
    found = _found(rule, example.before, example, tmp_path)
    assert found
    fixes = [find.fix for find in found if find.fix]
    if example.after is None:
        assert not fixes
        return
    edits = {edit for fix in fixes for edit in fix.edits}
    after = apply_edits(example.before, edits)
    assert after == example.after
    for fix in fixes:
        assert rule.fixes != "none"
        assert rule.fixes == "safe" or fix.safety == "unsafe"
        for name, content in fix.files.items():
            (tmp_path / name).write_text(content)
    files = {**example.files, **{name: text for fix in fixes for name, text in fix.files.items()}}
    again = _found(rule, after, Example(after, None, files, example.log), tmp_path)
    assert not [find for find in again if find.fix]


@pytest.mark.parametrize(("rule", "at"), GOOD, ids=_named)
def test_good_example_is_left_alone(rule: Rule, at: int, tmp_path: Path) -> None:
    """A good example has no finding."""
    example = rule.good[at]
    assert not _found(rule, example.before, example, tmp_path)


@pytest.mark.parametrize("rule", DOCKERFILE_RULES, ids=_named)
def test_rule_is_whole(rule: Rule) -> None:
    """A rule has a page's worth of text, sources, and examples of both kinds; one that fixes shows a fix."""
    assert rule.why
    assert rule.sources
    assert rule.bad
    assert rule.good
    assert (rule.fixes == "none") == all(example.after is None for example in rule.bad)


def test_names_are_the_only_ones() -> None:
    """No two rules share a name."""
    names = [rule.name for rule in DOCKERFILE_RULES]
    assert len(names) == len(set(names))
