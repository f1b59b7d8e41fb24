"""Unpack an image's layers into a folder, as container engines do, safely against hostile layers.

No device is made (the sandbox brings its own ``/dev``), no file outside the folder is touched, and nothing is synced:
the folder is scratch. What each entry does is in :mod:`jettison.run.tree`.
"""

import contextlib
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jettison.errors import BadInputError, MachineError
from jettison.finding import Skip
from jettison.layers.limits import Limits, layer_place
from jettison.layers.members import members
from jettison.oci.image import Image, Layer
from jettison.progress import SILENT, Progress, Task
from jettison.run.ids import Ids, own_ids
from jettison.run.tree import Tree

_HOSTILE = {errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.EMLINK}
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What unpacking gave.

    Attributes:
        ids: how the owners of the files were mapped.
        skips: entries that were not made, and why (devices); at most 1,000.
    """

    ids: Ids
    skips: tuple[Skip, ...]


def unpack(
    image: Image,
    into: Path,
    *,
    limits: Limits | None = None,
    progress: Progress = SILENT,
    ids: Ids | None = None,
    arrived: Callable[[Layer], None] | None = None,
) -> Unpacked:
    """Unpack all layers of an image.

    Args:
        image: what to unpack; digests are checked as layers are read.
        into: an empty folder that nobody else can enter or write to.
        limits: of each layer.
        progress: told the stored bytes as they are read.
        ids: whose files they become; default what this process has the right to.
        arrived: called before each layer, returns once its blob is there; None when all are.

    Raises:
        BadInputError: a layer is malformed or hostile; the message names layer and entry.
        MachineError: there is no room on the disk, or it cannot hold such files.
    """
    _check_room(image, into)
    ids = ids if ids is not None else own_ids()
    root = os.open(into, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        tree = Tree(root, ids)
        with progress.task(f"unpack {image.name}", sum(layer.blob.size for layer in image.layers)) as task:
            for layer in image.layers:
                if arrived:
                    arrived(layer)
                _apply(tree, layer, limits if limits is not None else Limits(), task)
            _finish(tree, into)
    finally:
        os.close(root)
    return Unpacked(ids, tuple(tree.skips))


def _check_room(image: Image, into: Path) -> None:
    """Refuse at once what cannot fit: a rootfs is hardly ever smaller than its compressed layers together."""
    stored = sum(layer.blob.size for layer in image.layers)
    room = os.statvfs(into)
    free = room.f_bavail * room.f_frsize
    if free < stored:
        raise MachineError(
            f"{into}: {free} bytes free, and the layers alone have {stored}",
            hint="free some space, or set JETTISON_CACHE to a folder on a larger disk",
        )


def _apply(tree: Tree, layer: Layer, limits: Limits, task: Task) -> None:
    tree.begin()
    path = ""
    try:
        with contextlib.closing(members(layer, limits=limits, task=task)) as stream:
            for member in stream:
                path = member.entry.path
                tree.add(member)
    except OSError as error:
        raise _explain(error, layer, path) from error


def _finish(tree: Tree, into: Path) -> None:
    try:
        tree.finish()
    except OSError as error:
        raise MachineError(f"{into}: modes and owners cannot be set: {error.strerror}") from error


def _explain(error: OSError, layer: Layer, path: str) -> Exception:
    place = f"{layer_place(layer)}: {path!r}"
    if error.errno in _FULL:
        hint = "free some space, or set JETTISON_CACHE to a folder on a larger disk"
        return MachineError(f"{place}: the disk is full", hint=hint)
    if error.errno in _HOSTILE:
        return BadInputError(f"{place}: cannot be unpacked: {error.strerror}")
    return MachineError(f"{place}: {error.strerror}")
