"""What a command line starts: the program behind its wrappers, the module or file it runs, where it listens."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jettison.dockerfile.project.launchers import BY_NAME, MODULES, RUNNERS, WRAPPERS, Launcher
from jettison.regex import regex

MAX_WORDS = 500
MAX_TEXT = 20_000
_VARIABLE = regex(r"\$(?:\{(\w+)(?::?-([^{}]*))?\}|(\w+))")
_PYTHON = regex(r"(?:python|pypy)(?:\d(?:\.\d+)?)?\Z")
_PYTHON_VALUES = frozenset({"-X", "-W", "--check-hash-based-pycs"})
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_APP = regex(r"[A-Za-z_][\w.]*(?::[A-Za-z_][\w.]*(?:\(.*\))?)?\Z")
_PASS_ON = frozenset({"torchrun", "accelerate", "deepspeed"})
_OPERATORS = frozenset({"&&", "||", ";", "|", "&", "\n", ";;"})
_CONTROL = frozenset({"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac", "{", "}", "!"})
_NOT_STARTED = """
set cd source . echo printf true : umask ulimit trap wait exit read local shift return break continue declare readonly
unset shopt [ [[ test for case select in ( ) sleep mkdir chmod chown
"""
_PASSED_OVER = frozenset(_NOT_STARTED.split())
_OPAQUE = regex(r"`|\$\(|<<|<\(|>\(|\beval\b|\bfunction\b|\(\)\s*\{")


@dataclass(frozen=True, slots=True)
class Started:
    """What one command starts.

    Attributes:
        words: the command behind its wrappers.
        wrappers: names of what stood before it (``tini``, ``uv run``).
        framework: name of a launcher, ``python``, ``sh``, or the command's own name.
        module: dotted module that is run or holds the application; "" for none.
        attribute: of the module (``app``); "" for none.
        file: script, as written; "" for none.
        code: of ``python -c`` or ``sh -c``.
        port: where it listens as the words or the launcher's own habit say; 0 when that is unknown.
        health: paths that the launcher answers by itself.
        passes_on: whether it is a script's ``"$@"``: the next words (CMD) are what runs.
        reason: why no more can be told; "" when all of it was understood.
    """

    words: tuple[str, ...]
    wrappers: tuple[str, ...] = ()
    framework: str = ""
    module: str = ""
    attribute: str = ""
    file: str = ""
    code: str = ""
    port: int = 0
    health: tuple[str, ...] = ()
    passes_on: bool = False
    reason: str = ""


def expanded(text: str, env: Mapping[str, str]) -> str:
    """Return a text with ``$A``, ``${A}`` and ``${A:-b}`` replaced where the value is known."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        return env.get(name) or (match[2] if match[2] is not None else match[0])

    return _VARIABLE.sub(value, text)


def started(words: Sequence[str], env: Mapping[str, str] | None = None) -> Started:
    """Return what a list of words starts (the exec form of CMD and ENTRYPOINT; nothing is expanded but ports).

    Args:
        words: the command and its arguments.
        env: variables that are known, for ports.
    """
    left, wrappers = _unwrapped(list(words[:MAX_WORDS]))
    if not left:
        return Started((), tuple(wrappers), reason="nothing is started")
    found = _program(left, env or {})
    return replace(found, wrappers=(*wrappers, *found.wrappers))


def started_by_shell(text: str, env: Mapping[str, str] | None = None) -> tuple[Started, ...]:
    """Return what a line or script for the shell starts: each simple command, the last one being what stays.

    Args:
        text: the line or script.
        env: variables that are known; the script's own plain assignments are added.
    """
    known, found = dict(env or {}), list[Started]()
    if len(text) > MAX_TEXT or _OPAQUE.search(_plain(text)):
        return (Started((), framework="sh", code=text[:MAX_TEXT], reason="the shell code is not simple"),)
    try:
        commands = _commands(text)
    except ValueError:
        return (Started((), framework="sh", code=text, reason="a quote is not closed"),)
    for words in commands:
        while words and (match := re.match(r"([A-Za-z_]\w*)=(.*)\Z", words[0], re.DOTALL)):
            known[match[1]] = expanded(match[2], known)
            words.pop(0)
        if words[:1] == ["export"]:
            known.update((word.partition("=")[0], word.partition("=")[2]) for word in words[1:] if "=" in word)
            continue
        if not words or words[0] in _PASSED_OVER:
            continue
        found.append(_one_by_shell([expanded(word, known) for word in words], known))
    return tuple(found)


def _one_by_shell(words: list[str], env: Mapping[str, str]) -> Started:
    rest = words[1:] if words[0] == "exec" else words
    if rest[:1] in (["$@"], ["${@}"], ["$*"]):
        return Started(tuple(words), passes_on=True)
    return started(words, env)


def _plain(text: str) -> str:
    """Return a script without comments and the first line's ``#!``."""
    return re.sub(r"(?:^|(?<=\s))#.*$", "", text, flags=re.MULTILINE)


def _commands(text: str) -> list[list[str]]:
    lexer = shlex.shlex(_plain(text).replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    redirected = False
    for word in lexer:
        if word in _OPERATORS or set(word) <= set(";&|"):
            commands.append([])
        elif set(word) <= set("<>&|"):
            redirected = True
        elif redirected:
            redirected = False
        elif not (word in _CONTROL and not commands[-1]):
            commands[-1].append(word)
    return [words for words in commands if words]


# --- wrappers ---------------------------------------------------------------------------------------------------------


def _unwrapped(words: list[str]) -> tuple[list[str], list[str]]:
    wrappers = list[str]()
    while words:
        name = os.path.basename(words[0])
        if name in WRAPPERS:
            flags, own = WRAPPERS[name]
            words = _behind(words[1:], flags, own)
        elif name in RUNNERS and "run" in words[1:4]:
            words = _behind(words[words.index("run") + 1 :], RUNNERS[name], 0)
            name += " run"
        else:
            break
        wrappers.append(name)
    return words, wrappers


def _behind(words: list[str], flags: frozenset[str], own: int) -> list[str]:
    """Return the words behind options, variables for ``env``, and some words of the wrapper's own."""
    while words:
        word = words[0]
        if word == "--":
            return words[1:] if not own else words[1 + own :]
        if word.startswith("-"):
            words = words[1:] if word in flags or "=" in word else words[2:]
        elif re.match(r"[A-Za-z_]\w*=", word):
            words = words[1:]
        elif own:
            words, own = words[1:], own - 1
        else:
            break
    return words


# --- programs ---------------------------------------------------------------------------------------------------------


def _program(words: list[str], env: Mapping[str, str]) -> Started:
    name = os.path.basename(words[0])
    whole = Started(tuple(words), framework=name)
    if _PYTHON.match(name):
        return _python(words, whole, env)
    if name in _SHELLS:
        return _shell(words, whole, env)
    if name in BY_NAME:
        return _launched(BY_NAME[name], words[1:], whole, env)
    if name.endswith((".py", ".pyw")):
        return replace(whole, framework="python", file=words[0], port=_port_of_django(words, env))
    if name.endswith((".sh", ".bash")) or "entrypoint" in name:
        return replace(whole, framework="sh", file=words[0])
    return whole


def _python(words: list[str], whole: Started, env: Mapping[str, str]) -> Started:
    place = 1
    while place < len(words):
        word = words[place]
        if word == "-m" or re.match(r"-[A-Za-z]*m\Z", word):
            return _module(words[place + 1 :], whole, env)
        if word == "-c":
            return replace(whole, framework="python", code=" ".join(words[place + 1 : place + 2]))
        if not word.startswith("-"):
            port = _port_of_django(words[place:], env)
            return replace(whole, framework="django" if port else "python", file=word, port=port)
        place += 2 if word in _PYTHON_VALUES else 1
    return replace(whole, framework="python", reason="an interactive interpreter is started")


def _port_of_django(words: list[str], env: Mapping[str, str]) -> int:
    if os.path.basename(words[0]) != "manage.py" or "runserver" not in words:
        return 0
    behind = [word for word in words[words.index("runserver") + 1 :] if not word.startswith("-")]
    return _port(behind[0], env) if behind else 8000


def _module(words: list[str], whole: Started, env: Mapping[str, str]) -> Started:
    if not words:
        return replace(whole, framework="python", reason="-m lacks its module")
    launcher = BY_NAME.get(MODULES.get(words[0], words[0]))
    if launcher is None:
        return replace(whole, framework="python", module=words[0])
    found = _launched(launcher, words[1:], whole, env)
    return found if found.module or found.file else replace(found, module=words[0] if "." in words[0] else "")


def _shell(words: list[str], whole: Started, env: Mapping[str, str]) -> Started:
    for place, word in enumerate(words[1:], 1):
        if re.match(r"-[a-z]*c[a-z]*\Z", word):
            code = words[place + 1] if place + 1 < len(words) else ""
            inner = started_by_shell(code, env)
            if not inner:
                return replace(whole, framework="sh", code=code, reason="nothing is started")
            last = inner[-1]
            return replace(last, wrappers=(f"{whole.framework} -c", *last.wrappers), code=last.code or code)
        if not word.startswith(("-", "+")):
            return replace(whole, framework="sh", file=word)
    return replace(whole, framework="sh", reason="an interactive shell is started")


def _launched(launcher: Launcher, words: list[str], whole: Started, env: Mapping[str, str]) -> Started:
    options, others = _sorted(launcher, words)
    said = [options[name] for name in launcher.ports if name in options]
    hidden = launcher.name == "gunicorn" and ("-c" in options or "--config" in options)  # its file may say another
    port = _port(said[0], env) if said else 0 if hidden else launcher.port
    found = replace(whole, framework=launcher.name, port=port, health=launcher.health)
    if others and others[0] in launcher.skip:
        others = others[1:]
    named = next((options[name] for name in launcher.app if name in options), "")
    if not named and launcher.takes and others:
        named = others[0]
    if launcher.takes == "file" and not launcher.app:
        as_module = any(word in {"-m", "--module"} for word in words)
        return replace(found, module=named) if as_module else replace(found, file=named)
    return _application(found, named, is_file=launcher.takes == "file")


def _application(found: Started, named: str, *, is_file: bool) -> Started:
    if is_file or named.endswith(".py"):
        return replace(found, file=named)
    if not named:
        return found
    if not _APP.match(named):
        return replace(found, reason=f"no application that can be told: {named[:80]}")
    module, _, attribute = named.partition(":")
    return replace(found, module=module, attribute=attribute)


def _sorted(launcher: Launcher, words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options with their values, and the other words up to what the script itself gets."""
    options, others, place = dict[str, str](), list[str](), 0
    while place < len(words):
        word = words[place]
        place += 1
        if not word.startswith("-") or word == "-":
            others.append(word)
            if launcher.name in _PASS_ON and word not in launcher.skip:
                break  # what follows is the script's
        elif "=" in word:
            name, _, value = word.partition("=")
            options[name] = value
        elif word in launcher.flags:
            options[word] = ""
        elif place < len(words):
            options[word] = words[place]
            place += 1
    return options, others


def _port(text: str, env: Mapping[str, str]) -> int:
    match = re.search(r"(?:^|:)(\d{1,5})\Z", expanded(text, env).strip())
    return int(match[1]) if match and 0 < int(match[1]) < 65536 else 0  # noqa: PLR2004 -- TCP's
