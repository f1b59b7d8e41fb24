"""conda's ``environment.yml`` and ``conda-lock.yml``."""

import re
from collections.abc import Iterator

from jettison.dockerfile.project.dependencies import (
    Dependencies,
    Group,
    Index,
    Locked,
    LockedFile,
    Wanted,
    normal,
    wanted,
)
from jettison.dockerfile.project.documents import Table, table, tables, text, texts
from jettison.dockerfile.project.requirements import parse_requirements
from jettison.dockerfile.project.yaml import parse_yaml
from jettison.finding import Skip
from jettison.regex import regex

_SPEC = regex(r"(?:(?P<channel>[^\s:\[]+)::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<rest>.*)\Z", re.DOTALL)
_EXACT = regex(r"==?\s*[^\s*|,<>=!~]+(?:[\s=]+[^\s*|,<>=!~]+)?\Z")


def read_environment(content: str, path: str) -> Dependencies:
    """Return what an ``environment.yml`` asks for; its list for pip is a group of that name.

    Raises:
        ValueError: the file is malformed, or written in more of YAML than is read here.
    """
    whole, skips = parse_yaml(content), list[Skip]()
    if not isinstance(whole, dict):
        raise ValueError("no environment: not a mapping")  # noqa: TRY004 -- a file's fault, like any other here
    said = whole.get("dependencies")
    main = tuple(_each(said if isinstance(said, list) else [], path, skips))
    groups = [Group("main", "", main)]
    for item in said if isinstance(said, list) else []:
        pip = table(item).get("pip")
        if pip:
            groups.append(Group("group", "pip", tuple(_pip(pip, path, skips))))
    python = next((item.specifier for item in main if item.name == "python"), "")
    indexes = tuple(Index(channel, role="channel") for channel in texts(whole.get("channels")))
    return Dependencies(
        path, "conda", "", text(whole.get("name")), tuple(groups), (), _python(python), indexes, tuple(skips)
    )


def _each(items: list[object] | list, path: str, skips: list[Skip]) -> Iterator[Wanted]:  # type: ignore[type-arg]
    for item in texts(items):
        try:
            yield spec(item)
        except ValueError as error:
            skips.append(Skip(f"{path}: {item[:80]}", str(error)))


def spec(said: str) -> Wanted:
    """Return a requirement of conda: ``channel::name``, versions and build in conda's own words.

    Raises:
        ValueError: it is none.
    """
    match = _SPEC.match(said.strip())
    if match is None:
        raise ValueError("no requirement of conda")
    rest = match["rest"].strip()
    if rest.startswith("["):  # name[version='1.2', build=…]
        inner = re.search(r"version\s*=\s*['\"]?([^'\",\]]*(?:,[^'\"=\]]*)?)", rest)
        rest = inner[1] if inner else ""
    if rest and rest[0] not in "=<>!~":
        rest = f"={rest}"  # "numpy 1.26" is "numpy=1.26"
    pinned = _EXACT.match(rest) is not None
    return Wanted(said, normal(match["name"]), rest, source="conda", index=match["channel"] or "", pinned=pinned)


def _pip(items: object, path: str, skips: list[Skip]) -> Iterator[Wanted]:
    for item in texts(items):
        for line in parse_requirements(item).lines:
            if line.wanted is not None:
                yield wanted(line.wanted.text, hashes=line.wanted.hashes, editable=line.wanted.editable)
            elif line.kind not in {"blank", "comment"}:
                skips.append(Skip(f"{path}: {item[:80]}", line.reason or "an option for pip, which is not looked into"))


def _python(said: str) -> str:
    """Return conda's versions of Python in PEP 440's words: ``=3.10`` is any 3.10."""
    match = re.match(r"=\s*(\d+(?:\.\d+)*)(?:\.\*|\*)?(?:=.*)?\Z", said)
    return f"=={match[1]}.*" if match else "" if said.startswith("=") and not said.startswith("==") else said


def read_conda_lock(content: str, path: str) -> Dependencies:
    """Return what a ``conda-lock.yml`` fixes; versions from pip's part have no ``conda`` as their source.

    Raises:
        ValueError: the file is malformed, or written in more of YAML than is read here.
    """
    whole = parse_yaml(content)
    version = text(table(whole).get("version"))
    known = version in {"1", "2"}
    skips = (
        () if known else (Skip(path, f"format version {version[:40] or 'none'} is not known: read for what is known"),)
    )
    locked = tuple(_package(item) for item in tables(table(whole).get("package")))
    channels = (text(item.get("url")) for item in tables(table(whole, "metadata").get("channels")))
    indexes = tuple(Index(channel, role="channel") for channel in channels)
    python = next((f"=={item.version}" for item in locked if item.name == "python"), "")
    return Dependencies(path, "conda-lock", version, "", (), locked, python, indexes, skips)


def _package(item: Table) -> Locked:
    url, hashes = text(item.get("url")), table(item, "hash")
    kind = "sha256" if text(hashes.get("sha256")) else "md5"
    value = text(hashes.get(kind))
    file = LockedFile(
        re.split(r"[?#]", url, maxsplit=1)[0].rpartition("/")[2], url, -1, f"{kind}:{value}" if value else ""
    )
    groups = tuple(texts(item.get("categories"))) or tuple(texts(item.get("category")))
    return Locked(
        normal(text(item.get("name"))),
        text(item.get("version")),
        "index" if text(item.get("manager")) == "pip" else "conda",
        files=(file,) if url else (),
        groups=groups,
        depends=tuple(sorted(normal(name) for name in table(item, "dependencies"))),
        optional=text(item.get("optional")).lower() == "true",
        platform=text(item.get("platform")),
    )
