"""The one shape that every requirements file, manifest and lock file is read into."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from jettison.finding import Skip
from jettison.regex import regex

Source = Literal["index", "url", "vcs", "path", "conda"]
Role = Literal["default", "extra", "explicit", "links", "channel"]
GroupKind = Literal["main", "extra", "group", "build", "constraint"]
_COMMIT = regex(r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?\Z")
_VCS = regex(r"(?:git|hg|svn|bzr)(?:\+[a-z]+)?(?:://|@)|git@", re.IGNORECASE)
_ARCHIVE = regex(r"\.(?:whl|zip|tar\.\w+|tgz|tbz2?|txz)\Z", re.IGNORECASE)
_EXTRAS = regex(r"(.+?)\s*(?:\[([^\]]*)\])?\Z", re.DOTALL)
MAX_ITEM = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """One requirement.

    Attributes:
        text: as written, at most a few thousand characters. It may hold a password: see :func:`without_password`.
        name: normalised; "" where only building it would tell (a path, an address without a name).
        specifier: versions, as PEP 440 has them; for conda in conda's own words.
        extras: sorted.
        marker: environment marker, "" for none.
        source: where it comes from.
        url: address or path when not from an index; may hold a password.
        index: name of the index or channel that it is bound to; "" for none.
        pinned: whether the same name always gives the same version: ``==`` or ``===`` without a wildcard, a repository
            at a full commit, an address with a hash; a path is as fixed as the context that holds it.
        hashes: ``algorithm:hex``.
        editable: installed in place.
        line: from 1; 0 where the file's format gives no lines.
    """

    text: str
    name: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    source: Source = "index"
    url: str = ""
    index: str = ""
    pinned: bool = False
    hashes: tuple[str, ...] = ()
    editable: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Requirements that are asked for together.

    Attributes:
        kind: ``main`` always, ``extra`` and ``group`` by name, ``build`` to build the project itself.
        name: of an extra or a group; else "".
        wanted: what it asks for, what it includes among it.
        optional: whether it is left out unless asked for.
    """

    kind: GroupKind
    name: str
    wanted: tuple[Wanted, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class LockedFile:
    """One file of a locked version.

    Attributes:
        name: file name.
        url: address; "" where the lock has none. May hold a password.
        size: bytes as the lock says; -1 where it does not.
        hash: ``algorithm:hex``; "" where there is none.
    """

    name: str
    url: str = ""
    size: int = -1
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Locked:
    """One version that a lock file fixes.

    Attributes:
        name: normalised.
        version: "" where the lock has none (a project beside it).
        source: where it comes from.
        url: of a repository, an address or a path.
        commit: of a repository.
        files: wheels and sdist.
        marker: when it is installed.
        groups: names of the groups and extras that bring it, where the lock says so.
        depends: normalised names.
        editable: installed in place.
        optional: only with an extra or a group that is no default, where the lock says so.
        platform: of conda-lock: ``linux-64``.
    """

    name: str
    version: str
    source: Source = "index"
    url: str = ""
    commit: str = ""
    files: tuple[LockedFile, ...] = ()
    marker: str = ""
    groups: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    editable: bool = False
    optional: bool = False
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """A package index that a file names.

    Attributes:
        url: as written; may hold a password.
        name: "" where it has none.
        role: ``default`` instead of the usual one, ``extra`` beside it (any of them may win: dependency confusion),
            ``explicit`` only for what names it, ``links`` a page or folder of files, ``channel`` of conda.
    """

    url: str
    name: str = ""
    role: Role = "default"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What one file asks for or fixes.

    Attributes:
        path: relative to the context.
        kind: of file: a name of :data:`jettison.dockerfile.project.manifests.READERS`.
        version: of the format, as the file says.
        name: of the project; "" where the file has none.
        groups: what is asked for.
        locked: what is fixed.
        python: which versions of Python, as PEP 440 has them; "" when it does not say.
        indexes: in their order.
        skips: what could not be read, and why. A file that is malformed is one skip and nothing else.
        scripts: commands that the project brings, as name and ``module:attribute``.
    """

    path: str
    kind: str
    version: str = ""
    name: str = ""
    groups: tuple[Group, ...] = ()
    locked: tuple[Locked, ...] = ()
    python: str = ""
    indexes: tuple[Index, ...] = ()
    skips: tuple[Skip, ...] = ()
    scripts: tuple[tuple[str, str], ...] = ()


def normal(name: str) -> str:
    """Return a distribution's normalised name."""
    return canonicalize_name(name)


def without_password(text: str) -> str:
    """Return a text with the user and password of its addresses replaced, fit to be shown."""
    return re.sub(r"(://)[^/\s@]+@", r"\1***@", text)


def wanted(text: str, *, line: int = 0, hashes: Iterable[str] = (), editable: bool = False) -> Wanted:
    """Return a requirement as PEP 508 or pip writes it: a name, ``name @ address``, an address, a path.

    Raises:
        ValueError: it is none of these; the message says why, without the text.
    """
    if len(text) > MAX_ITEM:
        raise ValueError(f"longer than {MAX_ITEM} characters")
    given = tuple(hashes)
    if not editable:
        try:
            found = Requirement(text)
            # A name to the grammar, a file to pip.
            if found.url or not (_ARCHIVE.search(found.name) or _ARCHIVE.search(str(found.specifier))):
                return _of(found, text, line, given)
        except InvalidRequirement as error:
            if not _is_place(text.partition(";")[0].strip()):
                raise ValueError(f"no requirement: {str(error).splitlines()[0]}") from error
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
    return _placed(text, line, given, editable=editable)


def _of(found: Requirement, text: str, line: int, hashes: tuple[str, ...]) -> Wanted:
    marker = str(found.marker) if found.marker else ""
    extras = tuple(sorted(found.extras))
    if found.url:
        source, pinned = _source(found.url, hashes)
        name = normal(found.name)
        return Wanted(text, name, "", extras, marker, source, found.url, pinned=pinned, hashes=hashes, line=line)
    pinned = any(
        item.operator == "===" or (item.operator == "==" and not item.version.endswith(".*"))
        for item in found.specifier
    )
    specifier = ",".join(sorted(str(item) for item in found.specifier))
    return Wanted(text, normal(found.name), specifier, extras, marker, pinned=pinned, hashes=hashes, line=line)


def _is_place(text: str) -> bool:
    plain = _EXTRAS.match(text)
    return plain is not None and (
        re.search(r"[/\\]|^\.", plain[1]) is not None or _ARCHIVE.search(plain[1]) is not None
    )


def _placed(text: str, line: int, hashes: tuple[str, ...], *, editable: bool) -> Wanted:
    is_address = "://" in text
    plain, _, condition = text.partition(" ;" if is_address and " ;" in text else "; " if is_address else ";")
    match = _EXTRAS.match(plain.strip())
    if match is None:
        raise ValueError("no requirement: it is empty")
    try:
        marker = str(Marker(condition)) if condition.strip() else ""
    except (InvalidMarker, RecursionError) as error:
        raise ValueError("its marker is malformed") from error
    url = match[1].removeprefix("file://") if match[1].startswith("file:///") else match[1]
    source, pinned = _source(url, hashes)
    extras = tuple(sorted(extra.strip() for extra in (match[2] or "").split(",") if extra.strip()))
    return Wanted(text, name_of(url), "", extras, marker, source, url, "", pinned, hashes, editable, line)


def _source(url: str, hashes: tuple[str, ...]) -> tuple[Source, bool]:
    """Return where an address leads, and whether it always gives the same."""
    plain, _, fragment = url.partition("#")
    if _VCS.match(url):
        ref = plain.rpartition("@")[2] if "@" in plain.rpartition("/")[2] else ""
        return "vcs", _COMMIT.match(ref) is not None
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", url) and not url.startswith("file://"):
        return "url", bool(hashes) or re.search(r"\bsha(?:256|384|512)=[0-9a-fA-F]{64}", fragment) is not None
    return "path", True


def name_of(url: str) -> str:
    """Return the normalised name that an address or file name tells, "" when it tells none."""
    egg = re.search(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)", url)
    if egg:
        return normal(egg[1])
    file = re.split(r"[#?]", url, maxsplit=1)[0].rpartition("/")[2]
    try:
        return parse_wheel_filename(file)[0] if file.endswith(".whl") else parse_sdist_filename(file)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        pass
    if _VCS.match(url):
        return normal(re.sub(r"\.git\Z", "", file.partition("@")[0])) if re.match(r"[A-Za-z0-9]", file) else ""
    return ""


def is_commit(ref: str) -> bool:
    """Whether a reference of a repository is a full commit id."""
    return _COMMIT.match(ref) is not None
