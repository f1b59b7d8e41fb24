"""Shell bodies and the commands in them."""

import pytest

from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.scope import scopes_of
from jettison.dockerfile.shell.bodies import script_of
from jettison.dockerfile.shell.record import Script


def _script(body: str, head: str = "FROM a\n") -> Script:
    recipe = parse_text(f"{head}{body}\n")
    stage = scopes_of(recipe).stages[0]
    script = script_of(recipe, stage.instructions[-1], stage.states[-1])
    assert script is not None
    return script


def _plain(body: str) -> list[tuple[str, bool]]:
    return [(command.name, command.plain) for command in _script(body).commands]


def test_words_have_values_and_places() -> None:
    """A word's value is without quotes, None where a variable or pattern decides, and its place is in the file."""
    text = "FROM a\nRUN pip install 'torch>=2' \"x y\" $Z *.whl a\\ b uvicorn[standard] é \\\n  last\n"
    recipe = parse_text(text)
    stage = scopes_of(recipe).stages[0]
    script = script_of(recipe, stage.instructions[0], stage.states[0])
    assert script is not None
    words = script.commands[0].words[2:]
    assert [word.value for word in words] == ["torch>=2", "x y", None, None, "a b", "uvicorn[standard]", "é", "last"]
    assert [text[slice(*word.span)] for word in words] == [word.text for word in words]


@pytest.mark.parametrize(
    ("body", "commands"),
    [
        ("RUN a && b; c", [("a", True), ("b", True), ("c", True)]),
        ("RUN a || b", [("a", False), ("b", False)]),
        ("RUN a | b", [("a", False), ("b", False)]),
        ("RUN (a) && b", [("a", False), ("b", True)]),
        ("RUN if a; then b; fi; c", [("a", False), ("b", False), ("c", True)]),
        ("RUN for x in 1 2; do a; done", [("a", False)]),
        ("RUN ! a", [("a", False)]),
        ("RUN a $(b)", [("a", True), ("b", False)]),
        ("RUN X=$(b) c", [("c", True), ("b", False)]),
        ('RUN bash -c "a && b"', [("bash", True), ("a", False), ("b", False)]),
        ("RUN <<EOF\na\nb && c\nEOF", [("a", True), ("b", True), ("c", True)]),
        ("RUN <<EOF\nset -e\nEOF", [("set", True)]),
        ('RUN ["sh", "-c", "a"]', [("a", False)]),
    ],
)
def test_only_commands_that_run_once_and_must_succeed_are_plain(body: str, commands: list[tuple[str, bool]]) -> None:
    """Commands in branches, loops, pipes, fallbacks and strings are seen, but are not for editing."""
    assert _plain(body) == commands


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("RUN eval x", "eval"),
        ("RUN trap x EXIT; y", "trap"),
        ("RUN f() { a; }; f", "function"),
        ("RUN . /env && a", "another file"),
        ("RUN if a; then", "not understood"),
        ("RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF", "script for"),
        ('RUN ["sh", "-c", "a"]', "JSON"),
    ],
)
def test_opaque_bodies_say_why(body: str, reason: str) -> None:
    """What cannot be followed is opaque, with the reason."""
    assert reason in _script(body).opaque


def test_other_shells_are_opaque() -> None:
    """Under SHELL of another kind nothing is read as a POSIX shell's."""
    assert _script("RUN a", 'FROM a\nSHELL ["powershell", "-Command"]\n').opaque == "its shell is powershell"


def test_heredoc_for_a_program_is_no_commands() -> None:
    """What a program reads from its here-document is not taken for commands."""
    assert _plain("RUN python - <<EOF\nimport os\nEOF") == [("python", True)]


def test_deep_nesting_is_followed_so_far_only() -> None:
    """A body nested thousands of levels deep neither overflows the stack nor runs long."""
    assert _script("RUN " + "(" * 3000 + "a" + ")" * 3000) is not None
