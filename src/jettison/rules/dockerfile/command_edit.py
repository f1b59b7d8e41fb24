"""Commands taken out of shell bodies."""

from jettison.dockerfile.edit import Edit, remove_words
from jettison.dockerfile.shell.record import Command, ShellWord
from jettison.rules.dockerfile.bodies import end_of
from jettison.rules.dockerfile.case import Case, Site


def remove_command(case: Case, site: Site, command: Command) -> Edit | None:
    """Take one command out of a chain of ``&&``, or out of lines or ``;`` lists.

    Returns:
        None where it stands alone, is not plain, or a comment stands between it and its neighbour.
    """
    script = site.script
    if script is None or not site.editable or not command.plain:
        return None
    at = script.commands.index(command)
    before = script.commands[at - 1] if at else None
    behind = script.commands[at + 1] if at + 1 < len(script.commands) else None
    chained = behind is not None and behind.plain and behind.joiner == "&&"
    if behind and (chained or before is None) and behind.plain and command.joiner != "&&":
        return _cut(case, command.span[0], behind.span[0], behind.joiner)
    if before is not None and before.plain and command.joiner in ("&&", ";"):
        return _cut(case, end_of(before), end_of(command), command.joiner)
    return None


def _cut(case: Case, start: int, end: int, joiner: str) -> Edit | None:
    """Return the edit that removes a range of one command and its joiner; None when it holds more."""
    text = case.recipe.text[start:end]
    if "#" in text or "||" in text or not (joiner in text or (joiner == ";" and "\n" in text)):
        return None
    return Edit(start, end, "")


def remove_operands(case: Case, site: Site, command: Command, words: list[ShellWord]) -> tuple[Edit, ...] | None:
    """Take words out of a command; the whole command when no operand is left."""
    left = [word for word in command.words[1:] if word not in words and not word.text.startswith("-")]
    if not left:
        edit = remove_command(case, site, command)
        return (edit,) if edit else None
    if not site.editable or not command.plain or not all(word.whole for word in words):
        return None
    return remove_words(case.recipe, words)
