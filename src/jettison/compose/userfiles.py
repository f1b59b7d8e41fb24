"""The user's own files: found, put on top of what lower layers have, and shared out to the model and the code layer."""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from jettison.compose.record import FileLayer, FileRule
from jettison.compose.tree import Content, Node, Stored, Tree, make_entry
from jettison.errors import BadInputError, UsageError
from jettison.layers.entry import Entry
from jettison.oci.image import Extent

MODEL_SUFFIXES = (".onnx", ".pt", ".pth", ".safetensors", ".gguf", ".pb", ".h5", ".tflite", ".ckpt", ".bin", ".npz")
LEFT_OUT = ("__pycache__", ".git", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache")
"""Folders that are never copied out of a folder: they belong to the machine, not to the service."""


Parts = dict[FileLayer, dict[str, Node]]


def place_files(rules: Sequence[FileRule], folder: Path, tree: Tree, workdir: str = "") -> Parts:
    """Return the nodes of the two layers.

    Paths are those of the image: links that lower layers have are followed, and folders that they have are left as they
    are.

    Args:
        rules: in order; a later one replaces what an earlier one put at the same path.
        folder: of the compose file; what relative sources name must lie in it, links followed.
        tree: takes the files, and knows what is below.
        workdir: absolute path of a folder that is made where it is missing.

    Raises:
        UsageError: a source does not exist, leaves the folder, or is not a file, folder or link; a file is in the way.
    """
    for rule in rules:
        for source, path in _pairs(rule, folder):
            layer = rule.layer or ("model" if source.endswith(MODEL_SUFFIXES) else "code")
            _put(tree, source, path, rule, layer)
    if path := workdir.strip("/"):
        _add(tree, make_entry(path, "dir", mode=0o755, mtime=tree.mtime), None, "code", f"workdir = {workdir!r}")
    return _shared_out(tree)


def check_files(rules: Sequence[FileRule], folder: Path) -> None:
    """Refuse files that cannot be taken, before the packages are made, which takes minutes.

    Args:
        rules: as for :func:`place_files`.
        folder: likewise.

    Raises:
        UsageError: a source does not exist, or leaves the folder.
    """
    for rule in rules:
        for source in _sources(rule):
            _check_inside(source, rule, folder)


def _shared_out(tree: Tree) -> Parts:
    """Give each layer its nodes with the folders above them, the model layer first, since it lies below the code."""
    taken: dict[str, Node] = {}
    parts: Parts = {}
    layers: tuple[FileLayer, FileLayer] = ("model", "code")
    for layer in layers:
        wanted = [path for path, node in tree.nodes.items() if node.owner == layer and path not in taken]
        above = {str(folder) for path in wanted for folder in PurePosixPath(path).parents}
        paths = ({*wanted, *above} & tree.nodes.keys()) - taken.keys()
        parts[layer] = {path: tree.nodes[path] for path in sorted(paths)}
        taken |= parts[layer]
    return parts


def _pairs(rule: FileRule, folder: Path) -> Iterator[tuple[str, str]]:
    """Give each file with the path it goes to, relative to the image's root."""
    found = _sources(rule)
    many = len(found) > 1 or found[0] != rule.source
    for source in found:
        _check_inside(source, rule, folder)
        to = rule.to.strip("/")
        if os.path.isdir(source) and not os.path.islink(source):
            base = f"{to}/{os.path.basename(source)}" if many else to
            yield from _walk(source, base)
        else:
            yield source, f"{to}/{os.path.basename(source)}".strip("/") if many or rule.to.endswith("/") else to


def _sources(rule: FileRule) -> list[str]:
    found = [rule.source] if os.path.lexists(rule.source) else sorted(glob.glob(rule.source, recursive=True))
    if not found:
        raise UsageError(f"there is no file {rule.source}", hint="see [[files]] from")
    return found


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


def _put(tree: Tree, source: str, path: str, rule: FileRule, layer: FileLayer) -> None:
    status = os.lstat(source)
    top_link = stat.S_ISLNK(status.st_mode) and source == rule.source
    if top_link:
        status = os.stat(source)
    if any(part.startswith(".wh.") for part in path.split("/")):
        raise UsageError(f"{source}: a name that begins with .wh. would delete files in an image")
    content = None
    if stat.S_ISREG(status.st_mode):
        mode = rule.mode if rule.mode is not None else (0o755 if status.st_mode & 0o111 else 0o644)
        entry = make_entry(path, "file", mode=mode, size=status.st_size, mtime=tree.mtime)
        content = Stored(Extent(source, 0, status.st_size))
    elif stat.S_ISDIR(status.st_mode):
        entry = make_entry(path, "dir", mode=0o755, mtime=tree.mtime)
    elif stat.S_ISLNK(status.st_mode):
        entry = make_entry(path, "symlink", mode=0o777, link=os.readlink(source), mtime=tree.mtime)
    else:
        raise UsageError(f"{source} is neither a file nor a folder nor a link")
    _add(tree, replace(entry, uid=rule.uid, gid=rule.gid), content, layer, f"[[files]] to = {rule.to!r}")


def _add(tree: Tree, entry: Entry, content: Content | None, layer: FileLayer, where: str) -> None:
    """Put an entry into the tree, and note its layer; folders that are there already stay as they are."""
    try:
        _check_free(tree, entry, where)
        is_new = tree.place(entry.path) not in tree.nodes
        path = tree.put(entry, content)
    except BadInputError as error:
        raise UsageError(f"{where}: {error.message}") from error
    if path in tree.nodes and (is_new or entry.type != "dir"):
        tree.nodes[path] = replace(tree.nodes[path], owner=layer)


def _check_free(tree: Tree, entry: Entry, where: str) -> None:
    """Refuse to make a folder of a file that is there, or a file of a folder."""
    path = tree.place(entry.path)
    for folder in reversed(PurePosixPath(path).parents[:-1]):
        if (node := tree.at(str(folder))) and node.entry.type != "dir":
            raise UsageError(f"{where}: /{folder} is a {node.entry.type} in the image, not a folder")
    there = tree.at(path)
    if there is None:
        return
    target = tree.at(tree.resolve(path))
    leads_to_folder = target is not None and target.entry.type == "dir"
    if entry.type == "dir" and not leads_to_folder:
        raise UsageError(f"{where}: /{path} is a {there.entry.type} in the image, not a folder")
    if entry.type != "dir" and leads_to_folder and (there.entry.type == "dir" or path not in tree.nodes):
        raise UsageError(
            f"{where}: /{path} is a folder in the image", hint="end 'to' with / to put the file into the folder"
        )
