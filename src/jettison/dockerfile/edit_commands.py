"""Edits of whole commands in a shell body."""

import re

from jettison.dockerfile.edit import Edit, remove_instruction
from jettison.dockerfile.record import Instruction, Recipe
from jettison.dockerfile.shell.record import Command, Script
from jettison.regex import regex

_JOIN = regex(r"(?:[ \t]|\\?\r?\n)*(&&|;)?(?:[ \t]|\\?\r?\n)*$")
"""What may stand between two commands where one of them goes: an operator and line breaks, no comment."""


def remove_command(recipe: Recipe, instruction: Instruction, script: Script, command: Command) -> Edit | None:
    """Remove a command of a body, and the operator that binds it; the whole instruction when it is the only one.

    A command bound by ``;`` is removed only in a here-document that begins with ``set -e``: elsewhere its exit status
    hides that of the command in front of it.

    Returns:
        None when it does not run in any case, has redirections, or stands in a way that leaves more than it behind.
    """
    if script.opaque or not command.plain or command.redirects or command.assignments:
        return None
    others = [each for each in script.commands if not _inside(each, command) and not _inside(command, each)]
    before = max((each for each in others if each.span[1] <= command.span[0]), key=_end, default=None)
    behind = min((each for each in others if each.span[0] >= command.span[1]), key=_start, default=None)
    if before is None and behind is None:
        return _alone(recipe, instruction, script, command)
    allowed = ("&&", ";") if script.heredoc and _fails_early(script) else ("&&",)
    bound = (before is None or _bound(recipe, before, command, allowed)) and (
        behind is None or _bound(recipe, command, behind, allowed)
    )
    return _cut(recipe, script, command, before, behind) if bound else None


def _cut(
    recipe: Recipe, script: Script, command: Command, before: Command | None, behind: Command | None
) -> Edit | None:
    if before is None:
        clean = behind is not None and _blank(recipe, script.span[0], command.span[0])
        return Edit(command.span[0], behind.span[0], "") if clean and behind else None
    alike = behind.joiner == command.joiner if behind else _blank(recipe, command.span[1], script.span[1])
    return Edit(before.span[1], command.span[1], "") if alike else None


def _alone(recipe: Recipe, instruction: Instruction, script: Script, command: Command) -> Edit | None:
    whole = _blank(recipe, script.span[0], command.span[0]) and _blank(recipe, command.span[1], script.span[1])
    lines = recipe.lines[instruction.line - 1 : instruction.last_line]
    if not whole or any(line.kind == "comment" for line in lines):
        return None
    return remove_instruction(instruction)


def _start(command: Command) -> int:
    return command.span[0]


def _end(command: Command) -> int:
    return command.span[1]


def _inside(command: Command, other: Command) -> bool:
    """Whether a command lies in another's words (a substitution)."""
    return other.span[0] <= command.span[0] and command.span[1] <= other.span[1]


def _bound(recipe: Recipe, first: Command, second: Command, allowed: tuple[str, ...]) -> bool:
    between = recipe.text[first.span[1] : second.span[0]]
    return first.plain and second.plain and second.joiner in allowed and bool(_JOIN.match(between))


def _blank(recipe: Recipe, start: int, end: int) -> bool:
    return not recipe.text[start:end].strip(" \t\r\n\\")


def _fails_early(script: Script) -> bool:
    first = script.commands[0]
    return first.name == "set" and any(re.match(r"-\w*e", word.text) for word in first.words[1:])
