"""Commands → calls of the tools in the table."""

import functools
import re
from collections.abc import Iterator, Sequence

from jettison.dockerfile.shell.record import Command, ShellWord
from jettison.dockerfile.tools.record import Call, Option, Tool
from jettison.dockerfile.tools.table import TOOLS
from jettison.regex import regex

_WRAPPERS = {
    "sudo": "uUgp",
    "time": "",
    "exec": "a",
    "nice": "n",
    "command": "",
    "nohup": "",
    "ionice": "cn",
    "xvfb-run": "s",
}
"""Programs that run the rest of their line, with the letters of their options that take a value."""
_PYTHON = regex(r"(?:python|pypy)[23]?(?:\.\d+)?$")
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")
_RUNNERS = {"poetry": "run", "pipenv": "run", "pdm": "run", "uv": "run", "hatch": "run", "rye": "run"}
_CONDA = regex(r"(?:micro)?(?:conda|mamba)$")
_CONDA_RUN_VALUED = ("-n", "--name", "-p", "--prefix", "--cwd", "--root-prefix", "-r")


@functools.cache
def _programs() -> tuple[tuple[re.Pattern[str], Tool], ...]:
    return tuple((re.compile(tool.programs), tool) for tool in TOOLS)


@functools.cache
def _tool_of(program: str) -> Tool | None:
    return next((tool for pattern, tool in _programs() if pattern.fullmatch(program)), None)


@functools.cache
def _tool_of_module(module: str) -> Tool | None:
    return next((tool for tool in TOOLS if module in tool.modules), None)


def call_of(command: Command) -> Call | None:
    """Return the call of a tool that a command is, wrappers (``sudo``, ``env``, ``conda run`` …) looked through.

    Returns:
        None when the program is not in the table, or not known.
    """
    words, wrappers = _unwrapped(command.words)
    if not words or words[0].value is None:
        return None
    program = words[0].value.rpartition("/")[2]
    if _PYTHON.match(program):
        return _python(command, words, wrappers)
    tool = _tool_of(program)
    return _call(command, tool, words[:1], words[1:], wrappers) if tool else None


def calls_of(commands: Sequence[Command]) -> Iterator[Call]:
    """Give the calls among commands."""
    for command in commands:
        if call := call_of(command):
            yield call


def _unwrapped(words: tuple[ShellWord, ...]) -> tuple[tuple[ShellWord, ...], tuple[str, ...]]:
    wrappers: list[str] = []
    while words and len(wrappers) < 5:  # noqa: PLR2004 -- sudo env time …: more is nobody's recipe
        name = (words[0].value or "").rpartition("/")[2]
        rest = _behind(name, words)
        if rest is None:
            break
        wrappers.append(name)
        words = rest
    return words, tuple(wrappers)


def _behind(name: str, words: tuple[ShellWord, ...]) -> tuple[ShellWord, ...] | None:
    """Return the words that a wrapper runs; None when ``name`` is none."""
    if name in _WRAPPERS:
        return _skip_options(words[1:], _WRAPPERS[name])
    if name == "env":
        rest = _skip_options(words[1:], "uCS")
        while rest and _ASSIGNMENT.match(rest[0].text):
            rest = rest[1:]
        return rest
    if name in _RUNNERS and len(words) > 2 and words[1].value == _RUNNERS[name]:  # noqa: PLR2004 -- poetry run X
        return _skip_options(words[2:], "")
    if _CONDA.match(name) and len(words) > 2 and words[1].value == "run":  # noqa: PLR2004 -- conda run X
        return _skip_options(words[2:], "", _CONDA_RUN_VALUED)
    return None


def _skip_options(words: tuple[ShellWord, ...], letters: str, valued: tuple[str, ...] = ()) -> tuple[ShellWord, ...]:
    while words and words[0].text.startswith("-"):
        text = words[0].text
        takes = text in valued or (len(text) == 2 and text[1] in letters)  # noqa: PLR2004 -- -u
        words = words[2:] if takes else words[1:]
        if text == "--":
            break
    return words


def _python(command: Command, words: tuple[ShellWord, ...], wrappers: tuple[str, ...]) -> Call | None:
    """Return the call of ``python -m pip``, ``python setup.py``, or of python itself."""
    for at, word in enumerate(words[1:], 1):
        if word.value == "-m" and at + 1 < len(words):
            tool = _tool_of_module((words[at + 1].value or "").partition(".")[0])
            if tool:
                return _call(command, tool, words[: at + 2], words[at + 2 :], wrappers)
            break
        if word.value is None or not word.value.startswith("-"):
            if word.value is not None and word.value.rpartition("/")[2] == "setup.py":
                return _call(command, _tool_of("setup.py"), words[: at + 1], words[at + 1 :], wrappers)
            break
        if word.value in ("-c", "-"):
            break
    return _call(command, _tool_of("python"), words[:1], words[1:], wrappers)


def _call(
    command: Command,
    tool: Tool | None,
    head: tuple[ShellWord, ...],
    rest: tuple[ShellWord, ...],
    wrappers: tuple[str, ...],
) -> Call:
    assert tool is not None  # noqa: S101 -- named above by our own table
    options: list[Option] = []
    operands: list[ShellWord] = []
    action, group, only_operands = "", "", False
    at = 0
    while at < len(rest):
        word = rest[at]
        at += 1
        if only_operands or not word.text.startswith("-") or word.text == "-":
            if tool.actions and not action and not group and word.value in tool.groups:
                group = word.value or ""
                head = (*head, word)
            elif tool.actions and not action and not operands:
                action = tool.actions.get(word.value or "", word.value or "")
                head = (*head, word)
            else:
                operands.append(word)
        elif word.text == "--":
            only_operands = True
        else:
            found, took = _options(tool, word, rest[at : at + 1])
            options += found
            at += took
    if group and not action:
        action, group = tool.actions.get(group, group), ""
    return Call(tool.name, action, group, tuple(options), tuple(operands), head, wrappers, command)


def _options(tool: Tool, word: ShellWord, following: tuple[ShellWord, ...]) -> tuple[list[Option], int]:
    """Return the options in a word, and whether the next word is a value."""
    text = word.value if word.value is not None else word.text
    if text.startswith("--"):
        name, equals, value = text.partition("=")
        if equals:
            return [Option(name, word, value if word.value is not None else None, word)], 0
        if name in tool.valued and following:
            return [Option(name, following[0], following[0].value, word)], 1
        return [Option(name, None, None, word)], 0
    made: list[Option] = []
    for at, letter in enumerate(text[1:], 1):
        glued = text[at + 1 :]
        if letter in tool.short_valued or (letter in tool.short_glued and glued):
            if glued:
                known = glued.removeprefix("=") if word.value is not None else None
                return [*made, Option(f"-{letter}", word, known, word)], 0
            if following:
                return [*made, Option(f"-{letter}", following[0], following[0].value, word)], 1
        made.append(Option(f"-{letter}", None, None, word))
    return made, 0
