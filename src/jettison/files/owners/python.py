"""Python distributions: dist-info, egg-info (folders and single files) and eggs, in any number of site folders."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jettison.files.owners.claims import Claims, Rootfs, inside
from jettison.files.owners.deb822 import stanzas
from jettison.files.record import Owner
from jettison.finding import Skip

_INFO_FOLDERS = (".dist-info", ".egg-info", ".egg/EGG-INFO")
_SITE = re.compile(r"(?P<prefix>.*?)(?:^|/)lib(?:32|64)?/(?:python|pypy)[\d.]*/(?:site|dist)-packages\Z")
_FIELDS = frozenset({"name", "version", "requires-dist"})
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_ELSEWHERE = re.compile(
    r"""(?:sys_platform|platform_system|os_name)\s*==\s*["'](?:win32|cygwin|darwin|Windows|Darwin|nt)["']"""
)
_MODULE = re.compile(r"\w+\Z")
_SCHEME = ("bin/", "etc/", "include/", "share/")  # what sysconfig's posix schemes and wheels' data put below a prefix
_SYSTEM = re.compile(
    r"(?:|usr|usr/local|(?:usr/(?:local/)?)?(?:bin|sbin|include|libexec|lib(?:32|64|x32)?)|(?:usr/)?lib/\w+-linux-\w+"
    r"|usr/(?:local/)?(?:etc|share)|etc|var|var/(?:cache|lib|log)|boot|dev|proc|sys)\Z"
)
"""Folders of the operating system, the root among them: one with a dist-info in it is nobody's site folder."""


def normalise(name: str) -> str:
    """Return a distribution's normalised name (PEP 503): lower case, runs of ``-_.`` become one ``-``."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class _Dist:
    """A distribution as found: ``info`` is its metadata folder (or file), ``site`` the folder it is installed in."""

    info: str
    site: str
    owner: Owner


def claim_python(rootfs: Rootfs) -> Claims:
    """Read the records of every Python distribution.

    A record may only claim what lies in its own prefix (``usr/local`` for ``usr/local/lib/python3.11/site-packages``;
    of the root, what sysconfig's schemes put there), also once symlinks are followed, and never another distribution's
    records. One in a folder of the operating system, such as the root, claims nothing but itself. Distributions
    without a record of files (legacy installs, Debian's egg-info) claim the modules that ``top_level.txt`` names.
    """
    dists = _distributions(rootfs)
    trees = {dist.info.removesuffix("/EGG-INFO"): dist.owner.key for dist in dists}
    paths = {dist.info: dist.owner.key for dist in dists if dist.info in rootfs.texts}
    skips: list[Skip] = []
    for dist in dists:
        for path in _recorded(rootfs, dist, skips):
            if trees.get(info_folder(path), dist.owner.key) == dist.owner.key:
                paths.setdefault(path, dist.owner.key)
    for dist in dists:
        for path in _modules(rootfs, dist):
            trees.setdefault(path, dist.owner.key)
            if f"{path}.py" in rootfs.known:
                paths.setdefault(f"{path}.py", dist.owner.key)
    return Claims(tuple(dist.owner for dist in dists), paths, trees, skips=tuple(skips))


def info_folder(path: str) -> str:
    """Return the folder of a distribution's records that ``path`` lies in; empty when in none."""
    for suffix in (".dist-info/", ".egg-info/"):
        at = path.find(suffix)
        if at >= 0:
            return path[: at + len(suffix) - 1]
    return ""


def _distributions(rootfs: Rootfs) -> list[_Dist]:
    infos = {info for path in rootfs.texts for info in [_info_of(path)] if info}
    dists: dict[str, _Dist] = {}
    for info in sorted(infos):
        site = info.removesuffix("/EGG-INFO").rpartition("/")[0]
        fields = _metadata(rootfs, info)
        name = fields["name"]
        if not name:
            continue
        key = f"python:{normalise(name)}"
        if key in dists:
            key = f"{key}@{site}"
        if key in dists:
            key = f"python:{normalise(name)}@{info}"
        depends = tuple((each,) for each in dict.fromkeys(_depends(fields, rootfs.text(f"{info}/requires.txt"))))
        record = next((path for path in (f"{info}/RECORD", f"{info}/PKG-INFO") if path in rootfs.visible), info)
        owner = Owner(key, "python", name, fields["version"], record, depends)
        dists[key] = _Dist(info, site, owner)
    return list(dists.values())


def _info_of(path: str) -> str:
    parent = path.rpartition("/")[0]
    if parent.endswith(_INFO_FOLDERS):
        return parent
    return path if path.endswith(".egg-info") else ""


def _metadata(rootfs: Rootfs, info: str) -> dict[str, str]:
    """Return name, version and requirements; from the folder's name where the metadata does not say."""
    fields: dict[str, str] = {}
    for path in (f"{info}/METADATA", f"{info}/PKG-INFO", info):
        if path in rootfs.texts:
            fields = _headers(rootfs.text(path))
            break
    stem = info.removesuffix("/EGG-INFO").rpartition("/")[2].rpartition(".")[0]
    name, _, version = stem.partition("-")
    return {
        "name": fields.get("name") or name,
        "version": fields.get("version") or version.partition("-")[0],
        "requires": fields.get("requires-dist", ""),
    }


def _headers(text: str) -> dict[str, str]:
    """Read core metadata's headers; ``requires-dist``, which is repeated, comes back with newlines between."""
    fields = dict(next(iter(stanzas(text, _FIELDS - {"requires-dist"})), {}))
    wanted = "requires-dist:"
    requires = (line[len(wanted) :] for line in text.splitlines() if line[: len(wanted)].lower() == wanted)
    return fields | {"requires-dist": "\n".join(requires)}


def _depends(fields: dict[str, str], requires_txt: str) -> Iterator[str]:
    """Give normalised names of what is needed here: no extras, nothing for another operating system."""
    for requirement in fields["requires"].split("\n"):
        text, _, marker = requirement.partition(";")
        match = _REQUIREMENT.match(text)
        if match and "extra" not in marker and not _ELSEWHERE.search(marker):
            yield normalise(match[1])
    wanted = True
    for line in requires_txt.splitlines():
        if line.startswith("["):
            wanted = line.startswith("[:") and not _ELSEWHERE.search(line)
        elif wanted and (match := _REQUIREMENT.match(line)):
            yield normalise(match[1])


def _recorded(rootfs: Rootfs, dist: _Dist, skips: list[Skip]) -> Iterator[str]:
    """Give the real paths that RECORD or installed-files.txt names and that the distribution may claim."""
    record, legacy = f"{dist.info}/RECORD", f"{dist.info}/installed-files.txt"
    listed: Iterable[str] = ()
    if record in rootfs.texts:
        listed = _record_paths(rootfs.text(record), record, skips)
        base = dist.site
    elif legacy in rootfs.texts:
        listed = (line for line in rootfs.text(legacy).splitlines() if line)
        base = dist.info
    prefix = _prefix(dist.site)
    allowed = _claimable(dist, prefix)
    for path in listed:
        joined = _join(base, path, dist.site, prefix)
        real = rootfs.real(joined) if joined else None
        if real is not None and real.startswith(allowed):
            yield real


def _claimable(dist: _Dist, prefix: str) -> tuple[str, ...]:
    """Return how paths may begin that a distribution claims."""
    info = f"{dist.info}/"
    if _SYSTEM.match(dist.site):
        return (info,)
    return (prefix,) if prefix else (info, f"{dist.site}/", *_SCHEME)


def _record_paths(text: str, record: str, skips: list[Skip]) -> list[str]:
    """Read a RECORD (PyPA, recording installed projects): the first column of a CSV file."""
    paths: list[str] = []
    try:
        paths.extend(row[0] for row in csv.reader(text.split("\n")) if row and row[0])
    except csv.Error as error:
        skips.append(Skip(record, f"not a valid RECORD ({error}); files that it names count as nobody's"))
    return paths


def _prefix(site: str) -> str:
    """Return the folder that a site folder belongs to (``usr/local``, a virtual environment); the site itself if none.

    The result ends with a slash, or is empty for the root.
    """
    match = _SITE.match(site)
    prefix = match["prefix"] if match else site
    return f"{prefix}/" if prefix else ""


def _join(base: str, path: str, site: str, prefix: str) -> str | None:
    if not path.startswith(("/", ".")) and "/." not in path and "//" not in path:
        return f"{base}/{path}" if base else path
    joined = inside(base, path)
    if joined is not None and joined.startswith(prefix):
        return joined
    # pip install --target DIR records DIR/bin/x as ../../bin/x
    head, _, name = path.rpartition("/")
    return f"{site}/bin/{name}" if head == "../../bin" else None


def _modules(rootfs: Rootfs, dist: _Dist) -> Iterator[str]:
    """Give the top-level modules, without suffix, of a distribution that has no record of files."""
    if f"{dist.info}/RECORD" in rootfs.texts or f"{dist.info}/installed-files.txt" in rootfs.texts:
        return
    if _SYSTEM.match(dist.site):
        return
    names = rootfs.text(f"{dist.info}/top_level.txt").split()
    for name in names or [normalise(dist.owner.name).replace("-", "_"), dist.owner.name]:
        if _MODULE.match(name):
            yield f"{dist.site}/{name}"
