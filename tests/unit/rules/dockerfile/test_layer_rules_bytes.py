"""The rules of layers, downloads, users, secrets and environments on files with other line endings and shapes."""

import pytest

from jettison.dockerfile.edit import apply_edits
from jettison.dockerfile.parse import parse_text
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.record import Find, Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES

NAMES = frozenset(
    (
        "chown-in-later-layer",
        "chmod-in-later-layer",
        "copy-link-named-owner",
        "removed-in-later-layer",
        "add-instead-of-copy",
        "download-left",
        "curl-ignores-errors",
        "pipe-hides-failure",
        "git-history-shipped",
        "cd-without-workdir",
        "workdir-relative",
        "user-by-name",
        "sudo-used",
        "useradd-large-uid",
        "ld-library-path-override",
        "path-override",
        "nvidia-runtime-unset",
        "distroless-python-twice",
    )
)
FIXED = [
    (rule, example)
    for rule in DOCKERFILE_RULES
    if rule.name in NAMES
    for example in rule.bad
    if example.after is not None and not example.files
]


def _found(rule: Rule, text: str) -> list[Find]:
    return list(rule.check(make_case(parse_text(text))))


def _fixed(rule: Rule, text: str) -> str:
    edits = {edit for find in _found(rule, text) if find.fix for edit in find.fix.edits}
    return apply_edits(text, edits)


@pytest.mark.parametrize(("rule", "example"), FIXED, ids=lambda value: value.name if isinstance(value, Rule) else "")
def test_fix_keeps_line_endings(rule: Rule, example: object) -> None:
    """A file with CRLF, or without a line ending at its end, is mended as the same file with LF is."""
    before, after = example.before, example.after  # type: ignore[attr-defined]
    crlf = _fixed(rule, before.replace("\n", "\r\n"))
    assert crlf == after.replace("\n", "\r\n")
    open_end = _fixed(rule, before.removesuffix("\n"))
    assert open_end.removesuffix("\n") == after.removesuffix("\n")


@pytest.mark.parametrize(("rule", "example"), FIXED, ids=lambda value: value.name if isinstance(value, Rule) else "")
def test_commands_held_back_are_not_edited(rule: Rule, example: object) -> None:
    """What ONBUILD holds back runs in another build, and is left as it is."""
    lines = example.before.splitlines()  # type: ignore[attr-defined]
    if any(line.startswith((" ", "#")) for line in lines):
        return
    text = "".join(f"{line}\n" if line.startswith("FROM") else f"ONBUILD {line}\n" for line in lines)
    assert _fixed(rule, text) == text
