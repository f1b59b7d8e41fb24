"""A thousand modest layers are as large as one huge layer: the limits hold for all layers of an image together."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.images import File, oci_layout, tar_bytes

from jettison.errors import BadInputError
from jettison.layers.limits import Limits
from jettison.layers.read import read_layer, read_layers
from jettison.oci.image import Image
from jettison.sources.open import open_image
from jettison.storage import Cache


class _Echo:
    """Keeps all of each file, as text."""

    name = "echo"
    version = 1

    def begin(self, _path: str, _size: int) -> "_Echo":
        self.data = ""
        return self

    def feed(self, piece: bytes | memoryview) -> None:
        self.data += bytes(piece).decode()

    def finish(self) -> Any:
        return {"text": [self.data]}


@pytest.fixture
def image(tmp_path: Path) -> Image:
    layers = [tar_bytes([File(f"{layer}-{name}", b"some\ntext") for name in "ab"]) for layer in range(4)]
    oci_layout(tmp_path / "image", layers)
    return open_image(f"oci:{tmp_path / 'image'}")


@pytest.mark.parametrize(
    ("limit", "enough", "place"), [("max_entries", 8, ""), ("max_metadata", 24, ""), ("max_observed", 8 * 169, ", '")]
)
def test_limits_hold_for_all_layers_together(image: Image, tmp_path: Path, limit: str, enough: int, place: str) -> None:
    """Each layer is within the limit and all are not: refused, also when every layer comes from the cache."""
    cache = Cache(tmp_path / "cache")
    one_less: Any = {limit: enough - 1}
    for layer in image.layers:
        assert read_layer(layer, [_Echo()], limits=replace(Limits(), **one_less)).entries
    with pytest.raises(BadInputError, match=rf"layer 3 \(\w+\){place}.*over the limit {limit.replace('_', '-')} of"):
        read_layers(image, [_Echo()], limits=replace(Limits(), **one_less))
    just_enough: Any = {limit: enough}
    assert len(read_layers(image, [_Echo()], limits=replace(Limits(), **just_enough), cache=cache)) == len(image.layers)
    with pytest.raises(BadInputError, match=r"layer 3 \(\w+\)"):
        read_layers(image, [_Echo()], limits=replace(Limits(), **one_less), cache=cache)
