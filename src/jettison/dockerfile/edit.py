"""Edits by place: what is not edited stays byte for byte as it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jettison.dockerfile.record import Instruction, Recipe, Word
from jettison.dockerfile.shell.record import ShellWord


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one place.

    Attributes:
        start: of what is replaced, in the file's text.
        end: behind it; equal to ``start`` for an insertion.
        text: what stands there instead.
    """

    start: int
    end: int
    text: str


def overlap(first: Edit, second: Edit) -> bool:
    """Whether two edits cannot both be made: they share a place, or insert at the same one."""
    if first.start == second.start:
        return True
    low, high = sorted((first, second), key=lambda edit: edit.start)
    return low.end > high.start


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return ``text`` with edits made.

    Raises:
        ValueError: two of them overlap, or one lies outside: a bug in the caller.
    """
    made: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not at <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {edit} overlaps another, or lies outside the text")
        made += [text[at : edit.start], edit.text]
        at = edit.end
    made.append(text[at:])
    return "".join(made)


def replace_word(word: Word | ShellWord, text: str) -> Edit:
    """Replace a word, quotes included."""
    return Edit(*word.span, text)


def insert_after(word: Word | ShellWord, text: str) -> Edit:
    """Insert ``text`` behind a word, with a blank between."""
    return Edit(word.span[1], word.span[1], f" {text}")


def remove_word(recipe: Recipe, word: Word | ShellWord) -> Edit | None:
    """Remove a word that is not the first of its command, and the blanks and line continuation in front of it.

    Returns:
        None when a comment stands between it and the word before: the comment may be about it.
    """
    start, end = word.span
    before = start
    while before > 0 and recipe.text[before - 1] in " \t":
        before -= 1
    if before and recipe.text[before - 1] == "\n":
        line = recipe.line_at(start)
        previous = recipe.lines[line - 2] if line >= 2 else None  # noqa: PLR2004 -- the line before
        if previous is None or previous.kind not in ("instruction", "heredoc"):
            return None
        content = recipe.text[previous.start : previous.end].rstrip("\r\n").rstrip(" \t")
        if not content.endswith(recipe.escape):
            return None
        before = previous.start + len(content[:-1].rstrip(" \t"))
    return Edit(before, end, "")


def remove_words(recipe: Recipe, words: Sequence[Word | ShellWord]) -> tuple[Edit, ...] | None:
    """Remove several words, adjacent ones by one edit; None when one cannot be."""
    edits: list[Edit] = []
    for word in sorted(words, key=lambda word: word.span):
        edit = remove_word(recipe, word)
        if edit is None:
            return None
        if edits and edits[-1].end == edit.start:
            edits[-1] = Edit(edits[-1].start, edit.end, "")
        else:
            edits.append(edit)
    return tuple(edits)


def insert_before(recipe: Recipe, instruction: Instruction, *lines: str) -> Edit:
    """Insert lines in front of an instruction, and of the comment lines directly above it."""
    number = instruction.line
    while number > 1 and recipe.lines[number - 2].kind == "comment":
        number -= 1
    place = recipe.lines[number - 1].start
    return Edit(place, place, "".join(line + recipe.newline for line in lines))


def insert_behind(recipe: Recipe, instruction: Instruction, *lines: str) -> Edit:
    """Insert lines behind an instruction."""
    place = instruction.span[1]
    text = "".join(line + recipe.newline for line in lines)
    if recipe.text[:place].endswith("\n"):
        return Edit(place, place, text)
    return Edit(place, place, recipe.newline + text.removesuffix(recipe.newline))


def insert_at_top(recipe: Recipe, *lines: str) -> Edit:
    """Insert lines behind the parser directives, before all else."""
    place = recipe.lines[len(recipe.directives)].start if len(recipe.directives) < len(recipe.lines) else 0
    return Edit(place, place, "".join(line + recipe.newline for line in lines))


def remove_instruction(instruction: Instruction) -> Edit:
    """Remove an instruction with its lines; comments above it stay."""
    return Edit(*instruction.span, "")


def replace_instruction(recipe: Recipe, instruction: Instruction, *lines: str) -> Edit:
    """Put lines in an instruction's place."""
    start, end = instruction.span
    text = "".join(line + recipe.newline for line in lines)
    return Edit(start, end, text if recipe.text[:end].endswith("\n") else text.removesuffix(recipe.newline))


def add_flag(instruction: Instruction, flag: str) -> Edit:
    """Add a flag (``--mount=…``) behind the flags that an instruction has."""
    place = instruction.flags[-1].word.span[1] if instruction.flags else instruction.keyword_span[1]
    return Edit(place, place, f" {flag}")


def append_command(recipe: Recipe, instruction: Instruction, command: str) -> Edit | None:
    """Add a command at the end of a RUN's shell body, to run when all before it succeeded.

    Returns:
        None when the body is no shell form, or ends in a way that takes no ``&&``.
    """
    if instruction.json or not instruction.body.text:
        return None
    if instruction.heredocs:
        last = instruction.heredocs[-1]
        alone = len(instruction.heredocs) == 1 and instruction.body.text.startswith("<<")
        return Edit(last.span[1], last.span[1], command + recipe.newline) if alone else None
    body = instruction.body
    if body.text.rstrip().endswith((";", "&", "|")):
        return None
    place = body.span(0, len(body.text))[1]
    line = recipe.lines[recipe.line_at(instruction.span[0]) - 1]
    indent = "    " if instruction.line == instruction.last_line else _indent(recipe, instruction)
    assert line.start <= place  # noqa: S101 -- a body lies behind its keyword
    return Edit(place, place, f" {recipe.escape}{recipe.newline}{indent}&& {command}")


def _indent(recipe: Recipe, instruction: Instruction) -> str:
    """Return the blanks in front of the instruction's second line."""
    for line in recipe.lines[instruction.line : instruction.last_line]:
        if line.kind == "instruction":
            text = recipe.text[line.start : line.end]
            return text[: len(text) - len(text.lstrip(" \t"))] or "    "
    return "    "
