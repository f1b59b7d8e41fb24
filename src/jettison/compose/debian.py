"""A base from Debian packages: chosen, fetched, unpacked into a tree, configured natively."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jettison.compose import apt as apt_tool
from jettison.compose.alternatives import link_alternatives, parse_alternatives
from jettison.compose.apt import Apt
from jettison.compose.deb import Deb, read_deb
from jettison.compose.dpkg import Installed, write_full, write_lean
from jettison.compose.native import add_nonroot, configure, lay_foundation, merged
from jettison.compose.record import DebianBase, Listing, Package, Style
from jettison.compose.scripts import SCRIPTS, check_scripts
from jettison.compose.tree import Stored, Tree
from jettison.compose.trim import ALWAYS, trim
from jettison.errors import BadInputError, MachineError
from jettison.finding import Skip
from jettison.layers.entry import Entry
from jettison.layers.write import ROOM_HINT
from jettison.oci.image import Extent
from jettison.progress import Task
from jettison.storage import Cache, cache_root

MINIMAL = ("?essential", "apt")  # what a distribution's own base image consists of
UNREAD = (
    "usr/share/doc/",
    "usr/share/man/",
    "usr/share/info/",
    "usr/share/locale/",
    "usr/share/lintian/",
    "usr/share/bug/",
    "usr/share/doc-base/",
    "usr/share/menu/",
    "usr/share/bash-completion/",
    "usr/share/applications/",
    "usr/share/pixmaps/",
)
"""Where packages keep what only people read; a lean base goes without, copyright files excepted."""


def deb_cache() -> Cache:
    """Return the cache of package archives, by SHA-256."""
    return Cache(cache_root() / "debs")


def resolve_packages(
    apt: Apt, debian: DebianBase, style: Style, *, debug: bool
) -> tuple[tuple[Package, ...], tuple[Skip, ...]]:
    """Choose the packages of a base; the index must be up to date.

    Returns:
        The packages by name, and those of the closure that are left out, with reasons.
    """
    skips: tuple[Skip, ...] = ()
    names = (*debian.packages, *(("busybox-static",) if debug else ()))
    if style == "naive":
        base = apt_tool.choose(apt, (*MINIMAL, *ALWAYS), recommends=False)
        found = apt_tool.choose(apt, (*MINIMAL, *ALWAYS, *names), recommends=True)
        index = apt_tool.describe(apt, found)
        kept = {name for name, _, _ in found} - set(debian.exclude)
    else:
        base = found = apt_tool.choose(apt, (*ALWAYS, *names), recommends=False)
        index = apt_tool.describe(apt, found)
        trimmed = trim(index, names, debian.exclude)
        kept, skips = set(trimmed.kept), trimmed.skips
    low = {name for name, _, _ in base}
    packages = tuple(
        Package(name, version, kind, index[name]["sha256"], int(index[name]["size"]), "base" if name in low else "more")
        for name, version, kind in found
        if name in kept
    )
    return packages, skips


def fetch_packages(apt: Apt, packages: Iterable[Package], task: Task) -> None:
    """Bring the archives that the cache lacks into it, each checked against its SHA-256.

    Raises:
        MachineError: a version cannot be had any more.
        BadInputError: what came is not what the index promised.
    """
    cache = deb_cache()
    missing = [package for package in packages if cache.path(f"{package.sha256}.deb") is None]
    if not missing:
        return
    with tempfile.TemporaryDirectory(dir=apt.folder) as name:
        folder = Path(name)
        try:
            apt_tool.download(apt, [(p.name, p.version, p.architecture) for p in missing], folder)
        except MachineError as error:
            gone = "if the archive no longer has a locked version: jettison build --update"
            raise MachineError(error.message, hint=ROOM_HINT if error.hint == ROOM_HINT else gone) from error
        got = {_sha256(path): path for path in sorted(folder.glob("*.deb"))}
        for package in missing:
            path = got.get(package.sha256)
            if path is None:
                raise BadInputError(
                    f"package {package.name} {package.version}: the archive file is not the promised one"
                )
            with open(path, "rb") as source, cache.put(f"{package.sha256}.deb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            task.advance(package.size)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep_listings(apt: Apt) -> tuple[Listing, ...]:
    """Store the index files in the cache, as a careless image ships them, and return what they are."""
    kept = []
    for name, path in apt_tool.listings(apt):
        sha256 = _sha256(path)
        with open(path, "rb") as source, deb_cache().put(f"{sha256}.list") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        kept.append(Listing(name, sha256, path.stat().st_size))
    return tuple(kept)


def unpack_packages(
    tree: Tree, packages: Sequence[Package], debian: DebianBase, style: Style, scratch: Path
) -> tuple[Installed, ...]:
    """Put packages into the tree; their contents stay in scratch files.

    Raises:
        BadInputError: a package is malformed or hostile.
        RefusedError: a package's scripts do something that is not known.
    """
    installed = []
    ordered = sorted(packages, key=lambda package: (package.name not in ALWAYS, package.name))
    for package, deb in _read_all(ordered, scratch):
        check_scripts(package.name, deb.control, debian.ignore_scripts)
        _put(tree, package, deb, style)
        paths = tuple(entry.path for entry in deb.entries)
        installed.append(Installed(package.name, deb.control, paths, asked=package.name in debian.packages))
    return tuple(installed)


def _read_all(packages: Sequence[Package], scratch: Path) -> Iterator[tuple[Package, Deb]]:
    """Read packages side by side, and give them in order."""

    def read(package: Package) -> Deb:
        path = deb_cache().path(f"{package.sha256}.deb")
        if path is None:
            raise MachineError(f"package {package.name} vanished from the cache", hint="run it again")
        folder = scratch / "debs" / package.name
        folder.mkdir(parents=True)
        return read_deb(path, folder, f"package {package.name} {package.version}")

    with ThreadPoolExecutor() as pool:
        yield from zip(packages, pool.map(read, packages), strict=True)


def _put(tree: Tree, package: Package, deb: Deb, style: Style) -> None:
    for entry in deb.entries:
        if style == "lean" and _is_unread(entry):
            continue
        content = Stored(Extent(str(deb.data), entry.data, entry.size)) if entry.type == "file" else None
        tree.put(merged(entry, tree), content, owner=package.name)


def _is_unread(entry: Entry) -> bool:
    if entry.path.startswith("usr/share/doc/") and (entry.name == "copyright" or entry.type == "symlink"):
        return False
    return entry.path.startswith(UNREAD)


def configure_tree(tree: Tree, installed: Sequence[Installed], style: Style) -> None:
    """Do what scripts would have done, and write the package database."""
    candidates = [
        alternative
        for package in installed
        for name in SCRIPTS
        for alternative in parse_alternatives(package.control.get(name, b"").decode(errors="replace"))
    ]
    configure(tree)
    link_alternatives(tree, candidates)
    ordered = sorted(installed, key=lambda package: package.name)
    if style == "lean":
        add_nonroot(tree)
        write_lean(tree, ordered)
    else:
        write_full(tree, ordered)


def new_tree(mtime: int) -> Tree:
    """Return a tree with the foundation laid."""
    tree = Tree(mtime=mtime)
    lay_foundation(tree)
    return tree
