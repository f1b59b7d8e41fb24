"""What each RUN of a single-stage recipe is for: the operating system's packages, Python's, a build, or the service.

A RUN whose commands all run plainly one after another is cut into parts; any other RUN is one part as a whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from jettison.dockerfile.shell.record import Command
from jettison.dockerfile.tools.calls import call_of
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Site

Kind = Literal["os", "os-whole", "python", "build", "files", "clean", "other"]

_MANAGERS = ("apt", "apk", "dnf", "zypper")
_PYTHON = ("pip", "pip-sync", "uv", "poetry", "pipenv", "pdm", "conda", "conda-build-tools")
_BUILDS = ("make", "cmake", "nvcc", "gcc", "cargo", "setup.py")
_FILES = ("useradd", "adduser", "groupadd", "usermod", "chmod", "chown", "mkdir", "ln", "rm", "echo", "cp", "mv")
_SETTINGS = ("set", "export", "cd")
_CACHES = (  # inside the image
    "/var/lib/apt/lists",
    "/var/cache/",
    "/root/.cache",
    "~/.cache",
    "/tmp/",  # noqa: S108 -- a name inside images
    "/var/tmp/",  # noqa: S108 -- as above
    "/usr/share/doc",
    "/usr/share/man",
)
_PYTHON_MODULES = ("spacy",)  # python -m spacy download installs by pip


@dataclass(frozen=True, slots=True)
class Part:
    """Commands of one RUN that are for the same thing.

    Attributes:
        kind: ``os``: packages installed, plainly; ``os-whole``: packages installed among other things, not to be cut;
            ``python``: distributions installed; ``build``: something compiled; ``files``: users, folders, modes;
            ``clean``: caches removed; ``other``.
        site: the RUN.
        commands: in order; empty for a RUN taken as a whole.
        calls: those of known tools.
        whole: whether it is the whole RUN.
    """

    kind: Kind
    site: Site
    commands: tuple[Command, ...]
    calls: tuple[Call, ...]
    whole: bool


def parts_of(site: Site) -> tuple[Part, ...]:
    """Return the parts of a RUN."""
    script = site.script
    if script is None or script.opaque or not script.commands:
        return (Part(_kind_of_whole(site), site, (), site.calls, whole=True),)
    kinds = [_kind(command) for command in script.commands]
    cuttable = all(command.plain for command in script.commands) and not any(
        command.name in _SETTINGS for command in script.commands
    )
    if len({kind for kind in kinds if kind != "clean"}) <= 1 and cuttable:
        kind: Kind = next((kind for kind in kinds if kind != "clean"), "clean")
        return (Part(kind, site, script.commands, site.calls, whole=True),)
    if not cuttable:
        return (Part(_kind_of_whole(site), site, (), site.calls, whole=True),)
    return tuple(_cut(site, script.commands))


def _cut(site: Site, commands: tuple[Command, ...]) -> Iterator[Part]:
    for kind, group in groupby(commands, _kind):
        members = tuple(group)
        calls = tuple(call for command in members if (call := call_of(command)))
        yield Part(kind, site, members, calls, whole=False)


def _kind(command: Command) -> Kind:
    """Return what one command is for."""
    call = call_of(command)
    if call is None:
        cache = command.name == "find" and command.words[1:2] and _is_cache(command.words[1].text)
        return "clean" if cache else "other"
    if call.tool in (*_MANAGERS, *_PYTHON):
        return _kind_of_install(call)
    if call.tool in _BUILDS:
        return "build"
    if call.tool == "python" and _module(call) in _PYTHON_MODULES:
        return "python"
    if call.tool == "rm" and call.operands and all(_is_cache(word.text) for word in call.operands):
        return "clean"
    return "files" if call.tool in _FILES and not command.redirects else "other"


def _kind_of_install(call: Call) -> Kind:
    if call.action in ("clean", "autoclean", "autoremove", "cache"):
        return "clean"
    return "os" if call.tool in _MANAGERS else "python"


def _module(call: Call) -> str | None:
    option = call.option("-m")
    return option.text if option else None


def _is_cache(path: str) -> bool:
    return path.strip("'\"").startswith(_CACHES)


def _kind_of_whole(site: Site) -> Kind:
    """Return what a RUN that is not cut is for: the heaviest thing in it."""
    tools = {call.tool for call in site.calls if call.action not in ("clean", "autoclean", "cache", "update")}
    if tools & set(_BUILDS):
        return "build"
    if tools & set(_PYTHON):
        return "python"
    if tools & set(_MANAGERS):
        return "os-whole"
    if site.script is not None and not site.script.opaque and site.script.commands:
        kinds = {_kind(command) for command in site.script.commands if command.name not in _SETTINGS}
        if kinds <= {"files", "clean"}:
            return "files"
    return "other"
