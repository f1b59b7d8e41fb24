"""Lock files in TOML: uv.lock, poetry.lock, pdm.lock, pylock.toml (PEP 751).

Each says the version of its format. A newer one than is known here is read for what is known, and a skip says so.
"""

import re

from jettison.dockerfile.project.dependencies import Dependencies, Index, Locked, LockedFile, Source, normal
from jettison.dockerfile.project.documents import Table, load_toml, number, table, tables, text, texts
from jettison.finding import Skip


def _newer(path: str, said: str, known: tuple[str, ...]) -> tuple[Skip, ...]:
    """Return a skip when a format's version is not among those that are known; by its first parts."""
    if any(said == version or said.startswith(f"{version}.") for version in known):
        return ()
    shown = said[:40] or "none"
    return (Skip(path, f"format version {shown} is not known ({', '.join(known)} are): read for what is known"),)


def _file(item: Table) -> LockedFile:
    url = text(item.get("url"))
    name = text(item.get("file")) or text(item.get("name")) or re.split(r"[?#]", url, maxsplit=1)[0].rpartition("/")[2]
    found = text(item.get("hash"))
    if not found:
        hashes = table(item.get("hashes"))
        best = next((kind for kind in ("sha256", "sha512", "sha384", *hashes) if kind in hashes), "")
        found = f"{best}:{text(hashes.get(best))}" if best else ""
    return LockedFile(name, url, number(item.get("size")), found)


def _files(items: object) -> tuple[LockedFile, ...]:
    return tuple(_file(item) for item in tables(items))


# --- uv ---------------------------------------------------------------------------------------------------------------


def read_uv(content: str, path: str) -> Dependencies:
    """Return what ``uv.lock`` fixes.

    Raises:
        ValueError: the file is malformed.
    """
    whole = load_toml(content)
    version = str(whole.get("version", ""))
    locked, indexes = list[Locked](), dict[Index, None]()
    for item in tables(whole.get("package")):
        locked.append(_uv_package(item))
        if url := text(table(item, "source").get("registry")):
            indexes[Index(url)] = None
    name = next((item.name for item in locked if item.source == "path" and item.url == "."), "")
    python = text(whole.get("requires-python"))
    skips = _newer(path, version, ("1",))
    return Dependencies(path, "uv-lock", version, name, (), tuple(locked), python, tuple(indexes), skips)


def _uv_package(item: Table) -> Locked:
    said = table(item, "source")
    kind, url = next(((key, text(value)) for key, value in said.items() if isinstance(value, str)), ("", ""))
    sources: dict[str, Source] = {"git": "vcs", "url": "url"}
    source: Source = "path" if kind in {"path", "directory", "editable", "virtual"} else sources.get(kind, "index")
    files = (*_files([item.get("sdist")]), *_files(item.get("wheels")))
    depends = sorted({normal(text(other.get("name"))) for other in tables(item.get("dependencies"))} - {""})
    return Locked(
        normal(text(item.get("name"))),
        text(item.get("version")),
        source,
        "" if source == "index" else url,
        url.rpartition("#")[2] if source == "vcs" and "#" in url else "",
        files,
        " or ".join(texts(item.get("resolution-markers"))),
        depends=tuple(depends),
        editable=kind == "editable",
    )


# --- Poetry -----------------------------------------------------------------------------------------------------------


def read_poetry(content: str, path: str) -> Dependencies:
    """Return what ``poetry.lock`` fixes, of Poetry 1 and 2.

    Raises:
        ValueError: the file is malformed.
    """
    whole = load_toml(content)
    metadata = table(whole, "metadata")
    version = text(metadata.get("lock-version"))
    old = table(metadata, "files")  # lock-version 1
    locked, indexes = list[Locked](), dict[Index, None]()
    for item in tables(whole.get("package")):
        locked.append(_poetry_package(item, old))
        said = table(item, "source")
        if text(said.get("type")) == "legacy":
            indexes[Index(text(said.get("url")), text(said.get("reference")), "extra")] = None
    python = text(metadata.get("python-versions"))
    skips = _newer(path, version, ("1", "2"))
    return Dependencies(path, "poetry-lock", version, "", (), tuple(locked), python, tuple(indexes), skips)


def _poetry_package(item: Table, old: Table) -> Locked:
    said, name = table(item, "source"), text(item.get("name"))
    sources: dict[str, Source] = {"git": "vcs", "url": "url", "file": "path", "directory": "path"}
    source = sources.get(text(said.get("type")), "index")
    groups = tuple(texts(item.get("groups"))) or tuple(texts(item.get("category")))
    markers = item.get("markers")
    return Locked(
        normal(name),
        text(item.get("version")),
        source,
        "" if source == "index" else text(said.get("url")),
        text(said.get("resolved_reference")),
        _files(item.get("files") or old.get(name)),
        text(markers) or " or ".join(f"({marker})" for marker in texts(list(table(markers).values()))),
        groups,
        tuple(sorted(normal(other) for other in table(item, "dependencies"))),
        item.get("develop") is True,
        item.get("optional") is True,
    )


# --- PDM --------------------------------------------------------------------------------------------------------------


def read_pdm(content: str, path: str) -> Dependencies:
    """Return what ``pdm.lock`` fixes.

    Raises:
        ValueError: the file is malformed.
    """
    whole = load_toml(content)
    metadata = table(whole, "metadata")
    version = text(metadata.get("lock_version"))
    old = table(metadata, "files")
    locked = tuple(_pdm_package(item, old) for item in tables(whole.get("package")))
    targets = (text(item.get("requires_python")) for item in tables(metadata.get("targets")))
    python = next((target for target in targets if target), "")
    return Dependencies(
        path, "pdm-lock", version, "", (), locked, python, (), _newer(path, version, ("3", "4", "4.4.1", "4.5"))
    )


def _pdm_package(item: Table, old: Table) -> Locked:
    name, version = text(item.get("name")), text(item.get("version"))
    git, url, local = text(item.get("git")), text(item.get("url")), text(item.get("path"))
    source: Source = "vcs" if git else "url" if url else "path" if local else "index"
    depends = (re.match(r"[A-Za-z0-9._-]+", other) for other in texts(item.get("dependencies")))
    return Locked(
        normal(name),
        version,
        source,
        git or url or local,
        text(item.get("revision")),
        _files(item.get("files") or old.get(f"{name} {version}")),
        text(item.get("marker")),
        tuple(texts(item.get("groups"))),
        tuple(sorted({normal(match[0]) for match in depends if match})),
        item.get("editable") is True,
    )


# --- PEP 751 ----------------------------------------------------------------------------------------------------------


def read_pylock(content: str, path: str) -> Dependencies:
    """Return what a ``pylock.toml`` fixes (PEP 751).

    Raises:
        ValueError: the file is malformed.
    """
    whole = load_toml(content)
    version = text(whole.get("lock-version"))
    locked, indexes = list[Locked](), dict[Index, None]()
    for item in tables(whole.get("packages")):
        locked.append(_pep751_package(item))
        if url := text(item.get("index")):
            indexes[Index(url)] = None
    python, skips = text(whole.get("requires-python")), _newer(path, version, ("1",))
    return Dependencies(path, "pylock", version, "", (), tuple(locked), python, tuple(indexes), skips)


def _pep751_package(item: Table) -> Locked:
    vcs, folder, archive = table(item, "vcs"), table(item, "directory"), table(item, "archive")
    source: Source = "vcs" if vcs else "path" if folder else "url" if archive else "index"
    place = vcs or folder or archive
    local = text(place.get("path"))
    depends = sorted({normal(text(other.get("name"))) for other in tables(item.get("dependencies"))} - {""})
    return Locked(
        normal(text(item.get("name"))),
        text(item.get("version")),
        "path" if archive and local else source,
        text(place.get("url")) or local,
        text(vcs.get("commit-id")),
        (*_files([archive] if archive else []), *_files([item.get("sdist")]), *_files(item.get("wheels"))),
        text(item.get("marker")),
        depends=tuple(depends),
        editable=folder.get("editable") is True,
    )
