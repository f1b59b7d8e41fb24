"""New images as documents: canonical JSON, so that the same layers and settings give the same digests everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jettison.oci import media
from jettison.oci.config import instructions, read_config
from jettison.oci.descriptor import make_descriptor, retyped
from jettison.oci.digest import sha256
from jettison.oci.document import dump_document
from jettison.oci.image import Config, Descriptor, Extent, Image, Layer

_EMPTY: Mapping[str, str] = {}


def make_image(
    *,
    name: str,
    config: Mapping[str, Any],
    layers: Sequence[tuple[Descriptor, str, Extent]],
    tags: Sequence[str] = (),
    annotations: Mapping[str, str] = _EMPTY,
) -> Image:
    """Make an image of layers and a config.

    The manifest is OCI's, except when every layer has a Docker media type: then it is Docker's schema 2.

    Args:
        name: what the image is called in messages.
        config: the config document; its ``rootfs`` is replaced by the layers' diff_ids.
        layers: lowest first: descriptor, diff_id and where the blob lies.
        tags: names for the outputs, ``repository:tag``.
        annotations: of the manifest (Docker's schema 2 has none; then they are dropped).

    Returns:
        An image like one that was opened; writing it checks each blob against its descriptor.

    Raises:
        BadInputError: ``config`` has fields of the wrong type, or a diff_id is none.
        RefusedError: a layer's media type is unknown, or the config is not for Linux.
    """
    for index, (descriptor, _, _) in enumerate(layers):
        media.check_layer_type(descriptor.media_type, f"{name}: layer {index}")
    rootfs = {"type": "layers", "diff_ids": [diff_id for _, diff_id, _ in layers]}
    raw = dump_document({**config, "rootfs": rootfs})
    read = read_config(raw, f"{name}: config")
    made = instructions(read, len(layers))
    image = Image(
        name=name,
        manifest=b"",
        manifest_media_type="",
        manifest_digest="",
        tags=tuple(tags),
        annotations=dict(sorted(annotations.items())),
        config=read,
        layers=tuple(
            Layer(index, descriptor, diff_id, blob, made[index])
            for index, (descriptor, diff_id, blob) in enumerate(layers)
        ),
    )
    return with_manifest(image)


def with_manifest(image: Image) -> Image:
    """Return the image with a manifest made for its config, kept byte for byte, and its layers.

    Args:
        image: an image without a manifest, each layer's digest known.
    """
    docker = bool(image.layers) and all(
        layer.descriptor.media_type.startswith(media.DOCKER_LAYER) for layer in image.layers
    )
    layers = tuple(replace(layer, descriptor=_typed(layer.descriptor, docker=docker)) for layer in image.layers)
    raw = _manifest(image.config, [layer.descriptor for layer in layers], image.annotations, docker=docker)
    return replace(
        image,
        manifest=raw,
        manifest_media_type=media.DOCKER_MANIFEST if docker else media.OCI_MANIFEST,
        manifest_digest=sha256(raw),
        annotations={} if docker else image.annotations,
        layers=layers,
    )


def _typed(descriptor: Descriptor, *, docker: bool) -> Descriptor:
    wanted = media.layer_type(media.LAYERS[descriptor.media_type], docker=docker)
    return descriptor if descriptor.media_type == wanted else retyped(descriptor, wanted)


def _manifest(config: Config, layers: list[Descriptor], annotations: Mapping[str, str], *, docker: bool) -> bytes:
    config_type = media.DOCKER_CONFIG if docker else media.OCI_CONFIG
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": media.DOCKER_MANIFEST if docker else media.OCI_MANIFEST,
        "config": make_descriptor(config_type, config.digest, len(config.raw)).document,
        "layers": [layer.document for layer in layers],
    }
    if annotations and not docker:
        document["annotations"] = dict(annotations)
    return dump_document(document, sort=False)
