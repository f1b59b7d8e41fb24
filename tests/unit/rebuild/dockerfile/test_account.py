"""Edits, and the account of every instruction."""

import pytest

from jettison.dockerfile.edit import (
    Edit,
    add_flag,
    append_command,
    apply_edits,
    insert_at_top,
    insert_before,
    insert_behind,
    remove_instruction,
    remove_words,
    replace_instruction,
)
from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.scope import scopes_of
from jettison.dockerfile.shell.bodies import script_of
from jettison.dockerfile.shell.record import ShellWord
from jettison.rebuild.dockerfile.account import NotAccountedError, make_edits

TEXT = "FROM a\n# about b\nRUN b \\\n    c \\\n    d\nRUN <<EOF\nx\nEOF\nCMD e"


def _after(recipe: Recipe, *edits: Edit | None) -> str:
    made = [edit for edit in edits if edit]
    assert len(made) == len(edits)
    return make_edits(recipe, made).recipe.text


def _words(recipe: Recipe, index: int) -> tuple[ShellWord, ...]:
    stage = scopes_of(recipe).stages[0]
    script = script_of(recipe, stage.instructions[index], stage.states[index])
    assert script is not None
    return script.commands[0].words


def test_insertions_stand_where_they_are_meant_to() -> None:
    """Lines go in front of an instruction and its comment, behind an instruction, behind directives, at the end."""
    recipe = parse_text("# syntax=x\n" + TEXT)
    run, cmd = recipe.instructions[1], recipe.instructions[3]
    text = _after(
        recipe,
        insert_before(recipe, run, "USER 1"),
        insert_behind(recipe, run, "USER 2"),
        insert_behind(recipe, cmd, "USER 3"),
        insert_at_top(recipe, "ARG X"),
    )
    assert text == (
        "# syntax=x\nARG X\nFROM a\nUSER 1\n# about b\nRUN b \\\n    c \\\n    d\nUSER 2\n"
        "RUN <<EOF\nx\nEOF\nCMD e\nUSER 3"
    )


def test_line_endings_are_the_files() -> None:
    """What is inserted ends its lines as most lines of the file do."""
    recipe = parse_text("FROM a\r\nRUN b\r\nCMD c")
    edits = (
        append_command(recipe, recipe.instructions[1], "d"),
        insert_behind(recipe, recipe.instructions[2], "USER 1"),
    )
    assert _after(recipe, *edits) == "FROM a\r\nRUN b \\\r\n    && d\r\nCMD c\r\nUSER 1"


def test_commands_are_appended_in_each_form() -> None:
    """A command goes behind a shell body with ``&&``, into a here-document as a line; an exec form takes none."""
    recipe = parse_text(TEXT + '\nRUN ["f"]\nRUN g &\n')
    run, heredoc, exec_form, background = (recipe.instructions[at] for at in (1, 2, 4, 5))
    text = _after(recipe, append_command(recipe, run, "z"), append_command(recipe, heredoc, "z"))
    assert "    d \\\n    && z\nRUN <<EOF\nx\nz\nEOF\n" in text
    assert append_command(recipe, exec_form, "z") is None
    assert append_command(recipe, background, "z") is None


@pytest.mark.parametrize(
    ("body", "which", "after"),
    [
        ("RUN b c d", [2], "RUN b c"),
        ("RUN b c d", [1], "RUN b d"),
        ("RUN b \\\n    c \\\n    d\nCMD x", [1], "RUN b \\\n    d\nCMD x"),
        ("RUN b \\\n    c \\\n    d\nCMD x", [2], "RUN b \\\n    c\nCMD x"),
        ("RUN b \\\n    c \\\n    d\nCMD x", [1, 2], "RUN b\nCMD x"),
        ("RUN b \\\r\n c \\\r\n d", [2], "RUN b \\\r\n c"),
        ("RUN <<EOF\nb c \\\n  d\nEOF", [2], "RUN <<EOF\nb c\nEOF"),
    ],
)
def test_words_are_removed_with_their_continuation(body: str, which: list[int], after: str) -> None:
    """A word goes with the blanks and the line break in front of it, and leaves no empty continuation line."""
    recipe = parse_text(f"FROM a\n{body}")
    words = _words(recipe, 0)
    edits = remove_words(recipe, [words[at] for at in which])
    assert edits is not None
    assert _after(recipe, *edits) == f"FROM a\n{after}"


def test_a_word_below_a_comment_stays() -> None:
    """A word whose line follows a comment line is not removed: the comment may be about it."""
    recipe = parse_text("FROM a\nRUN b \\\n  # why\n  c\n")
    assert remove_words(recipe, _words(recipe, 0)[1:]) is None


def test_flags_go_behind_flags() -> None:
    """A flag is added behind the last one, or behind the keyword."""
    recipe = parse_text("FROM a\nCOPY --link b c\nRUN d\n")
    edits = [add_flag(each, "--x=1") for each in recipe.instructions[1:]]
    assert _after(recipe, *edits) == "FROM a\nCOPY --link --x=1 b c\nRUN --x=1 d\n"


def test_account_says_what_became_of_each() -> None:
    """Every old instruction has its new place; dropped, touched and added ones are told apart."""
    recipe = parse_text("FROM a\nRUN b\nRUN c\nRUN d\n")
    _, b, c, d = recipe.instructions
    account = make_edits(
        recipe,
        [remove_instruction(b), replace_instruction(recipe, c, "RUN c2"), insert_before(recipe, d, "USER 1")],
    )
    assert account.places == (0, None, 1, 3)
    assert account.touched == {1, 2}
    assert account.added == (2,)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(7, 7, "RUN <<EOF\n"),  # swallows all that follows
        Edit(12, 12, " \\"),  # joins two instructions
        Edit(6, 7, ""),  # joins FROM and RUN
        Edit(7, 11, "COPY "),  # makes another instruction of it
        Edit(0, 0, "# escape=`\n"),  # changes what a continuation is
        Edit(0, 0, "HELLO\n"),  # does not parse
    ],
)
def test_edits_that_swallow_are_refused(edit: Edit) -> None:
    """An edit that loses, joins or makes instructions by accident fails, whatever it looks like."""
    recipe = parse_text("FROM a\nRUN b\nRUN c\nCMD d\n")
    with pytest.raises(NotAccountedError):
        make_edits(recipe, [edit])


@pytest.mark.parametrize(
    ("edit", "places", "added"),
    [
        (Edit(7, 13, "# gone\n"), (0, None, 1, 2), ()),
        (Edit(11, 12, "b\nRUN z"), (0, 1, 3, 4), (2,)),
    ],
)
def test_what_an_edit_says_is_accounted(edit: Edit, places: tuple[int | None, ...], added: tuple[int, ...]) -> None:
    """An instruction replaced by a comment is dropped; one that an edit's own text holds is added."""
    account = make_edits(parse_text("FROM a\nRUN b\nRUN c\nCMD d\n"), [edit])
    assert (account.places, account.added) == (places, added)


def test_a_keyword_may_be_edited_by_itself() -> None:
    """An edit of the keyword alone is how one instruction is meant to become another (ADD → COPY)."""
    account = make_edits(parse_text("FROM a\nADD b c\n"), [Edit(7, 10, "COPY")])
    assert account.recipe.instructions[1].name == "COPY"
    assert account.touched == {1}


def test_overlapping_edits_are_a_bug() -> None:
    """Edits that overlap are never made."""
    with pytest.raises(ValueError, match="overlaps"):
        apply_edits("abc", [Edit(0, 2, ""), Edit(1, 3, "")])
