"""Which Python interpreter a stage has, and which environments are made with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.bases import Base
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import base_at, folder_at, joined
from jettison.rules.dockerfile.stored import environment_made

_OF_SYSTEM = {
    r"bullseye|debian:?11": "3.9",
    r"bookworm|debian:?12": "3.11",
    r"trixie|debian:?13": "3.13",
    r"focal|20\.04": "3.8",
    r"jammy|22\.04": "3.10",
    r"noble|24\.04": "3.12",
}
"""Part of an image's name → Python's minor version in that release of Debian or Ubuntu."""
_SYSTEMS = frozenset(("debian", "ubuntu", "cuda"))


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter of a stage.

    Attributes:
        path: its absolute path without a version behind it (``/usr/local/bin/python``); ``""``: there is none.
        minor: ``3.11``; None: not known.
        musl: whether it is linked with musl (Alpine).
    """

    path: str
    minor: str | None
    musl: bool = False


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that a stage makes.

    Attributes:
        path: absolute.
        site: the RUN that makes it.
        interpreter: what it is made with.
        movable: whether it is made to be moved (``uv venv --relocatable``).
    """

    path: str
    site: Site
    interpreter: Interpreter
    movable: bool


def minor_of(base: Base) -> str | None:
    """Return the minor version of a base image's Python, by its name; None: not known, or there is none."""
    if base.family == "python":
        match = re.match(r"3\.\d+", base.tag)
        return match[0] if match else None
    name = f"{base.repository}:{base.tag}"
    if base.family == "distroless" and "python" not in name:
        return None
    flat = name.replace("debian12", "debian:12").replace("debian11", "debian:11").replace("debian13", "debian:13")
    return next((minor for pattern, minor in _OF_SYSTEM.items() if re.search(pattern, flat)), None)


def interpreter_of(case: Case, stage: int) -> Interpreter | None:
    """Return a stage's interpreter; None when it is not known, or there may be several."""
    base = base_at(case, stage)
    if base is None or _brings_own(case, stage):
        return None
    if base.family == "python":
        return Interpreter("/usr/local/bin/python", minor_of(base), "alpine" in base.tag)
    if base.family == "distroless":
        return Interpreter("/usr/bin/python" if base.python else "", minor_of(base))
    if base.family not in _SYSTEMS or base.manager != "apt":
        return None
    packages = _packages(case, stage)
    if any(re.fullmatch(r"python3\.\d+(?:-\w+)*|software-properties-common|.*miniconda.*", name) for name in packages):
        return None
    has = any(name.startswith("python3") or name == "python-is-python3" for name in packages)
    return Interpreter("/usr/bin/python" if has else "", minor_of(base))


def _packages(case: Case, stage: int) -> list[str]:
    stages = {each.index for each in case.scopes.lineage(stage)}
    return [
        (word.value or word.text).partition("=")[0]
        for site, call in case.calls("apt", "install")
        if site.stage in stages
        for word in call.operands
    ]


def _brings_own(case: Case, stage: int) -> bool:
    """Whether a stage may get an interpreter from elsewhere: copied, linked, built, or installed by uv or conda."""
    stages = {each.index for each in case.scopes.lineage(stage)}
    for site in case.sites:
        if site.stage not in stages:
            continue
        text = case.recipe.text[site.instruction.span[0] : site.instruction.span[1]]
        if site.instruction.name in ("COPY", "ADD") and _brings(site):
            return True
        if re.search(
            r"uv python|UV_PYTHON(?!_DOWNLOADS|_PREFERENCE)|conda|pyenv|ln -s\S* \S*python|"
            r"update-alternatives|altinstall|Python-3",
            text,
        ):
            return True
    return False


def _brings(site: Site) -> bool:
    origin = site.instruction.flag("from")
    sources = [word.text.rstrip("/") for word in site.instruction.words[:-1]]
    return origin is not None and any(
        source in ("", "/usr", "/usr/local", "/usr/local/bin", "/usr/local/lib")
        or re.search(r"bin/python|/uv/python|conda|^/python", source)
        for source in sources
    )


def environments(case: Case, stage: int) -> Iterator[Environment]:
    """Give the virtual environments that a stage makes with its own interpreter."""
    interpreter = interpreter_of(case, stage)
    if interpreter is None or not interpreter.path:
        return
    stages = {each.index for each in case.scopes.lineage(stage)}
    for site in case.sites:
        if site.stage in stages and site.instruction.name == "RUN":
            for call in site.calls:
                path = environment_made(case, site, call) or _by_uv(case, site, call)
                if path and _own(call):
                    yield Environment(path, site, interpreter, call.has("--relocatable"))


def _by_uv(case: Case, site: Site, call: Call) -> str | None:
    """Return the environment of a project that ``uv sync`` or ``uv venv`` makes."""
    if call.tool != "uv" or call.group or call.action not in ("sync", "venv") or call.operands:
        return None
    named = site.state.variables.get("UV_PROJECT_ENVIRONMENT" if call.action == "sync" else "")
    folder = folder_at(case, site, call.command)
    return joined(folder, named.value) if named else joined(folder, ".venv")


def _own(call: Call) -> bool:
    """Whether the interpreter is not named by a version or a path of its own."""
    if call.has("--python", "-p"):
        return False
    program: ShellWord = call.command.words[0]
    return not re.search(r"python3\.\d", program.text)
