"""Media types, platforms, and images made new."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.images import digest

from jettison.errors import BadInputError, RefusedError, UsageError
from jettison.oci import media
from jettison.oci.descriptor import make_descriptor
from jettison.oci.image import Descriptor, Extent, Platform
from jettison.oci.make import make_image
from jettison.oci.manifest import read_manifest
from jettison.oci.platform import machine_platform, normal, parse_platform, satisfies

CONFIG = {"os": "linux", "architecture": "amd64", "config": {"Cmd": ["x"]}, "history": [{"created_by": "COPY a"}]}


def layer(media_type: str, data: bytes = b"x") -> tuple[Descriptor, str, Extent]:
    return make_descriptor(media_type, digest(data), len(data)), digest(data), Extent("/nowhere", 0, len(data))


@pytest.mark.parametrize(("media_type", "compression"), media.LAYERS.items())
def test_layer_types_state_a_compression(media_type: str, compression: media.Compressed) -> None:
    """Every known type is what layer_type makes for its compression."""
    assert media.check_layer_type(media_type, "x") == compression
    assert media.layer_type(compression, docker=media_type.startswith(media.DOCKER_LAYER)) == media_type


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\x50\x2a\x4d\x18\x00\x00", "zstd"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"PK\x03\x04", "zip"),
        (b"etc/pa", "none"),
        (b"", "none"),
    ],
)
def test_compression_is_found_by_first_bytes(head: bytes, name: str) -> None:
    """The first bytes tell what a blob is packed with; what OCI does not know is refused as a layer."""
    assert media.packed_with(head) == name
    if name in ("none", "gzip", "zstd"):
        assert media.check_compression(head, "x") == name
    else:
        with pytest.raises(RefusedError, match=name):
            media.check_compression(head, "x")


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("Linux/AArch64", Platform("linux", "arm64")),
        ("linux/armhf", Platform("linux", "arm", "v7")),
        ("linux/arm/v6", Platform("linux", "arm", "v6")),
    ],
)
def test_platforms_are_read_as_containerd_reads_them(text: str, platform: Platform) -> None:
    """Names are normalised to Go's."""
    assert parse_platform(text) == platform


@pytest.mark.parametrize("text", ["", "linux", "linux/", "a/b/c/d", "linux/amd64 ", "linux//x"])
def test_a_malformed_platform_is_a_usage_error(text: str) -> None:
    """What is not os/architecture[/variant] is the user's mistake."""
    with pytest.raises(UsageError):
        parse_platform(text)


@pytest.mark.parametrize(
    ("offered", "wanted", "fits"),
    [
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/arm/v6", "linux/arm", True),
        ("linux/amd64", "linux/arm64", False),
        ("linux/amd64/v3", "linux/amd64", True),
        ("linux/amd64", "linux/amd64/v3", False),
    ],
)
def test_variants_count_when_asked_for(offered: str, wanted: str, fits: bool) -> None:  # noqa: FBT001 -- a table's column
    """A platform without a variant stands for its usual one."""
    assert satisfies(parse_platform(offered), parse_platform(wanted)) is fits


def test_the_machine_has_a_platform() -> None:
    """The machine's own platform is Linux, normalised."""
    assert machine_platform() == normal(machine_platform())
    assert machine_platform().os == "linux"


def test_docker_layers_make_a_docker_manifest() -> None:
    """When every layer has a Docker type, so have manifest and config."""
    image = make_image(name="n", config=CONFIG, layers=[layer(media.DOCKER_LAYER + ".gzip")])
    document = json.loads(image.manifest)
    assert image.manifest_media_type == document["mediaType"] == media.DOCKER_MANIFEST
    assert document["config"]["mediaType"] == media.DOCKER_CONFIG


def test_mixed_layers_make_an_oci_manifest() -> None:
    """One OCI layer makes the manifest OCI's, and the Docker layers get the OCI type of the same compression."""
    config = {**CONFIG, "history": []}
    layers = [layer(media.DOCKER_LAYER + ".gzip"), layer(media.OCI_LAYER + "+zstd", b"y")]
    image = make_image(name="n", config=config, layers=layers, annotations={"b": "1", "a": "2"})
    assert [one.descriptor.media_type for one in image.layers] == [media.OCI_LAYER + "+gzip", media.OCI_LAYER + "+zstd"]
    read = read_manifest(image.manifest, image.manifest_media_type, "m")
    assert read.annotations == {"a": "2", "b": "1"}
    assert [one.media_type for one in read.layers] == [one.descriptor.media_type for one in image.layers]


def test_made_images_are_consistent() -> None:
    """Config and manifest carry the digests of what they name; the history names the layer's instruction."""
    image = make_image(name="n", config={**CONFIG, "rootfs": {"diff_ids": ["old"]}}, layers=[layer(media.OCI_LAYER)])
    manifest = json.loads(image.manifest)
    assert manifest["config"] == {
        "mediaType": media.OCI_CONFIG,
        "digest": digest(image.config.raw),
        "size": len(image.config.raw),
    }
    assert image.manifest_digest == digest(image.manifest)
    assert image.config.diff_ids == (digest(b"x"),)
    assert image.layers[0].created_by == "COPY a"


@given(st.permutations(list(CONFIG.items())))
def test_made_images_do_not_depend_on_key_order(items: list[tuple[str, object]]) -> None:
    """The same settings in any order give the same digests."""
    expected = make_image(name="n", config=CONFIG, layers=[layer(media.OCI_LAYER)])
    assert make_image(name="n", config=dict(items), layers=[layer(media.OCI_LAYER)]).manifest == expected.manifest


def test_make_refuses_what_could_not_be_read_again() -> None:
    """An unknown layer type and a config of wrong types never become an image."""
    with pytest.raises(RefusedError):
        make_image(name="n", config=CONFIG, layers=[layer("text/plain")])
    with pytest.raises(BadInputError):
        make_image(name="n", config={**CONFIG, "config": {"Env": "x"}}, layers=[layer(media.OCI_LAYER)])


def test_paths_of_extents_are_not_touched(tmp_path: Path) -> None:
    """Making an image reads no blob: the file may come later."""
    descriptor, diff_id, _ = layer(media.OCI_LAYER)
    image = make_image(name="n", config=CONFIG, layers=[(descriptor, diff_id, Extent(str(tmp_path / "no"), 0, 1))])
    assert image.layers[0].blob.path.endswith("no")
