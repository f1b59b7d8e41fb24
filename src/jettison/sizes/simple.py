"""Pages of a package index: PEP 691 (JSON), PEP 503 (HTML), and pages and folders of links."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urldefrag, urljoin, urlsplit

from packaging.tags import Tag
from packaging.utils import (
    BuildTag,
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from jettison.sizes.record import NoAnswerError
from jettison.sources.address import MAX_URL, path_of

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
MAX_FILES = 100_000
_PLAIN = re.compile(r"https://[\w.-]+(?:/[\w%+~=-][\w.%+~=-]*)+(?:#[\w=&-]*)?\Z", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_SIZE = 1 << 44  # bytes that one file may claim: 17 TB


@dataclass(frozen=True, slots=True)
class File:
    """A file that an index offers.

    Attributes:
        name: its file name.
        url: where it is.
        trusted: whether that address may be asked as if the user had named it.
        size: bytes; None when the index does not say.
        requires: its Requires-Python.
        yanked: whether it was withdrawn.
        metadata: whether the index serves its METADATA beside it (PEP 658).
        sha256: its digest; empty when the index does not say.
    """

    name: str
    url: str
    trusted: bool = False
    size: int | None = None
    requires: str = ""
    yanked: bool = False
    metadata: bool = False
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """What a file's name says.

    Attributes:
        project: canonical.
        version: of the distribution.
        kind: wheel or source distribution.
        tags: places that a wheel is for.
        build: its build number, by which wheels of one version are ordered.
    """

    project: str
    version: Version
    kind: Literal["wheel", "sdist"]
    tags: frozenset[Tag] = frozenset()
    build: BuildTag = ()


def parse_name(name: str) -> Named | None:
    """Return what a file's name says; None for anything that is neither a wheel nor a source distribution."""
    try:
        if name.endswith(".whl"):
            project, version, build, tags = parse_wheel_filename(name)
            return Named(project, version, "wheel", tags, build)
        if name.endswith((".tar.gz", ".zip")):
            project, version = parse_sdist_filename(name)
            return Named(project, version, "sdist")
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion, ValueError):
        return None
    return None


def parse_page(body: bytes, url: str, *, trusted: bool) -> tuple[File, ...]:
    """Return the files of a page.

    Args:
        body: JSON or HTML; which of them is seen from its first letter.
        url: where it came from; links may be relative to it.
        trusted: whether the user named the index.

    Raises:
        NoAnswerError: it is neither, or lists too many files.
    """
    text = body.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        files = _json_files(text, url)
    else:
        from jettison.sizes.links import html_files  # noqa: PLC0415 -- its parser; indexes answer in JSON by now

        files = html_files(text, url)
    found = list[File]()
    for file in files:
        if len(found) >= MAX_FILES:
            raise NoAnswerError(f"a page of the index lists more than {MAX_FILES} files")
        if (at := _resolved(url, file.url)) is not None:
            # A page on this machine may point to files on it; one from elsewhere may point only elsewhere.
            local = urlsplit(at).scheme == "file"
            if not local or urlsplit(url).scheme == "file":
                found.append(File(file.name, at, trusted, *_rest(file)))
    return tuple(found)


def _rest(file: File) -> tuple[int | None, str, bool, bool, str]:
    return file.size, file.requires, file.yanked, file.metadata, file.sha256


def _resolved(base: str, link: str) -> str | None:
    if len(link) <= MAX_URL and _PLAIN.match(link):
        return link.partition("#")[0]  # nearly all are so, and a project may have thousands
    try:
        at = urldefrag(urljoin(base, link))[0]
        fine = urlsplit(at).scheme in {"http", "https", "file"} and 0 < len(at) <= MAX_URL
    except ValueError:
        return None
    return at if fine else None


def _json_files(text: str, url: str) -> Iterator[File]:
    try:
        document = json.loads(text)
        version = str(document["meta"]["api-version"])
        files = document["files"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoAnswerError(f"a page of the index {urlsplit(url).hostname or ''} is no PEP 691 document") from error
    if not version.startswith("1.") or not isinstance(files, list):
        raise NoAnswerError("a page of the index has a version of PEP 691 that is not known")
    for one in files:
        if isinstance(one, dict) and isinstance(one.get("filename"), str) and isinstance(one.get("url"), str):
            yield _json_file(one)


def _json_file(one: dict[str, Any]) -> File:
    size, requires = one.get("size"), one.get("requires-python")
    hashes = one.get("hashes")
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    return File(
        one["filename"],
        one["url"],
        size=size if type(size) is int and 0 <= size < _SIZE else None,
        requires=requires if isinstance(requires, str) else "",
        yanked=bool(one.get("yanked")),
        metadata=bool(one.get("core-metadata") or one.get("dist-info-metadata")),
        sha256=sha256 if isinstance(sha256, str) and _HEX.match(sha256) else "",
    )


def folder_files(url: str) -> tuple[File, ...]:
    """Return the files of a folder on this machine.

    Raises:
        NoAnswerError: it cannot be listed.
    """
    folder = path_of(url.rstrip("/"))
    try:
        with os.scandir(folder) as entries:
            files = [(entry.name, entry.stat().st_size) for entry in entries if entry.is_file()]
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"the folder {Path(folder).name} of find-links cannot be listed") from error
    return tuple(
        File(name, (Path(folder) / name).as_uri(), trusted=True, size=size) for name, size in sorted(files)[:MAX_FILES]
    )


def of_project(files: Iterable[File], project: str) -> Iterator[tuple[File, Named]]:
    """Give the files of one project that are distributions, with what their names say."""
    wanted = canonicalize_name(project)
    start = re.compile("[-_.]+".join(re.escape(part) for part in wanted.split("-")) + "-", re.IGNORECASE)
    for file in files:
        if start.match(file.name) and (parsed := parse_name(file.name)) and parsed.project == wanted:
            yield file, parsed
