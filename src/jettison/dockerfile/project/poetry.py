"""Requirements as Poetry and Pipfiles write them: a table of names, versions with carets and tildes."""

import re
from collections.abc import Iterator
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from jettison.dockerfile.project.dependencies import Source, Wanted, is_commit, normal
from jettison.dockerfile.project.documents import Table, text, texts
from jettison.finding import Skip
from jettison.regex import regex

_PART = regex(r"(\^|~(?!=))\s*(\S+)")


def specifier(said: str) -> str:
    """Return versions in PEP 440's words: ``^1.2`` is ``<2,>=1.2``, ``~1.2`` is ``<1.3,>=1.2``, ``1.2`` is ``==1.2``.

    Raises:
        ValueError: they cannot be said so (alternatives with ``||`` among them).
    """
    if said.strip() in {"", "*"}:
        return ""
    if "|" in said:
        raise ValueError("alternatives of versions")
    parts = [part.strip() for part in re.split(r",|(?<=[\w*])\s+(?=[<>=!~^])", said) if part.strip()]
    try:
        whole = SpecifierSet(",".join(_part(part) for part in parts))
    except InvalidSpecifier as error:
        raise ValueError("versions are malformed") from error
    return ",".join(sorted(str(item) for item in whole))


def _part(said: str) -> str:
    match = _PART.fullmatch(said)
    if match is None:
        return said if said[0] in "<>=!~" else f"=={said}"
    plain = match[2].removesuffix(".*")
    try:
        version = Version(plain)
    except InvalidVersion as error:
        raise ValueError("versions are malformed") from error
    release = list(version.release)
    if match[1] == "^":
        kept = next((index for index, number in enumerate(release) if number), len(release) - 1)
    else:
        kept = min(1, len(release) - 1)
    upper = [*release[:kept], release[kept] + 1]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return f">={plain},<{epoch}{'.'.join(map(str, upper))}"


def named(table: Table, path: str, skips: list[Skip]) -> Iterator[Wanted]:
    """Give the requirements of a table; those that are malformed become skips. ``python`` is none of them."""
    for name, value in table.items():
        if name.lower() == "python":
            continue
        for said in value if isinstance(value, list) else [value]:
            try:
                yield _one(name, said)
            except ValueError as error:
                skips.append(Skip(f"{path}: {name[:80]}", str(error)))


def _one(name: str, said: Any) -> Wanted:
    if isinstance(said, str):
        return _indexed(name, said, {})
    if not isinstance(said, dict):
        raise ValueError("neither a version nor a table")  # noqa: TRY004 -- a file's fault, like any other here
    extras, marker = tuple(sorted(texts(said.get("extras")))), _marker(said)
    source, url, fixed = _place(said)
    if source == "index":
        return _indexed(name, text(said.get("version")), said)
    editable = said.get("editable") is True or said.get("develop") is True
    shown = f"{name} @ {url}"
    return Wanted(shown, normal(name), "", extras, marker, source, url, "", fixed, (), editable)


def _place(said: Table) -> tuple[Source, str, bool]:
    """Return where a requirement comes from, the address, and whether it always gives the same."""
    for system in ("git", "hg", "svn", "bzr"):
        if url := text(said.get(system)):
            ref = next((text(said[key]) for key in ("rev", "ref", "tag", "branch") if text(said.get(key))), "")
            return "vcs", f"{system}+{url}@{ref}" if ref else f"{system}+{url}", is_commit(ref)
    if url := text(said.get("url")) or (text(said.get("file")) if "://" in text(said.get("file")) else ""):
        return "url", url, "sha256=" in url
    path = text(said.get("path")) or text(said.get("file"))
    return ("path", path, True) if path else ("index", "", False)


def _indexed(name: str, versions: str, said: Table) -> Wanted:
    found = specifier(versions)
    pinned = re.search(r"===|==(?!=)[^,]*\Z", found) is not None and "*" not in found
    index = text(said.get("source")) or text(said.get("index"))
    extras = tuple(sorted(texts(said.get("extras"))))
    shown = f"{name} {versions}".strip()
    return Wanted(shown, normal(name), found, extras, _marker(said), index=index, pinned=pinned)


def _marker(said: Table) -> str:
    markers = [*texts(said.get("markers"))]
    for key in ("python", "platform", "sys_platform", "platform_machine", "platform_system"):
        value = text(said.get(key))
        if value and key == "python":
            markers.append(f"python_version {value}")
        elif value:
            name = "sys_platform" if key == "platform" else key
            markers.append(f"{name} {value}" if re.match(r"[=!<>]", value) else f"{name} == '{value}'")
    return " and ".join(markers)
