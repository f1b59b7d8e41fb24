"""``Pipfile`` and ``Pipfile.lock``."""

from collections.abc import Iterator

from jettison.dockerfile.project import poetry
from jettison.dockerfile.project.dependencies import Dependencies, Group, Index, Locked, LockedFile, Source, normal
from jettison.dockerfile.project.documents import Table, load_json, load_toml, table, tables, text, texts
from jettison.finding import Skip

_SPEC = 6


def read_pipfile(content: str, path: str) -> Dependencies:
    """Return what a ``Pipfile`` asks for; groups besides ``packages`` and ``dev-packages`` are its categories.

    Raises:
        ValueError: the file is malformed.
    """
    whole, skips, groups = load_toml(content), list[Skip](), list[Group]()
    for name, said in whole.items():
        if name in {"source", "requires", "scripts", "pipenv", "pipfile"} or not isinstance(said, dict):
            continue
        items = tuple(poetry.named(said, path, skips))
        if name == "packages":
            groups.append(Group("main", "", items))
        else:
            groups.append(Group("group", "dev" if name == "dev-packages" else normal(name), items, optional=True))
    indexes = tuple(_indexes(whole.get("source")))
    return Dependencies(
        path, "pipfile", "", "", tuple(groups), (), _python(table(whole, "requires")), indexes, tuple(skips)
    )


def read_pipfile_lock(content: str, path: str) -> Dependencies:
    """Return what a ``Pipfile.lock`` fixes.

    Raises:
        ValueError: the file is malformed.
    """
    whole = load_json(content)
    meta = table(whole, "_meta")
    version = str(meta.get("pipfile-spec", ""))
    locked = list[Locked]()
    for group, said in whole.items():
        if group != "_meta" and isinstance(said, dict):
            locked.extend(_package(name, table(item), group) for name, item in said.items())
    skips = () if version == str(_SPEC) else (Skip(path, f"specification {version[:40]} is not known ({_SPEC} is)"),)
    python, indexes = _python(table(meta, "requires")), tuple(_indexes(meta.get("sources")))
    return Dependencies(path, "pipfile-lock", version, "", (), tuple(locked), python, indexes, skips)


def _package(name: str, item: Table, group: str) -> Locked:
    git, url, local = text(item.get("git")), text(item.get("file")), text(item.get("path"))
    source: Source = "vcs" if git else "url" if url else "path" if local else "index"
    return Locked(
        normal(name),
        text(item.get("version")).removeprefix("=="),
        source,
        git or url or local,
        text(item.get("ref")) if git else "",
        tuple(LockedFile("", hash=said) for said in texts(item.get("hashes"))),
        text(item.get("markers")),
        (group,),
        editable=item.get("editable") is True,
        optional=group != "default",
    )


def _python(said: Table) -> str:
    full, minor = text(said.get("python_full_version")), text(said.get("python_version"))
    return f"=={full}" if full else f"=={minor}.*" if minor else ""


def _indexes(said: object) -> Iterator[Index]:
    for place, item in enumerate(tables(said)):
        yield Index(text(item.get("url")), text(item.get("name")), "extra" if place else "default")
