"""The same image with its layers packed by another codec: every tar, every diff_id and the config stay as they are."""

import os
from dataclasses import replace
from pathlib import Path

from jettison.files.record import FileTable
from jettison.layers.limits import Limits
from jettison.layers.table import Compression
from jettison.oci.image import Image
from jettison.oci.make import with_manifest
from jettison.progress import SILENT, Progress
from jettison.rebuild.layer import Recipe, placed, recompress_layer


def repack(
    table: FileTable,
    compression: Compression,
    level: int | None = None,
    *,
    scratch: Path,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> Image:
    """Pack the layers of an image anew where another codec packed them.

    Args:
        table: of the image.
        compression: codec.
        level: of it; None for its default.
        scratch: folder for the new layers; it must outlive the image returned.
        limits: what is accepted of the layers.
        progress: told of stored bytes.

    Returns:
        The image with a manifest made anew, or as it was when every layer is packed so already.

    Raises:
        BadInputError: a layer is not what it was when the table was read.
        MachineError: there is no room.
    """
    image = table.image
    other = [layer for layer in table.layers if layer.compression != compression]
    if not other and image.manifest:
        return image
    layers = []
    with progress.task(f"pack {image.name}", sum(layer.stored for layer in other)) as task:
        for layer, read in zip(image.layers, table.layers, strict=True):
            if read.compression == compression:
                layers.append(layer)
                continue
            path = scratch / f"packed-{layer.index}"
            threads = len(os.sched_getaffinity(0))
            recipe = Recipe(path, compression, level, threads, scratch, limits or Limits())
            written = recompress_layer(layer, read, recipe, task)
            descriptor, _, blob = placed(written)
            layers.append(replace(layer, descriptor=descriptor, blob=blob))
    return with_manifest(replace(image, layers=tuple(layers)))
