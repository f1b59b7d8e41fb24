"""Expressions compiled late."""

import ast
import re
from pathlib import Path

import pytest

import jettison
from jettison.regex import regex


def test_it_is_compiled_when_it_is_asked() -> None:
    """Nothing is compiled before the first use, so that a malformed one is found only there: hence the next test."""
    broken = regex("(")
    with pytest.raises(re.error):
        broken.search("x")
    once = regex(r"a(?P<n>\d)", re.IGNORECASE)
    assert once.sub("", "A1b") == "b"
    found = once.fullmatch("A2")
    assert found is not None
    assert found["n"] == "2"
    assert (once.pattern, once.groups) == (r"a(?P<n>\d)", 1)


def test_every_expression_compiles() -> None:
    """Each expression that a module defines by itself is one: no rule meets a malformed one on a user's machine."""
    seen = 0
    for path in Path(jettison.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "regex" and path.name != "regex.py":
                try:
                    text = ast.literal_eval(node.args[0])
                except ValueError:
                    continue  # made of parts; its own module's tests use it
                re.compile(text)
                seen += 1
    assert seen > 100
