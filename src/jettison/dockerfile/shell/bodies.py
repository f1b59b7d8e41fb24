"""Which shell bodies an instruction has: its shell form, its here-document, the string of ``sh -c``."""

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.dockerfile.record import Heredoc, Instruction, Recipe
from jettison.dockerfile.scope import State
from jettison.dockerfile.shell.parse import parse_script
from jettison.dockerfile.shell.record import Command, Script
from jettison.dockerfile.text import Joined
from jettison.regex import regex

_SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh")
_ONLY_HEREDOC = regex(r"<<-?\s*(['\"]?)[A-Za-z0-9_.-]+\1$")
_DEEPEST = 3  # bodies within bodies: sh -c "bash -c '…'"
_TAKES_SCRIPT = regex(r"-[a-zA-Z]*c$")


def script_of(recipe: Recipe, instruction: Instruction, state: State) -> Script | None:
    """Return the shell body of RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD.

    Commands in the string of ``sh -c "…"`` are in it as well, as ``inside`` says.

    Args:
        recipe: where it stands.
        instruction: any.
        state: what holds as it begins.

    Returns:
        None where no shell runs: an exec form without one, an empty body, another kind of instruction.
    """
    if instruction.name == "ONBUILD" and instruction.child:
        instruction = instruction.child
    if instruction.name not in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
        return None
    if instruction.json:
        return _exec_form(instruction)
    if not instruction.body.text:
        return None
    script = _shell_form(recipe, instruction)
    if reason := _not_read(recipe, state):
        return Script((), reason, script.span, script.heredoc)
    return _with_nested(script)


def _not_read(recipe: Recipe, state: State) -> str:
    name = state.shell[0].rpartition("/")[2].lower() if state.shell else ""
    if name not in _SHELLS:
        return f"its shell is {name}"
    return "" if recipe.escape == "\\" else "the escape character is not the shell's"


def _shell_form(recipe: Recipe, instruction: Instruction) -> Script:
    if not instruction.heredocs:
        return parse_script(instruction.body)
    first = instruction.heredocs[0]
    if len(instruction.heredocs) == 1 and _ONLY_HEREDOC.match(instruction.body.text):
        return _heredoc_script(first)
    start, end = first.span[0], instruction.span[1]
    body = instruction.body
    text = f"{body.text}\n{recipe.text[start:end]}"
    starts = (*body.starts, len(body.text) + 1)
    return parse_script(Joined(text, starts, (*body.places, start)))


def _heredoc_script(heredoc: Heredoc) -> Script:
    """Return a here-document that is the body itself; one with ``#!`` of another language is opaque."""
    head = heredoc.content.partition("\n")[0]
    if head.startswith("#!") and not re.search(r"\b(?:ba|da|a|z|k)?sh\b", head):
        return Script((), f"it is a script for {head[2:].strip()}", heredoc.span, heredoc=True)
    return parse_script(Joined(heredoc.content, (0,), (heredoc.span[0],)), heredoc=True)


def _exec_form(instruction: Instruction) -> Script | None:
    """Return the body of ``["sh", "-c", "…"]``; its commands are for reading only."""
    words = instruction.words
    if len(words) < 3 or words[0].text.rpartition("/")[2] not in _SHELLS:  # noqa: PLR2004 -- sh -c TEXT
        return None
    at = next((at for at, word in enumerate(words) if _TAKES_SCRIPT.match(word.text)), len(words))
    if at + 1 >= len(words):
        return None
    script = parse_script(_at_word(words[at + 1].text, words[at + 1].span))
    return replace(_inside_string(script, words[at + 1].span), opaque=script.opaque or "it is a JSON string")


def _at_word(text: str, span: tuple[int, int]) -> Joined:
    return Joined(text, (0,), (span[0],))


def _with_nested(script: Script, depth: int = 0) -> Script:
    """Add the commands in strings of ``sh -c``."""
    found: list[Command] = []
    for command in script.commands:
        found.append(command)
        if depth < _DEEPEST:
            found += _nested(command, depth)
    return replace(script, commands=tuple(found))


def _nested(command: Command, depth: int) -> Iterator[Command]:
    if command.name not in _SHELLS:
        return
    for flag, word in zip(command.words[1:], command.words[2:], strict=False):
        if _TAKES_SCRIPT.match(flag.text) and word.value is not None:
            inner = _with_nested(parse_script(_at_word(word.value, word.span)), depth + 1)
            for each in _inside_string(inner, word.span).commands:
                yield replace(each, inside=(*command.inside, *each.inside))
            return


def _inside_string(script: Script, span: tuple[int, int]) -> Script:
    """Give all commands of a string the place of the string: what is in it is not edited."""

    def moved(command: Command) -> Command:
        words = tuple(replace(word, span=span, whole=False) for word in command.words)
        return replace(command, words=words, span=span, inside=("sh -c", *command.inside))

    return replace(script, commands=tuple(moved(command) for command in script.commands), span=span)
