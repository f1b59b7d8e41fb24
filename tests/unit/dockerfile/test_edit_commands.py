"""Whole commands are taken from a body, or left where that would change what else it does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.dockerfile.edit import apply_edits
from jettison.dockerfile.edit_commands import remove_command
from jettison.dockerfile.parse import parse_text
from jettison.rules.dockerfile.case import make_case


def _without(text: str, name: str) -> str | None:
    """Return ``text`` without the command ``name`` of its last instruction; None when it may not be removed."""
    recipe = parse_text(text)
    site = make_case(recipe).sites[-1]
    assert site.script is not None
    command = next(each for each in site.script.commands if each.name == name)
    edit = remove_command(recipe, site.instruction, site.script, command)
    return None if edit is None else apply_edits(text, (edit,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM a\nRUN gone x\n", "FROM a\n"),
        ("FROM a\nRUN gone x && b\n", "FROM a\nRUN b\n"),
        ("FROM a\nRUN b && gone x\n", "FROM a\nRUN b\n"),
        ("FROM a\nRUN b && gone x && c\n", "FROM a\nRUN b && c\n"),
        ("FROM a\nRUN b \\\n    && gone x \\\n    && c\n", "FROM a\nRUN b \\\n    && c\n"),
        ("FROM a\nRUN b && \\\n    gone x && \\\n    c", "FROM a\nRUN b && \\\n    c"),
        ("FROM a\r\nRUN b \\\r\n  && gone x\r\n", "FROM a\r\nRUN b\r\n"),
        ("FROM a\nRUN <<EOF\nset -e\ngone x\nb\nEOF\n", "FROM a\nRUN <<EOF\nset -e\nb\nEOF\n"),
        ("FROM a\nRUN b && gone $(c) && d\n", "FROM a\nRUN b && d\n"),
    ],
)
def test_command_goes_with_its_operator(before: str, after: str) -> None:
    """One command and the operator that binds it go; alone, its instruction goes; all else stays as it was."""
    assert _without(before, "gone") == after


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN b; gone x\n",
        "FROM a\nRUN gone x; b\n",
        "FROM a\nRUN b || gone x\n",
        "FROM a\nRUN b | gone x\n",
        "FROM a\nRUN if b; then gone x; fi\n",
        "FROM a\nRUN (gone x) && b\n",
        "FROM a\nRUN b && gone x > /log\n",
        "FROM a\nRUN A=1 gone x\n",
        "FROM a\nRUN b && \\\n    # why\n    gone x\n",
        "FROM a\nRUN gone x \\\n# about it\n\n",
        "FROM a\nRUN gone x &\n",
        "FROM a\nRUN <<EOF\nb\ngone x\nEOF\n",
        "FROM a\nRUN <<EOF\nset -e\nb && gone x\nc\nEOF\n",
        "FROM a\nRUN eval b && gone x\n",
    ],
)
def test_command_stays_where_more_than_it_would_change(text: str) -> None:
    """Behind ``;``, in a branch, a pipe or a group, with a redirection, and beside comments nothing is removed."""
    assert _without(text, "gone") is None


def _names(text: str) -> list[str]:
    sites = make_case(parse_text(text)).sites
    return [command.name for site in sites if site.script for command in site.script.commands]


_SEPARATOR = st.sampled_from([" && ", " \\\n && ", " && \\\n  ", "&&", " \\\n\\\n && "])


@given(st.lists(st.sampled_from(["a 1", "b '&& x'", 'c "$D"', "e;f", "gone y"]), min_size=1, max_size=6), st.data())
def test_the_other_commands_are_the_same(words: list[str], data: st.DataObject) -> None:
    """Whatever stands around it, the commands that are left are those that were there, in their order."""
    words = [*words, "gone y"]
    body = words[0]
    for word in words[1:]:
        body += data.draw(_SEPARATOR) + word
    text = f"FROM x\nRUN {body}\n"
    after = _without(text, "gone")
    if after is None:
        return
    names, left = _names(text), _names(after)
    names.remove("gone")
    assert left == names
