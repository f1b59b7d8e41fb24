"""Every path's owner: what records claim, then what follows from it (bytecode, generated files, links, directories)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jettison.files.owners import OWNERS
from jettison.files.owners.claims import Claims, Rootfs
from jettison.files.record import Owner
from jettison.files.resolve import walk
from jettison.finding import Skip

_MIXED = ""
_CACHE = "/__pycache__"
_IN_SITE = re.compile(r"(?:^|/)(?:site|dist)-packages/")
_SPREADING = ("python:", "conda:")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who owns what.

    Attributes:
        owners: by key.
        paths: real path → owner's key; paths that nobody owns are absent.
        skips: records that could not be read, and why.
    """

    owners: Mapping[str, Owner]
    paths: Mapping[str, str]
    skips: tuple[Skip, ...]


def attribute(rootfs: Rootfs) -> Attribution:
    """Work out the owner of every path of ``rootfs.known``.

    In order: what a record names; bytecode goes with its source; what lies in a folder that a record stands for
    (``x.dist-info``, a legacy module); files made later in a Python distribution's own folders; links made by
    update-alternatives go with what they lead to; a directory belongs to the one owner of all in it.
    """
    claims = [kind.claim(rootfs) for kind in OWNERS]
    paths: dict[str, str] = {}
    for claim in reversed(claims):
        paths.update(claim.paths)
    rest = [path for path in rootfs.known if path not in paths and path not in rootfs.dirs]
    rest = _claim_bytecode(rest, paths)
    rest = _claim_trees(rest, paths, _merge_trees(claims))
    folders = _folders(rootfs, paths)
    _claim_generated(rest, paths, folders)
    _claim_alternatives(rootfs, paths)
    _claim_directories(rootfs, paths, claims)
    owners = {owner.key: owner for claim in claims for owner in claim.owners}
    return Attribution(owners, paths, tuple(skip for claim in claims for skip in claim.skips))


def _claim_bytecode(rest: list[str], paths: dict[str, str]) -> list[str]:
    """Give ``d/__pycache__/x.cpython-311.pyc`` to the owner of ``d/x.py``; return what is left."""
    left = []
    for path in rest:
        parent, _, name = path.rpartition("/")
        if parent.endswith(_CACHE):
            owner = paths.get(f"{parent[: -len(_CACHE)]}/{name.partition('.')[0]}.py")
            if owner is not None:
                paths[path] = owner
                continue
        left.append(path)
    return left


def _merge_trees(claims: list[Claims]) -> dict[str, str]:
    trees: dict[str, str] = {}
    for claim in reversed(claims):
        trees.update(claim.trees)
    return trees


def _claim_trees(rest: list[str], paths: dict[str, str], trees: dict[str, str]) -> list[str]:
    """Give files to the owner of the nearest folder that a record stands for; return what is left."""
    if not trees:
        return rest
    known: dict[str, str] = {"": ""}
    left = []
    for path in rest:
        owner = _nearest(path.rpartition("/")[0], trees, known)
        if owner:
            paths[path] = owner
        else:
            left.append(path)
    return left


def _nearest(folder: str, trees: Mapping[str, str], known: dict[str, str]) -> str:
    """Return what ``trees`` says of ``folder`` or the nearest folder above it; empty for nothing."""
    asked = []
    while folder not in known:
        asked.append(folder)
        if folder in trees:
            known[folder] = trees[folder]
            break
        folder = folder.rpartition("/")[0]
    owner = known[folder]
    for each in asked:
        known[each] = owner
    return owner


def _folders(rootfs: Rootfs, paths: Mapping[str, str]) -> dict[str, str]:
    """Return, for each folder with owned files below it, their one owner, or ``""`` when there are several."""
    nearest: dict[str, str] = {}
    dirs = rootfs.dirs
    for path, owner in paths.items():
        if path not in dirs:
            parent = path.rpartition("/")[0]
            if nearest.setdefault(parent, owner) != owner:
                nearest[parent] = _MIXED
    folders = dict(nearest)
    for folder, owner in nearest.items():
        parent, passed = folder, owner
        while parent:
            parent = parent.rpartition("/")[0]
            state = folders.get(parent)
            if state is not None and state in (passed, _MIXED):
                break
            folders[parent] = passed = passed if state is None else _MIXED
    return folders


def _claim_generated(rest: list[str], paths: dict[str, str], folders: dict[str, str]) -> None:
    """Give unrecorded files in a folder whose recorded files are all one distribution's to that distribution."""
    spreading = ((folder, owner) for folder, owner in folders.items() if owner.startswith(_SPREADING))
    own = {folder: owner for folder, owner in spreading if _IN_SITE.search(folder)}
    known = {folder: "" for folder in folders if folder not in own} | {"": ""}
    for path in rest:
        owner = _nearest(path.rpartition("/")[0], own, known)
        if owner:
            paths[path] = owner


def _claim_alternatives(rootfs: Rootfs, paths: dict[str, str]) -> None:
    """Give the links that update-alternatives makes to the owner of what they lead to."""
    for path, entry in rootfs.visible.items():
        if entry.type != "symlink" or path in paths:
            continue
        if path.startswith("etc/alternatives/") or entry.link.startswith("/etc/alternatives/"):
            real = walk(rootfs.visible.get, path)
            if real is not None and real in paths:
                paths[path] = paths[real]


def _claim_directories(rootfs: Rootfs, paths: dict[str, str], claims: list[Claims]) -> None:
    folders = _folders(rootfs, paths)
    for claim in claims:
        for folder, owner in claim.dirs.items():
            folders.setdefault(folder, owner)
    nobodys = {
        parent
        for path in rootfs.visible
        if path not in paths and path not in rootfs.dirs
        for parent in [path.rpartition("/")[0]]
    }
    for path in _with_parents(nobodys):
        folders[path] = _MIXED
    paths.update({path: owner for path, owner in folders.items() if owner and path in rootfs.known})


def _with_parents(folders: set[str]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        each = folder
        while each not in found:
            found.add(each)
            each = each.rpartition("/")[0]
    return found
