"""What a recipe installs for Python: the requirements of pip, uv, conda and the like, each with its place."""

import functools
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.utils import canonicalize_name

from jettison.dockerfile.project.dependencies import Dependencies
from jettison.dockerfile.scope import State
from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.around import asks, in_context
from jettison.rules.dockerfile.case import Case, Site

_REQUIREMENT = regex(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?P<rest>(?:===?|[<>!~]=?|@|;).*)?$",
    re.DOTALL,
)
_CONDA = regex(r"(?:[\w./-]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)(?P<rest>[=<>! ].*)?$", re.DOTALL)
_VARIABLE = regex(r"\$(?:\{(\w+)\}|(\w+))")
_LOCAL = regex(r"==\s*[\w.!]+\+([\w.]+)")
_PATH = regex(r"(?:\.{1,2}(?:/|$|\[)|/|~)|.*\.(?:whl|tar\.gz|zip)(?:\[|$)|file:")
_ADDRESS = regex(r"(?:[a-z][a-z0-9+.-]*://|git\+|git@)", re.IGNORECASE)

_FILE_OPTIONS = ("-r", "--requirement", "-c", "--constraint", "-f", "--file", "-e", "--editable")
_OPEN = regex(r"python|implementation|extra")
_LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One requirement.

    Attributes:
        name: normalised; empty when it is not known.
        specifier: versions as written (``==2.1.0``; ``=3.10`` of conda); variables replaced where they are known.
        extras: as written, in lower case.
        local: the local version that is pinned (``cu121`` of ``==2.1.0+cu121``).
        text: as written, variables replaced where they are known, without quotes.
        word: its place in the RUN; None when it stands in a file.
        file: the file of the context it stands in; empty when it stands in the RUN.
        line: its line there.
    """

    name: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    local: str = ""
    text: str = ""
    word: ShellWord | None = None
    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """The file and line it stands in, for messages; empty for a word of the recipe."""
        return f" ({self.file}{f':{self.line}' if self.line else ''})" if self.file else ""

    @property
    def version(self) -> tuple[int, ...]:
        """The version that ``==`` or conda's ``=`` asks for, its numbers; empty when none is pinned."""
        found = re.match(r"={1,3}\s*v?(\d+(?:\.\d+)*)", self.specifier)
        return tuple(int(part) for part in found[1].split(".")) if found else ()


@dataclass(frozen=True, slots=True)
class PythonInstall:
    """One call that installs Python packages.

    Attributes:
        site: where it stands.
        call: the call.
        tool: ``pip``, ``uv`` (``uv pip install``, ``uv add``), ``conda``, or ``project`` (poetry, pipenv, pdm,
            ``uv sync``: what the project's own files ask for).
        asked: what is asked for by name.
        files: requirement or environment files (``-r``, ``-f`` of conda), as written with variables replaced; None
            for one that is not known.
        constraints: the same for ``-c``.
        local: paths that are installed: ``.``, wheels, ``-e``.
        complete: whether ``asked`` is all that is asked for.
        index: what ``--index-url`` says; empty: the default one; None: not known.
        extra: what ``--extra-index-url`` and ``--find-links`` say, as written.
    """

    site: Site
    call: Call
    tool: str
    asked: tuple[Asked, ...]
    files: tuple[str | None, ...]
    constraints: tuple[str | None, ...]
    local: tuple[str, ...]
    complete: bool
    index: str | None
    extra: tuple[str, ...]


def is_open(install: PythonInstall) -> bool:
    """Return whether a build argument decides which files are read, or what is installed: versions apart."""
    state = install.site.state
    files = (each.value for each in install.call.options if each.value and each.name in _FILE_OPTIONS)
    named = (word for word in install.call.operands if word.text.lstrip("\"'").startswith("$"))
    return any(state.is_open(word.text) for word in (*files, *named))


@functools.lru_cache(maxsize=2)
def python_installs(case: Case) -> tuple[PythonInstall, ...]:
    """Return the calls in RUN instructions that install Python packages, in order."""
    return tuple(_installs(case))


def _installs(case: Case) -> Iterator[PythonInstall]:
    for site in case.named("RUN"):
        for call in site.calls:
            if call.tool == "pip" and call.action == "install":
                yield _pip(case, site, call, "pip")
            elif call.tool == "pip-sync":
                yield _pip_sync(case, site, call)
            elif call.tool == "uv" and (call.action == "add" or (call.group == "pip" and call.action == "install")):
                yield _pip(case, site, call, "uv")
            elif call.tool == "conda" and call.action in ("create", "update") and call.has("-f", "--file"):
                yield from _from_environment(case, site, call)
            elif call.tool == "conda" and call.action in ("install", "create", "update"):
                yield _conda(site, call)
            elif _of_project(call):
                asked = _own(case, site, (".",))
                yield PythonInstall(site, call, "project", asked, (), (), (), complete=False, index="", extra=())


def _of_project(call: Call) -> bool:
    """Whether a call installs what the project's own files ask for."""
    if call.tool == "uv":
        return (call.action, call.group) == ("sync", "")
    names = {"poetry": ("install", "sync"), "pipenv": ("install", "sync"), "pdm": ("install", "sync")}
    return call.action in names.get(call.tool, ())


def _pip(case: Case, site: Site, call: Call, tool: str) -> PythonInstall:
    asked: list[Asked] = []
    local = [text for text in call.values("-e", "--editable") if text]
    for word in call.operands:
        text = known_text(word, site.state)
        if _PATH.match(text):
            local.append(text)
        elif applies(text.partition(";")[2]):
            asked.append(asked_of(text, word))
    files = _files(site, call, "-r", "--requirement")
    listed, whole = _listed(case, site, files)
    complete = whole and not local and all(each.name for each in asked)
    index = call.option("-i", "--index-url", "--default-index", "--index")
    extra = tuple(
        known_text(each.value, site.state)
        for each in call.options
        if each.name in ("--extra-index-url", "--find-links", "-f") and each.value
    )
    return PythonInstall(
        site,
        call,
        tool,
        (*asked, *listed, *_own(case, site, local)),
        files,
        _files(site, call, "-c", "--constraint"),
        tuple(local),
        complete,
        _index(site, call) if index is None else _option_text(index.value, index.text, site.state),
        tuple(_behind_equals(text) for text in extra),
    )


def _behind_equals(text: str) -> str:
    return text.partition("=")[2] if text.startswith("--") else text


def _pip_sync(case: Case, site: Site, call: Call) -> PythonInstall:
    """Return what pip-sync installs: exactly what its files name; without a file, ``requirements.txt``."""
    named = tuple(_option_text(word, word.value, site.state) for word in call.operands)
    files = named or ("requirements.txt",)
    listed, whole = _listed(case, site, files)
    return PythonInstall(site, call, "pip", listed, files, (), (), whole, _index(site, call), ())


def _option_text(word: ShellWord | None, text: str | None, state: State) -> str | None:
    if text is not None:
        return text
    made = _behind_equals(known_text(word, state)) if word else ""
    return None if not made or "$" in made else made


def _index(site: Site, call: Call) -> str | None:
    """Return the index that the environment names for a call without ``--index-url``."""
    names = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
    for assignment in call.command.assignments:
        if assignment.name in names:
            return assignment.value
    for name in names:
        if variable := site.state.variables.get(name):
            return variable.value
    return ""


def _conda(site: Site, call: Call) -> PythonInstall:
    asked = [conda_asked(known_text(word, site.state), word) for word in call.operands]
    files = _files(site, call, "-f", "--file")
    whole = not files and all(each.name for each in asked)
    return PythonInstall(site, call, "conda", tuple(asked), files, (), (), whole, "", ())


def _files(site: Site, call: Call, *names: str) -> tuple[str | None, ...]:
    return tuple(_option_text(each.value, each.text, site.state) for each in call.options if each.name in names)


def known_text(word: ShellWord, state: State) -> str:
    """Return a word as its command sees it, as far as that is known: variables that are not stay as written."""
    if word.value is not None:
        return word.value

    def value(match: re.Match[str]) -> str:
        found = state.variables.get(match[1] or match[2])
        return found.value if found and found.value is not None else match[0]

    return _VARIABLE.sub(value, word.text.replace('"', "").replace("'", ""))


def conda_asked(text: str, word: ShellWord | None = None) -> Asked:
    """Read a requirement as conda has it (``channel::name=version``)."""
    match = _CONDA.match(text)
    if not match:
        return Asked("", text=text, word=word)
    return Asked(canonicalize_name(match["name"]), match["rest"] or "", text=text, word=word)


def asked_of(text: str, word: ShellWord | None = None, file: str = "", line: int = 0) -> Asked:
    """Read a requirement as pip's command line has it; of what is not understood the name is empty."""
    if _ADDRESS.match(text):
        egg = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", text)
        last = re.search(r"/([A-Za-z0-9._-]+?)(?:\.git)?(?:@[^/]*)?(?:#.*)?$", text)
        named = egg or (last if text.startswith("git") else None)
        return Asked(canonicalize_name(named[1]) if named else "", "", (), "", text, word, file, line)
    text = text.partition(";")[0].strip()
    match = _REQUIREMENT.match(text)
    if not match:
        name = re.match(r"([A-Za-z0-9][A-Za-z0-9_-]*)(?=[\[=<>~!])", text)
        return Asked(canonicalize_name(name[1]) if name else "", "", (), "", text, word, file, line)
    extras = tuple(sorted(each.strip().lower() for each in (match["extras"] or "").split(",") if each.strip()))
    specifier = (match["rest"] or "").strip()
    local = _LOCAL.match(specifier)
    return Asked(canonicalize_name(match["name"]), specifier, extras, local[1] if local else "", text, word, file, line)


def _listed(case: Case, site: Site, files: tuple[str | None, ...]) -> tuple[tuple[Asked, ...], bool]:
    """Return what requirement files of the context ask for, and whether that is all of it."""
    found: list[Asked] = []
    whole = True
    for file in files:
        path = in_context(case, site, file) if file else None
        if path is None:
            whole = False
            continue
        asked = asks(case, path, "requirements")
        whole = whole and not asked.skips
        found += _asked_by(asked)
    return tuple(found), whole and all(each.name for each in found)


def _asked_by(found: Dependencies) -> Iterator[Asked]:
    """Give what a file asks for in any case."""
    for group in found.groups:
        if group.kind == "main":
            for wanted in group.wanted:
                if applies(wanted.marker):
                    made = asked_of(wanted.text, None, found.path, wanted.line)
                    yield made if made.name else replace(made, name=wanted.name)


def applies(marker: str) -> bool:
    """Whether a requirement's marker may hold on x86-64 Linux; one that asks for more than the platform may."""
    if not marker.strip() or _OPEN.search(marker):
        return True
    try:
        return Marker(marker).evaluate(_LINUX)
    except (InvalidMarker, UndefinedEnvironmentName, UndefinedComparison):
        return True


def _own(case: Case, site: Site, paths: Iterable[str]) -> tuple[Asked, ...]:
    """Return what the projects at these paths depend on, as their pyproject.toml says."""
    found: list[Asked] = []
    for path in paths:
        folder = path.partition("[")[0].rstrip("/")
        manifest = in_context(case, site, posixpath.join(folder or ".", "pyproject.toml"))
        if manifest:
            found += _asked_by(asks(case, manifest, "pyproject"))
    return tuple(found)


def _from_environment(case: Case, site: Site, call: Call) -> Iterator[PythonInstall]:
    """Give what a conda environment file asks for: by conda, and by pip."""
    files = _files(site, call, "-f", "--file")
    by_conda: list[Asked] = []
    by_pip: list[Asked] = []
    for file in files:
        path = in_context(case, site, file) if file else None
        if path is None:
            continue
        for group in asks(case, path, "conda").groups:
            for wanted in group.wanted:
                is_conda = wanted.source == "conda"
                made = conda_asked(wanted.text) if is_conda else asked_of(wanted.text)
                (by_conda if is_conda else by_pip).append(replace(made, file=path, line=wanted.line))
    yield PythonInstall(site, call, "conda", tuple(by_conda), files, (), (), complete=False, index="", extra=())
    if by_pip:
        yield PythonInstall(site, call, "pip", tuple(by_pip), files, (), (), complete=False, index="", extra=())
