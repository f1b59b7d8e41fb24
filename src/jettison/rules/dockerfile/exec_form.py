"""A shell form as an exec form, where nothing in it needs a shell."""

import json

from jettison.dockerfile.shell.record import Command
from jettison.regex import regex
from jettison.rules.dockerfile.case import Site

_BUILTINS = frozenset(
    ["cd", "export", "source", ".", "ulimit", "set", "exec", "eval", "umask", "trap", "alias", "test"]
)
_NEEDS_SHELL = regex(r"[~{}]")


def exec_form_of(site: Site) -> str | None:
    """Return the JSON array that runs the same program as a shell form; None where only a shell can run it.

    A single command of words that are all known, without variables, patterns, assignments or redirections.
    """
    script = site.script
    if script is None or script.opaque or len(script.commands) != 1 or site.instruction.heredocs:
        return None
    command = script.commands[0]
    if not _simple(command) or site.state.shell != ("/bin/sh", "-c"):
        return None
    words = [word.value or "" for word in command.words]
    return json.dumps(words, ensure_ascii=False)


def _simple(command: Command) -> bool:
    if command.inside or command.assignments or command.redirects or command.name in _BUILTINS:
        return False
    return all(word.value and not _NEEDS_SHELL.search(word.text) and "$" not in word.text for word in command.words)
