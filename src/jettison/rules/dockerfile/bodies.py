"""Commands added to shell bodies so that what fails still fails: ``&&`` hides a failure where ``set -e`` holds."""

from jettison.dockerfile.edit import Edit, append_command
from jettison.dockerfile.shell.record import Command, Script
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site

_COMMENT = regex(r"(?:^|\s)#")
_ENDS = ("exit", "exec", "return")


def text_of(case: Case, site: Site) -> str:
    """Return an instruction as written."""
    return case.recipe.text[slice(*site.instruction.span)]


def whole_body(site: Site) -> str:
    """Return an instruction's body and its heredocs, flags left out."""
    return "\n".join((site.instruction.body.text, *(heredoc.content for heredoc in site.instruction.heredocs)))


def stops_at_failure(site: Site) -> bool:
    """Whether ``set -e`` holds in a body, or in part of it."""
    if any(word.startswith("-") and not word.startswith("--") and "e" in word for word in site.state.shell[1:]):
        return True
    if "errexit" in site.state.shell:
        return True
    commands = site.script.commands if site.script else ()
    return any(command.name == "set" and any(_sets_e(word.text) for word in command.words[1:]) for command in commands)


def _sets_e(text: str) -> bool:
    return text == "errexit" or (text.startswith("-") and not text.startswith("--") and "e" in text)


def append(case: Case, site: Site, command: str) -> Edit | None:
    """Add a command at the end of a RUN's body, to run when all before it succeeded.

    Returns:
        None where that cannot be done without a change of what fails, or the body must not be edited.
    """
    script = site.script
    if script is None or not site.editable or any(each.name in _ENDS for each in script.commands):
        return None
    if not script.heredoc and (site.instruction.heredocs or _COMMENT.search(site.instruction.body.text)):
        return None
    if not script.heredoc or stops_at_failure(site):
        return append_command(case.recipe, site.instruction, command)
    return _append_to_last(case, script, command)


def _append_to_last(case: Case, script: Script, command: str) -> Edit | None:
    """Join a command to a heredoc's last one, where nothing but comments stands behind it."""
    last = script.commands[-1] if script.commands else None
    if last is None or not last.plain:
        return None
    place = end_of(last)
    rest = case.recipe.text[place : script.span[1]]
    if rest.strip() and not all(line.strip().startswith("#") or not line.strip() for line in rest.split("\n")):
        return None
    return Edit(place, place, f" && {command}")


def end_of(command: Command) -> int:
    """Return the place behind a command, its redirections included."""
    ends = [redirect.target.span[1] for redirect in command.redirects if redirect.target]
    return max((command.span[1], *ends))


def sudo(site: Site, tool: str) -> str:
    """Return ``sudo `` where the last call of a tool in a body is made so."""
    last = next((call for call in reversed(site.calls) if call.tool == tool), None)
    return "sudo " if last and "sudo" in last.wrappers else ""
