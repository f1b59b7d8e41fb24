"""Debian packages: dpkg's status and lists, and the status.d of distroless images."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jettison.files.owners.claims import Claims, Rootfs, inside
from jettison.files.owners.deb822 import relations, stanzas
from jettison.files.record import Owner
from jettison.files.resolve import walk
from jettison.finding import Skip

ADMIN = "var/lib/dpkg"
_STATUS = f"{ADMIN}/status"
_STATUS_D = f"{ADMIN}/status.d/"
_INFO = f"{ADMIN}/info/"
_FIELDS = frozenset(
    "package version architecture status depends pre-depends provides essential source".split()  # noqa: SIM905 -- a list
)
_ABSENT = frozenset({"not-installed", "config-files"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*\Z")
_SIDE = re.compile(r"\.(?:md5sums|list|conffiles|preinst|postinst|prerm|postrm|triggers|shlibs|symbols|templates)\Z")


@dataclass(frozen=True, slots=True)
class _Package:
    fields: Mapping[str, str]
    record: str

    @property
    def name(self) -> str:
        return self.fields["package"]

    @property
    def architecture(self) -> str:
        return self.fields.get("architecture", "")


def claim_dpkg(rootfs: Rootfs) -> Claims:
    """Read dpkg's records: packages that are installed, and the files that their lists name.

    A list's path is where the package put it: on a merged-usr image ``/lib/x`` is found at ``usr/lib/x``, and a
    diverted path at the place it was diverted to. Where two lists name a file, the first package by status order owns
    it (dpkg takes a file off the first list when a second package replaces it, so this is a matter of Multi-Arch
    copies). Packages share directories, and so the symlinks to them (``lib`` on a merged-usr image): those belong to
    a package only if it alone lists them.
    """
    packages, skips = _packages(rootfs)
    keys = _keys(packages)
    diversions = _diversions(rootfs.text(f"{ADMIN}/diversions"))
    paths: dict[str, str] = {}
    shared: dict[str, str] = {}
    for package, key in zip(packages, keys, strict=True):
        for real in _files(rootfs, package, diversions):
            if real in shared:
                shared[real] = key if shared[real] == key else ""
            elif _leads_to_folder(rootfs, real):
                shared[real] = key
            else:
                paths.setdefault(real, key)
    _claim_records(rootfs, packages, keys, paths)
    alone = {path: key for path, key in shared.items() if key}
    links = {path: alone.pop(path) for path in tuple(alone) if rootfs.visible[path].type == "symlink"}
    owners = tuple(_owner(package, key) for package, key in zip(packages, keys, strict=True))
    return Claims(owners, paths | links, {}, alone, tuple(skips))


def _leads_to_folder(rootfs: Rootfs, path: str) -> bool:
    """Whether ``path`` is a directory, or a symlink to one (directories may lack an entry of their own)."""
    entry = rootfs.visible.get(path)
    if entry is None or entry.type != "symlink":
        return path in rootfs.dirs
    real = walk(rootfs.visible.get, path)
    return real is not None and (real in rootfs.dirs or real not in rootfs.known)


def _packages(rootfs: Rootfs) -> tuple[list[_Package], list[Skip]]:
    records = [path for path in rootfs.texts if path.startswith(_STATUS_D) and not _SIDE.search(path)]
    if _STATUS in rootfs.texts:
        records.insert(0, _STATUS)
    found: dict[tuple[str, str], _Package] = {}
    skips = []
    for record in records:
        bad = 0
        for fields in stanzas(rootfs.text(record), _FIELDS):
            package = _Package(fields, record)
            if not _NAME.match(fields.get("package", "")):
                bad += 1
            elif fields.get("status", "installed").rpartition(" ")[2] not in _ABSENT:
                found.setdefault((package.name, package.architecture), package)
        if bad:
            skips.append(Skip(record, f"{bad} stanzas without a valid package name; their files count as nobody's"))
    return list(found.values()), skips


def _keys(packages: list[_Package]) -> list[str]:
    """Name packages: ``deb:libc6``, and ``deb:libc6:i386`` where another architecture's is there as well."""
    architectures = Counter(package.architecture for package in packages if package.architecture != "all")
    native = architectures.most_common(1)[0][0] if architectures else ""
    names = Counter(package.name for package in packages)
    return [
        f"deb:{package.name}" + (f":{package.architecture}" if foreign else "")
        for package in packages
        for foreign in [names[package.name] > 1 and package.architecture not in (native, "all")]
    ]


def _owner(package: _Package, key: str) -> Owner:
    fields = package.fields
    source = fields.get("source", "").partition("(")[0].strip()
    return Owner(
        key=key,
        type="deb",
        name=package.name,
        version=fields.get("version", ""),
        record=package.record,
        depends=relations(fields.get("pre-depends", "") + "," + fields.get("depends", "")),
        provides=tuple(name for names in relations(fields.get("provides", "")) for name in names),
        essential=fields.get("essential", "") == "yes",
        source="" if source == package.name else source,
    )


def _diversions(text: str) -> Mapping[str, tuple[str, str]]:
    """Read dpkg's diversions: three lines each, the path, where it is diverted to, and for whom (``:`` for the admin).

    Returns:
        By diverted path: where other packages' file lies, and the package whose own file stays at the path.
    """
    lines = text.splitlines()
    triples = zip(lines[::3], lines[1::3], lines[2::3], strict=False)
    return {path.lstrip("/"): (to.lstrip("/"), package) for path, to, package in triples}


def _files(rootfs: Rootfs, package: _Package, diversions: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for listed in _listed(rootfs, package):
        path = listed
        if path in diversions and diversions[path][1] != package.name:
            path = diversions[path][0]
        real = rootfs.real(path)
        if real is not None:
            yield real


def _listed(rootfs: Rootfs, package: _Package) -> Iterator[str]:
    for name in _names(package):
        listed = rootfs.text(f"{_INFO}{name}.list")
        # a list names all that md5sums does, and more
        yield from _lines(listed.splitlines()) if listed else _sums(rootfs.text(f"{_INFO}{name}.md5sums"))
    if package.record.startswith(_STATUS_D):
        yield from _sums(rootfs.text(f"{package.record}.md5sums"))
        yield from _lines(rootfs.text(f"{package.record}.list").splitlines())


def _names(package: _Package) -> tuple[str, str]:
    return package.name, f"{package.name}:{package.architecture}"


def _lines(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("/") and "/." not in line and "//" not in line:
            yield line[1:]
        elif line and (path := inside("", line)):
            yield path


def _sums(text: str) -> Iterator[str]:
    """Read md5sums: a digest of 32 digits, two spaces, a path; a leading backslash marks an escaped name."""
    return _lines("/" + line[34:] for line in text.splitlines() if len(line) > 34 and line[32:34] == "  ")  # noqa: PLR2004 -- the format's columns


def _claim_records(rootfs: Rootfs, packages: list[_Package], keys: list[str], paths: dict[str, str]) -> None:
    """Give each package its own files in dpkg's folder (``info/NAME.*``, ``status.d/NAME``)."""
    by_name: dict[str, str] = {}
    for package, key in zip(packages, keys, strict=True):
        by_name.setdefault(package.name, key)
        by_name[f"{package.name}:{package.architecture}"] = key
        if package.record != _STATUS:
            paths.setdefault(package.record, key)
            by_name[package.record[len(_STATUS_D) :]] = key
    for path in rootfs.known:
        if path.startswith((_INFO, _STATUS_D)):
            name = path.rpartition("/")[2].rpartition(".")[0]
            if name in by_name:
                paths.setdefault(path, by_name[name])
