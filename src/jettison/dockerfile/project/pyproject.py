"""``pyproject.toml``: PEP 621 and 735, and what uv, Poetry, PDM and Hatch add in their own tables."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from jettison.dockerfile.project import poetry
from jettison.dockerfile.project.dependencies import (
    Dependencies,
    Group,
    Index,
    Role,
    Wanted,
    is_commit,
    normal,
    wanted,
)
from jettison.dockerfile.project.documents import Table, load_toml, table, tables, text, texts
from jettison.finding import Skip

MAX_DEPTH = 20


def read_pyproject(content: str, path: str) -> Dependencies:
    """Return what a project asks for.

    Raises:
        ValueError: the file is malformed.
    """
    whole, skips = load_toml(content), list[Skip]()
    project, tool = table(whole, "project"), table(whole, "tool")
    groups = [
        *_standard(whole, path, skips),
        *_poetry(table(tool, "poetry"), path, skips),
        *_tools(tool, path, skips),
    ]
    dynamic = [name for name in texts(project.get("dynamic")) if "dependencies" in name]
    if dynamic and not list(_dynamic_files(tool)):
        skips.append(Skip(path, f"{', '.join(dynamic)} are computed when the project is built"))
    sources = table(tool, "uv", "sources")
    python = text(project.get("requires-python")) or _python(table(tool, "poetry"), path, skips)
    name = text(project.get("name")) or text(table(tool, "poetry").get("name"))
    return Dependencies(
        path,
        "pyproject",
        name=name,
        groups=tuple(_placed(group, sources) for group in groups),
        python=python,
        indexes=tuple(_indexes(tool)),
        skips=tuple(skips),
        scripts=tuple(_scripts(project, table(tool, "poetry"))),
    )


def _scripts(project: Table, poetry_table: Table) -> Iterator[tuple[str, str]]:
    for said in (project.get("scripts"), project.get("gui-scripts"), poetry_table.get("scripts")):
        for name, target in table(said).items():
            found = text(target) or text(table(target).get("callable")) or text(table(target).get("reference"))
            if found:
                yield name, found.partition("[")[0].strip()


def dynamic_requirements(content: str) -> tuple[str, ...]:
    """Return the requirements files that setuptools or hatch fill the project's dependencies from, as written.

    Raises:
        ValueError: the file is malformed.
    """
    return tuple(_dynamic_files(table(load_toml(content), "tool")))


def _dynamic_files(tool: Table) -> Iterator[str]:
    yield from texts(table(tool, "setuptools", "dynamic", "dependencies").get("file"))
    yield from texts(table(tool, "hatch", "metadata", "hooks", "requirements_txt").get("files"))


def _standard(whole: Table, path: str, skips: list[Skip]) -> Iterator[Group]:
    project = table(whole, "project")
    yield Group("build", "", tuple(_each(table(whole, "build-system").get("requires"), path, skips)))
    if "dependencies" in project:
        yield Group("main", "", tuple(_each(project.get("dependencies"), path, skips)))
    for name, items in table(project, "optional-dependencies").items():
        yield Group("extra", normal(name), tuple(_each(items, path, skips)), optional=True)
    groups = {normal(name): items for name, items in table(whole, "dependency-groups").items()}
    for name in groups:
        items = tuple(_included(groups, name, (), path, skips))
        yield Group("group", name, items, optional=True)


def _included(groups: Table, name: str, above: tuple[str, ...], path: str, skips: list[Skip]) -> Iterator[Wanted]:
    """Give a dependency group's requirements with those of the groups it includes (PEP 735)."""
    if name in above or len(above) > MAX_DEPTH:
        skips.append(Skip(f"{path}: {name[:80]}", "dependency groups include one another in a loop"))
        return
    items = groups.get(name)
    if not isinstance(items, list):
        skips.append(Skip(f"{path}: {name[:80]}", "a dependency group that is not there"))
        return
    for item in items:
        include = text(table(item).get("include-group"))
        if include:
            yield from _included(groups, normal(include), (*above, name), path, skips)
        else:
            yield from _each([item], path, skips)


def _each(items: object, path: str, skips: list[Skip]) -> Iterator[Wanted]:
    for item in texts(items):
        editable = item.startswith("-e ")  # PDM's development requirements may be
        plain = item.removeprefix("-e ").strip().removeprefix("file:///${PROJECT_ROOT}/") if editable else item
        try:
            yield wanted(plain, editable=editable)
        except ValueError as error:
            skips.append(Skip(f"{path}: {item[:80]}", str(error)))


def _poetry(said: Table, path: str, skips: list[Skip]) -> Iterator[Group]:
    if not said:
        return
    deps = table(said, "dependencies")
    if deps:
        optional = {name for name, value in deps.items() if table(value).get("optional") is True}
        main = {name: value for name, value in deps.items() if name not in optional}
        yield Group("main", "", tuple(poetry.named(main, path, skips)))
        for extra, names in table(said, "extras").items():
            chosen = {name: deps[name] for name in texts(names) if name in deps}
            yield Group("extra", normal(extra), tuple(poetry.named(chosen, path, skips)), optional=True)
    for name, group in table(said, "group").items():
        items = tuple(poetry.named(table(group, "dependencies"), path, skips))
        yield Group("group", normal(name), items, table(group).get("optional") is True)
    if "dev-dependencies" in said:
        yield Group("group", "dev", tuple(poetry.named(table(said, "dev-dependencies"), path, skips)))


def _python(said: Table, path: str, skips: list[Skip]) -> str:
    value = table(said, "dependencies").get("python")
    versions = text(value) or text(table(value).get("version"))
    try:
        return poetry.specifier(versions) if versions else ""
    except ValueError as error:
        skips.append(Skip(f"{path}: python", str(error)))
        return ""


def _tools(tool: Table, path: str, skips: list[Skip]) -> Iterator[Group]:
    uv = table(tool, "uv")
    if "dev-dependencies" in uv:
        yield Group("group", "dev", tuple(_each(uv.get("dev-dependencies"), path, skips)))
    limits = [*texts(uv.get("constraint-dependencies")), *texts(uv.get("override-dependencies"))]
    if limits:
        yield Group("constraint", "", tuple(_each(limits, path, skips)))
    for name, items in table(tool, "pdm", "dev-dependencies").items():
        yield Group("group", normal(name), tuple(_each(items, path, skips)), optional=True)
    for name, environment in table(tool, "hatch", "envs").items():
        items = [*texts(table(environment).get("dependencies")), *texts(table(environment).get("extra-dependencies"))]
        if items:
            yield Group("group", f"hatch-{normal(name)}", tuple(_each(items, path, skips)), optional=True)


def _indexes(tool: Table) -> Iterator[Index]:
    uv = table(tool, "uv")
    role: Role
    for item in tables(uv.get("index")):
        role = "explicit" if item.get("explicit") is True else "default" if item.get("default") is True else "extra"
        yield Index(text(item.get("url")), text(item.get("name")), role)
    yield from (Index(url) for url in texts(uv.get("index-url")))
    yield from (Index(url, role="extra") for url in texts(uv.get("extra-index-url")))
    yield from (Index(url, role="links") for url in texts(uv.get("find-links")))
    for item in tables(table(tool, "poetry").get("source")):
        priority = text(item.get("priority")).lower()
        role = (
            "explicit" if priority == "explicit" else "default" if priority in {"", "default", "primary"} else "extra"
        )
        yield Index(text(item.get("url")), text(item.get("name")), role)
    for item in tables(table(tool, "pdm").get("source")):
        yield Index(text(item.get("url")), text(item.get("name")), "extra" if item.get("name") != "pypi" else "default")


def _placed(group: Group, sources: Table) -> Group:
    """Return a group whose requirements go where ``tool.uv.sources`` sends them."""
    if not sources:
        return group
    places = {normal(name): value for name, value in sources.items()}
    items = (_sourced(item, places.get(item.name)) if item.source == "index" else item for item in group.wanted)
    return Group(group.kind, group.name, tuple(items), group.optional)


def _sourced(item: Wanted, source: object) -> Wanted:
    places: Iterable[Table] = [source] if isinstance(source, dict) else tables(source)
    for place in places:
        if name := text(place.get("index")):
            return replace(item, index=name)
        if url := text(place.get("git")):
            ref = next((text(place[key]) for key in ("rev", "tag", "branch") if text(place.get(key))), "")
            return replace(item, source="vcs", url=f"git+{url}@{ref}" if ref else f"git+{url}", pinned=is_commit(ref))
        if url := text(place.get("url")):
            return replace(item, source="url", url=url, pinned="sha256=" in url)
        if path := text(place.get("path")):
            return replace(item, source="path", url=path, pinned=True, editable=place.get("editable") is True)
        if place.get("workspace") is True:
            return replace(item, source="path", pinned=True, editable=True)
    return item
