"""The user's own files: found, and put into the tree of the model layer or of the code layer."""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from jettison.compose.record import FileLayer, FileRule
from jettison.compose.tree import Stored, Tree, make_entry
from jettison.errors import UsageError
from jettison.oci.image import Extent

MODEL_SUFFIXES = (".onnx", ".pt", ".pth", ".safetensors", ".gguf", ".pb", ".h5", ".tflite", ".ckpt", ".bin", ".npz")
LEFT_OUT = ("__pycache__", ".git", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache")
"""Folders that are never copied out of a folder: they belong to the machine, not to the service."""


def place_files(rules: Sequence[FileRule], folder: Path, mtime: int) -> dict[FileLayer, Tree]:
    """Return the trees of the two layers.

    Args:
        rules: in order; a later one replaces what an earlier one put at the same path.
        folder: of the compose file; what relative sources name must lie in it, links followed.
        mtime: seconds since the epoch, of everything.

    Raises:
        UsageError: a source does not exist, leaves the folder, or is not a file, folder or link.
    """
    trees: dict[FileLayer, Tree] = {"model": Tree(mtime=mtime), "code": Tree(mtime=mtime)}
    for rule in rules:
        for source, path in _pairs(rule, folder):
            layer = rule.layer or ("model" if source.endswith(MODEL_SUFFIXES) else "code")
            other: FileLayer = "code" if layer == "model" else "model"
            if (there := trees[other].nodes.get(path)) and there.entry.type != "dir":
                trees[other].drop(path)
            _put(trees[layer], source, path, rule)
    return trees


def _pairs(rule: FileRule, folder: Path) -> Iterator[tuple[str, str]]:
    """Give each file with the path it goes to, relative to the image's root."""
    found = [rule.source] if os.path.lexists(rule.source) else sorted(glob.glob(rule.source, recursive=True))
    if not found:
        raise UsageError(f"there is no file {rule.source}", hint="see [[files]] from")
    many = len(found) > 1 or found[0] != rule.source
    for source in found:
        _check_inside(source, rule, folder)
        to = rule.to.strip("/")
        if os.path.isdir(source) and not os.path.islink(source):
            base = f"{to}/{os.path.basename(source)}" if many else to
            yield from _walk(source, base)
        else:
            yield source, f"{to}/{os.path.basename(source)}".strip("/") if many or rule.to.endswith("/") else to


def _check_inside(source: str, rule: FileRule, folder: Path) -> None:
    relative = rule.source.startswith(f"{folder}/")
    real = os.path.realpath(source)
    if relative and not (real + "/").startswith(os.path.realpath(folder) + "/"):
        raise UsageError(
            f"{source} is a link that leaves the folder of the compose file", hint="give an absolute path in 'from'"
        )


def _walk(source: str, to: str) -> Iterator[tuple[str, str]]:
    for root, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        below = os.path.relpath(root, source)
        base = to if below == "." else f"{to}/{below}".strip("/")
        if base:
            yield root, base
        linked = [name for name in folders if os.path.islink(os.path.join(root, name))]
        for name in sorted([*names, *linked]):
            yield os.path.join(root, name), f"{base}/{name}".strip("/")


def _put(tree: Tree, source: str, path: str, rule: FileRule) -> None:
    status = os.lstat(source)
    top_link = stat.S_ISLNK(status.st_mode) and source == rule.source
    if top_link:
        status = os.stat(source)
    if any(part.startswith(".wh.") for part in path.split("/")):
        raise UsageError(f"{source}: a name that begins with .wh. would delete files in an image")
    if stat.S_ISREG(status.st_mode):
        mode = rule.mode if rule.mode is not None else (0o755 if status.st_mode & 0o111 else 0o644)
        entry = make_entry(path, "file", mode=mode, size=status.st_size, mtime=tree.mtime)
        tree.put(replace(entry, uid=rule.uid, gid=rule.gid), Stored(Extent(source, 0, status.st_size)))
    elif stat.S_ISDIR(status.st_mode):
        entry = make_entry(path, "dir", mode=0o755, mtime=tree.mtime)
        tree.put(replace(entry, uid=rule.uid, gid=rule.gid))
    elif stat.S_ISLNK(status.st_mode):
        entry = make_entry(path, "symlink", mode=0o777, link=os.readlink(source), mtime=tree.mtime)
        tree.put(replace(entry, uid=rule.uid, gid=rule.gid))
    else:
        raise UsageError(f"{source} is neither a file nor a folder nor a link")
