"""Single files of a layer, however it is packed."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.slimming import FRESH

from jettison.errors import BadInputError, MachineError
from jettison.files.read import read_table
from jettison.files.record import FileTable
from jettison.layers.limits import Limits
from jettison.progress import SILENT
from jettison.rebuild.files import LayerFiles, bytes_read, take_out
from jettison.sources.open import open_image

FILES = tuple(File(f"f{number}", bytes([number]) * (number * 700_000)) for number in range(5))
PACKED = pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])


def read(folder: Path, compression: Any, wanted: list[int], out: Path) -> tuple[FileTable, list[tuple[int, bytes]]]:
    """Write an image, read it, and take files out of its layer."""
    oci_layout(folder, [tar_bytes(FILES)], compression=compression)
    table = read_table(open_image(f"oci:{folder}"), options=FRESH)
    return table, taken(table, wanted, out)


def taken(table: FileTable, wanted: list[int], out: Path) -> list[tuple[int, bytes]]:
    """Take files out of the layer, one after another."""
    out.mkdir(exist_ok=True)
    found = []
    with SILENT.task("files", bytes_read(table.layers[0], wanted)) as task:
        source = LayerFiles(table.image.layers[0], table.layers[0], Limits(), task)
        with closing(source.files(wanted, out)) as files:
            for index, path in files:
                found.append((index, path.read_bytes()))
                path.unlink()
    return found


@PACKED
def test_files(tmp_path: Path, compression: str) -> None:
    """The wanted files come in the order of the tar, whole, the empty one as well, and nothing is left behind."""
    table, found = read(tmp_path / "image", compression, [3, 0, 1], tmp_path / "out")
    assert found == [(index, FILES[index].content) for index in (0, 1, 3)]
    assert list((tmp_path / "out").iterdir()) == []
    assert 0 < bytes_read(table.layers[0], [3, 0, 1]) <= table.layers[0].size
    assert taken(table, [], tmp_path / "out") == []


@PACKED
def test_changed(tmp_path: Path, compression: str) -> None:
    """A layer that changed since it was read is found out by the file that is taken of it."""
    table, _ = read(tmp_path / "image", compression, [], tmp_path / "out")
    blob = Path(table.image.layers[0].blob.path)
    other = [File(file.path, b"z" * len(file.content)) for file in FILES]
    oci_layout(tmp_path / "other", [tar_bytes(other)], compression=compression)
    content = Path(open_image(f"oci:{tmp_path / 'other'}").layers[0].blob.path).read_bytes()
    blob.write_bytes(content.ljust(table.image.layers[0].blob.size, b"\0")[: table.image.layers[0].blob.size])
    with pytest.raises(BadInputError):
        taken(table, [3], tmp_path / "out")
    blob.write_bytes(content[:100])
    with pytest.raises(BadInputError):
        taken(table, [3], tmp_path / "out")


@PACKED
def test_gone(tmp_path: Path, compression: str) -> None:
    """An image that is not there any more is the machine's error."""
    table, _ = read(tmp_path / "image", compression, [], tmp_path / "out")
    Path(table.image.layers[0].blob.path).unlink()
    with pytest.raises(MachineError):
        taken(table, [3], tmp_path / "out")


def test_taken_by_path(tmp_path: Path) -> None:
    """Files of several layers are taken by their paths; a hard link has the place of what it is a link to."""
    first = [File("a", b"one"), File("b", type="hardlink", link="a")]
    oci_layout(tmp_path / "image", [tar_bytes(first), tar_bytes([File("c", b"two"), File("d", b"three")])])
    table = read_table(open_image(f"oci:{tmp_path / 'image'}"), options=FRESH)
    found = take_out(table, ["a", "b", "d"], tmp_path, what="taking", limits=Limits())
    assert {path: place.read_bytes() for path, place in found.items()} == {"a": b"one", "b": b"one", "d": b"three"}
    assert found["a"] == found["b"]
