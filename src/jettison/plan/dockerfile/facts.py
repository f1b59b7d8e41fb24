"""What the files around a recipe say of the service that it makes."""

import posixpath
from collections.abc import Iterator

from jettison.dockerfile.project.dependencies import normal
from jettison.dockerfile.project.entry import Entry, Placed, Where, health_routes, ports, reached
from jettison.dockerfile.project.facts import Code
from jettison.dockerfile.project.needs import gpu_use, jit_needs, system_needs
from jettison.dockerfile.project.read import Project, code_of, dependencies_of, entry_of
from jettison.plan.dockerfile.rewrite_record import Facts
from jettison.rules.dockerfile.around import asks, in_context
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.python_installs import PythonInstall, is_open, python_installs

_LOCKS = {
    "poetry": ("poetry.lock", "pyproject.toml"),
    "uv": ("uv.lock", "pyproject.toml"),
    "pdm": ("pdm.lock", "pyproject.toml"),
    "pipenv": ("Pipfile.lock", "Pipfile"),
}
_COMPILED = (".c", ".cc", ".cpp", ".cu", ".pyx", ".rs", ".f", ".f90", ".cxx")
_COMPILES = frozenset(["c-compiler", "c++-compiler", "python-headers", "cuda-compiler", "ninja"])


def facts_of(case: Case) -> Facts:
    """Return what is known of the service; without a context that is what the recipe itself says."""
    project = case.project
    names = _requirements(case)
    if project is None or not project.root:
        return Facts(requirements=names, port=_exposed(case))
    entry = entry_of(project, _command(case), where=_where(case))
    code = code_of(project)
    mine = Code(reached(code, entry.files)) if entry.files else code
    return Facts(
        requirements=names,
        programs=frozenset(need.name for need in system_needs(mine)),
        compiles=tuple(_compiles(mine)),
        port=next(iter(ports(code, entry)), 0) or _exposed(case),
        health=_health(code, entry),
        weights=tuple((each.path, each.size) for each in project.context.entries.values() if each.flag == "weights"),
        gpu={"required": "required", "optional": "optional"}.get(gpu_use(mine).verdict, "none"),
    )


def service_of(case: Case) -> Entry | None:
    """Return what the container starts, and the files of the context that this leads to; None without a context."""
    if case.project is None or not case.project.root:
        return None
    return entry_of(case.project, _command(case), where=_where(case))


def _compiles(code: Code) -> Iterator[str]:
    for need in jit_needs(code):
        if _COMPILES & set(need.needs) and any(each.guard != "try" for each in need.evidence):
            place = need.evidence[0].place
            yield f"{need.name} compiles at run time ({place.path}:{place.line})"


def _health(code: Code, entry: Entry) -> str:
    found = health_routes(code, entry) if entry.files else ()
    return found[0].path if found else ""


def _exposed(case: Case) -> int:
    numbers = [word.partition("/")[0] for site in case.named("EXPOSE") for word in site.instruction.args]
    return int(numbers[0]) if len(numbers) == 1 and numbers[0].isdecimal() and len(numbers[0]) <= 5 else 0  # noqa: PLR2004


def _command(case: Case) -> tuple[str, ...]:
    """Return what the container runs: ENTRYPOINT and CMD together; shell forms as a shell is given them."""
    found: dict[str, tuple[str, ...]] = {}
    for site in case.named("ENTRYPOINT", "CMD"):
        instruction = site.instruction
        words = instruction.args if instruction.json else (*site.state.shell, *instruction.args)
        found[instruction.name] = words
    return (*found.get("ENTRYPOINT", ()), *found.get("CMD", ()))


def _where(case: Case) -> Where:
    """Return how paths of the image lead into the context."""
    placed: list[Placed] = []
    for site in case.named("COPY", "ADD"):
        instruction = site.instruction
        if instruction.flag("from") or len(instruction.args) < 2:  # noqa: PLR2004 -- COPY source destination
            continue
        to = posixpath.normpath(posixpath.join(site.state.workdir or "/", instruction.args[-1]))
        for source in instruction.args[:-1]:
            inside = posixpath.normpath(source).strip("/")
            folder = inside == "." or not posixpath.splitext(inside)[1]
            place = (
                to
                if folder or not instruction.args[-1].endswith("/")
                else posixpath.join(to, posixpath.basename(inside))
            )
            placed.append(Placed(place, "" if inside == "." else inside))
    workdir = case.final.end.workdir if case.final else None
    return Where(workdir=workdir or "/", placed=tuple(placed))


def _requirements(case: Case) -> frozenset[str] | None:
    """Return the names of all distributions that the recipe installs; None when some are not known."""
    found: set[str] = set()
    for install in python_installs(case):
        if install.tool == "project":
            names = _locked(case.project, install.call.tool)
        else:
            known = (install.complete or _is_own(case, install)) and not any(
                "://" in each.text for each in install.asked
            )
            names = {each.name for each in install.asked} if known else None
        if names is None or "" in names or install.tool == "conda" or is_open(install):
            return None
        found |= names
    return frozenset(found)


def _is_own(case: Case, install: PythonInstall) -> bool:
    """Whether all that is not known of an install is the project itself, in Python alone, which says its needs."""
    project = case.project
    if project is None or not project.root or any(path.rstrip("/") != "." for path in install.local):
        return False
    if not install.local or not all(each.name for each in install.asked):
        return False
    said = [path for path, kind in project.manifests if kind == "pyproject" and path == "pyproject.toml"]
    sources = (path for path, entry in project.context.entries.items() if not entry.ignored)
    compiled = any(path.endswith(_COMPILED) for path in sources)
    return bool(said) and not compiled and all(_is_listed(case, install, file) for file in install.files)


def _is_listed(case: Case, install: PythonInstall, file: str | None) -> bool:
    path = in_context(case, install.site, file) if file else None
    return path is not None and not asks(case, path, "requirements").skips


def _locked(project: Project | None, tool: str) -> set[str] | None:
    if project is None or not project.root:
        return None
    there = {path for path, _ in project.manifests}
    for path in _LOCKS[tool]:
        if path in there:
            read = dependencies_of(project, path)
            names = {normal(each.name) for each in read.locked}
            names |= {each.name for group in read.groups if group.kind == "main" for each in group.wanted if each.name}
            if names:
                return names
    return None
