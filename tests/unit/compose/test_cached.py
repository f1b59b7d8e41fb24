"""The cache of composed layers, when the disk did not keep what was written."""

from pathlib import Path

import pytest
from tests.helpers.composing import compose, project

from jettison.api.build import build
from jettison.errors import BadInputError


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("out", ["oci:{}/new", "oci-archive:{}/new.tar", "docker-archive:{}/new.tar"])
def test_a_damaged_layer_is_made_again(out: str, tmp_path: Path, own_cache: Path) -> None:
    """Bytes that changed in the cache are met when the image is written: they are made anew, the image is whole."""
    path = project(tmp_path)
    first, _ = compose(path, tmp_path / "out")
    for blob in (own_cache / "composed").rglob("*.blob"):
        flip(blob)
    again = build(path, out.format(tmp_path))
    assert again.digest == first.digest
    assert not any(layer.cached for layer in again.layers)
    assert all(layer.cached for layer in build(path, f"oci:{tmp_path}/third").layers[:-1])
    assert not list((own_cache / "scratch").iterdir())


def test_only_the_damaged_layer_is_made_again(tmp_path: Path, own_cache: Path) -> None:
    """The other layers are taken from the cache all the same."""
    path = project(tmp_path)
    first, _ = compose(path, tmp_path / "out")
    digest = first.layers[1].digest.removeprefix("sha256:")
    flip(own_cache / "composed" / digest[:2] / f"{digest}.blob")
    again, _ = compose(path, tmp_path / "out")
    assert again.digest == first.digest
    assert [layer.cached for layer in again.layers] == [True, False, True, False]


def test_a_damaged_base_image_is_no_matter_of_the_cache(tmp_path: Path) -> None:
    """A layer of the user's own base image that is not what it says stays an error, and stays where it is."""
    first, base = compose(project(tmp_path), tmp_path / "out")
    top = tmp_path / "top"
    top.mkdir()
    (top / "compose.toml").write_text(f'lock = false\n[base]\nimage = "oci:{tmp_path}/out"\n')
    assert build(top / "compose.toml", f"oci:{top}/one").below == len(first.layers)
    blob = Path(base.layers[0].blob.path)
    flip(blob)
    with pytest.raises(BadInputError):
        build(top / "compose.toml", f"oci:{top}/two")
    assert blob.exists()
    assert not (top / "two").exists()
