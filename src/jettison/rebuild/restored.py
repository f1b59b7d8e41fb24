"""One more layer that brings back what slimming took away: Image + paths of its original → Image."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.errors import BadInputError
from jettison.files.folders import parents_of
from jettison.files.record import FileTable
from jettison.finding import Skip
from jettison.layers.entry import Entry
from jettison.layers.limits import Limits
from jettison.layers.write import LayerWriter, WrittenLayer
from jettison.oci.image import Image
from jettison.oci.make import make_image
from jettison.progress import SILENT, Progress
from jettison.rebuild.apply import BASE_DIGEST
from jettison.rebuild.files import take_out
from jettison.rebuild.layer import placed

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """An image with one more layer.

    Attributes:
        image: what was made.
        layer: the layer.
    """

    image: Image
    layer: WrittenLayer


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was brought back.

    Attributes:
        image: the slimmed image's reference.
        out: where the new one is.
        digest: of its manifest.
        paths: that came back, with the reason: what was asked for, or what that needs.
        databases: records of packages that say so now.
        disk: bytes of content in the layer.
        pull: bytes of the layer as stored.
        skips: what was left as it is, and why.
        seconds: wall time.
    """

    image: str
    out: str
    digest: str
    paths: Mapping[str, str]
    databases: tuple[str, ...]
    disk: int
    pull: int
    skips: tuple[Skip, ...]
    seconds: float


def restore_paths(
    old: FileTable,
    new: FileTable,
    paths: Sequence[str],
    databases: Mapping[str, bytes],
    *,
    scratch: Path,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> Restored:
    """Make the layer, and the image that has it.

    Args:
        old: of the original, which has the paths.
        new: of the image that lacks them.
        paths: real paths, sorted; directories above them that the image lacks come with them.
        databases: new content of files that the image has, or that are among the paths.
        scratch: folder for the layer; it must outlive the image returned.
        limits: what is accepted of the original's layers.
        progress: told of stored bytes of the original.

    Raises:
        BadInputError: a layer is not what it was when the table was read.
        MachineError: there is no room.
    """
    above = {folder for path in paths for folder in parents_of(path)}
    whole = {*paths, *(above & old.visible.keys() - new.visible.keys())}
    blob = scratch / "restored"
    files = [path for path in whole - databases.keys() if old.visible[path].entry.type in ("file", "hardlink")]
    what = "reading the original"
    contents = take_out(old, files, scratch, what=what, limits=limits or Limits(), progress=progress)
    with LayerWriter(blob, "gzip", threads=len(os.sched_getaffinity(0))) as writer:
        for path in sorted(whole | databases.keys()):
            if path in databases:
                table = new if path in new.visible else old
                entry = replace(_entry(table, path), size=len(databases[path]))
                writer.add(entry, [databases[path]])
            else:
                writer.add(_entry(old, path), _pieces(contents.get(path)))
        layer = writer.finish()
    below = [(one.descriptor, one.diff_id, one.blob) for one in new.image.layers]
    image = make_image(
        name=new.image.name,
        config=_config(new.image, len(paths)),
        layers=[*below, placed(layer)],
        tags=new.image.tags,
        annotations={BASE_DIGEST: new.image.annotations.get(BASE_DIGEST, old.image.manifest_digest)},
    )
    return Restored(image, layer)


def _entry(table: FileTable, path: str) -> Entry:
    """Return the entry of a path with its own name; a hard link as the file that it is."""
    layer, index = table.holder(table.visible[path])
    return replace(table.layers[layer].entries[index], path=path)


def _pieces(place: Path | None) -> Iterator[bytes]:
    if place is None:
        return
    with open(place, "rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _config(image: Image, count: int) -> Mapping[str, object]:
    document = dict(image.config.document)
    history = document.get("history", [])
    if not isinstance(history, list):
        raise BadInputError(f"{image.name}: config: history is no list")
    one = {"created_by": f"jettison restore: {count} paths", "comment": "restored by jettison"}
    return {**document, "history": [*history, one]} if history else document
