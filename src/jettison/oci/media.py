"""Media types of OCI (image-spec, media-types.md) and Docker (manifest v2, schema 2); compression by first bytes."""

from typing import Literal

from jettison.errors import RefusedError

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

OCI_EMPTY = "application/vnd.oci.empty.v1+json"  # image-spec 1.1, manifest.md, "Guidance for an Empty Descriptor"

INDEXES = (OCI_INDEX, DOCKER_INDEX)
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
CONFIGS = (OCI_CONFIG, DOCKER_CONFIG)

Compressed = Literal["none", "gzip", "zstd"]

LAYERS: dict[str, Compressed] = {
    OCI_LAYER: "none",
    OCI_LAYER + "+gzip": "gzip",
    OCI_LAYER + "+zstd": "zstd",
    DOCKER_LAYER: "none",
    DOCKER_LAYER + ".gzip": "gzip",
    DOCKER_LAYER + ".zstd": "zstd",
}

# First bytes of what a layer, or a whole archive, may be packed with. A zstd file may begin with a skippable frame.
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PK\x03\x04", "zip"),
)
MAGIC_LENGTH = 6
_SKIPPABLE = b"\x2a\x4d\x18"


def layer_type(compression: Compressed, *, docker: bool = False) -> str:
    """Return the media type of a layer: OCI's, or Docker's when ``docker``."""
    if compression == "none":
        return DOCKER_LAYER if docker else OCI_LAYER
    return f"{DOCKER_LAYER}.{compression}" if docker else f"{OCI_LAYER}+{compression}"


def check_layer_type(media_type: str, where: str) -> Compressed:
    """Return the compression that a layer's media type states.

    Raises:
        RefusedError: the layer is foreign (not distributable), encrypted, or of an unknown type.
    """
    known = LAYERS.get(media_type)
    if known is not None:
        return known
    if "nondistributable" in media_type or "rootfs.foreign" in media_type:
        raise RefusedError(f"{where}: media type {media_type} is a foreign layer, whose bytes are not in the image")
    if media_type.endswith("+encrypted"):
        raise RefusedError(f"{where}: media type {media_type} is encrypted", hint="decrypt the image first")
    raise RefusedError(f"{where}: media type {media_type[:120]!r} is no layer that Jettison reads")


def packed_with(head: bytes) -> str:
    """Return what the first bytes of a blob say it is packed with.

    Args:
        head: its first 6 bytes, or more.

    Returns:
        ``gzip``, ``zstd``, ``bzip2``, ``xz``, ``lz4``, ``zip`` or ``none``.
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if len(head) >= MAGIC_LENGTH and head[1:4] == _SKIPPABLE and 0x50 <= head[0] <= 0x5F:  # noqa: PLR2004 -- RFC 8878, 3.1.2
        return "zstd"
    return "none"


def check_compression(head: bytes, where: str) -> Compressed:
    """Return the compression of a layer by its first bytes.

    Raises:
        RefusedError: it is packed with something that OCI does not know (bzip2, xz, lz4, zip).
    """
    name = packed_with(head)
    match name:
        case "none" | "gzip" | "zstd":
            return name
    raise RefusedError(f"{where} is packed with {name}", hint="only plain, gzip and zstd layers are read")
