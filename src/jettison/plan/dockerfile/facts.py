"""What the files around a recipe say of the service that it makes."""

import posixpath
from collections.abc import Iterator

from jettison.dockerfile.project.dependencies import normal, wanted
from jettison.dockerfile.project.entry import Entry, Placed, Where, health_routes, ports, reached
from jettison.dockerfile.project.facts import Code
from jettison.dockerfile.project.needs import gpu_use, jit_needs, system_needs
from jettison.dockerfile.project.read import Project, code_of, dependencies_of, entry_of
from jettison.dockerfile.project.requirements import read_requirements
from jettison.dockerfile.tools.record import Call
from jettison.plan.dockerfile.rewrite_record import Facts
from jettison.rules.dockerfile.case import Case, Site

_LOCKS = {
    "poetry": ("poetry.lock", "pyproject.toml"),
    "uv": ("uv.lock", "pyproject.toml"),
    "pdm": ("pdm.lock", "pyproject.toml"),
    "pipenv": ("Pipfile.lock", "Pipfile"),
}
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
    for site in case.named("RUN"):
        for call in site.calls:
            if call.tool in ("pip", "uv", *_LOCKS) and call.action in ("install", "sync"):
                names = _of_call(case.project, site, call)
                if names is None:
                    return None
                found |= names
    return frozenset(found)


def _of_call(project: Project | None, site: Site, call: Call) -> set[str] | None:
    if call.tool in _LOCKS and not call.group and not (call.tool == "uv" and call.operands):
        return _locked(project, call.tool)
    found: set[str] = set()
    for word in call.operands:
        name = _name(word.value)
        if name is None:
            return None
        found.add(name)
    files = [*call.values("-r", "--requirement")]
    for file in files:
        names = _in_file(project, site, file)
        if names is None:
            return None
        found |= names
    return None if call.has("-e", "--editable") else found


def _name(text: str | None) -> str | None:
    """Return a requirement's normalised name; None where only building it would tell."""
    try:
        return wanted(text or "").name or None
    except ValueError:
        return None


def _in_file(project: Project | None, site: Site, file: str | None) -> set[str] | None:
    if project is None or not project.root or not file:
        return None
    workdir = site.state.workdir or "/"
    full = posixpath.normpath(posixpath.join(workdir, file))
    candidates = [
        path for path, _ in project.manifests if full.endswith(f"/{path}") or posixpath.basename(full) == path
    ]
    if not candidates:
        return None
    read = read_requirements(project.root, candidates[0])
    if read.skips:
        return None
    lines = [line.wanted for each in read.files for line in each.lines if line.wanted is not None]
    names = {line.name for line in lines}
    return None if "" in names else names


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
