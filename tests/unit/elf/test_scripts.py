"""Scripts and their interpreters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.elf.scripts import ScriptObserver, is_shell, parse_script, script_from_json
from jettison.errors import BadInputError


def seen(data: bytes, path: str = "usr/bin/x") -> object:
    sink = ScriptObserver().begin(path, len(data))
    if sink is None:
        return None
    for at in range(0, len(data), 3):
        sink.feed(data[at : at + 3])
    value = sink.finish()
    return None if value is None else script_from_json(value)


def test_interpreter() -> None:
    """The first line names the interpreter; for a shell every word of the text is kept."""
    script = parse_script(b"#! /usr/bin/env bash\nexec curl -f x\n")
    assert script is not None
    assert script.argv == ("/usr/bin/env", "bash")
    assert {"curl", "exec"} <= set(script.words)
    assert is_shell(script.argv)
    python = parse_script(b"#!/opt/venv/bin/python\nimport curl\n")
    assert python is not None
    assert python.words == ()


@given(st.binary(max_size=80))
def test_observer_agrees(data: bytes) -> None:
    """However the content is cut, the observer sees what parsing the whole gives."""
    assert seen(b"#!" + data) == parse_script(b"#!" + data)
    if not data.startswith(b"#!"):
        assert seen(data) is None


def test_not_looked_at() -> None:
    """Shared objects and large files are no scripts; a damaged cache is an error."""
    assert seen(b"#!/bin/sh\n", "a/lib.so") is None
    assert ScriptObserver().begin("x", 1 << 20) is None
    with pytest.raises(BadInputError):
        script_from_json({"argv": [1]})
