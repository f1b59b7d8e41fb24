"""Images of a few members, written to a folder that goes away, and read into a file table."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.helpers.images import File, oci_layout, tar_bytes

from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.sources.open import open_image

Members = Sequence[File | tuple[str, bytes]] | Sequence[File] | Sequence[tuple[str, bytes]] | Mapping[str, bytes]


def table_of(*layers: Members) -> FileTable:
    """Return the file table of an image with these layers, lowest first."""
    with tempfile.TemporaryDirectory() as folder:
        oci_layout(Path(folder) / "image", [tar_bytes(layer) for layer in layers])
        return read_table(open_image(f"oci:{folder}/image"), options=ReadOptions(cache=False))


def owners_of(table: FileTable, paths: Iterable[str]) -> dict[str, str]:
    """Return the owner's key of each path."""
    return {path: table.visible[path].owner for path in paths}
