"""Manifests and indexes (OCI image-spec, manifest.md and image-index.md; Docker manifest v2, schema 2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jettison.errors import BadInputError, RefusedError
from jettison.oci import fields, media
from jettison.oci.descriptor import annotations_of, platform_of, read_descriptor
from jettison.oci.document import load_document
from jettison.oci.image import Descriptor, Document, Platform

MANIFEST_LIMIT = 4_194_304  # bytes; what registries must take (distribution-spec, "Pushing manifests")
LAYERS_LIMIT = 1000  # engines stop at 127
ENTRIES_LIMIT = 10_000
ATTESTATION = "vnd.docker.reference.type"
UNREADABLE = Descriptor("", "", 0, {})
"""Stands for a descriptor that cannot be read, where that is forgiven."""
_KEYS = ("schemaVersion", "mediaType", "config", "layers", "manifests", "annotations", "subject", "artifactType")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read and checked.

    Attributes:
        media_type: its own, which agrees with the descriptor it was reached by.
        config: descriptor of the config.
        layers: descriptors, lowest first.
        annotations: names and values.
    """

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str]


def read_manifest(raw: bytes, media_type: str, where: str, forgive: fields.Forgive = fields.insist) -> Manifest:
    """Read an image manifest.

    Args:
        raw: its bytes, digest already checked.
        media_type: what the descriptor says it is.
        where: for the error.
        forgive: takes what is wrong with a part; when it returns, a descriptor that cannot be read is
            :data:`UNREADABLE`, and a layer of an unknown type is there all the same.

    Raises:
        BadInputError: it is malformed, or says that it is of another type.
        RefusedError: it is an artifact that is no container image, or a layer is foreign or of an unknown type.
    """
    document = _open(raw, media_type, where, forgive)
    if "manifests" in document:
        forgive(BadInputError(f"{where} is a manifest and an index at once"))
    config = fields.attempt(lambda: _config(document, where), UNREADABLE, forgive)
    nothing: list[Any] = []
    values = fields.attempt(lambda: _values(document, "layers", where, LAYERS_LIMIT), nothing, forgive)
    layers = tuple(_layer(value, f"{where}: layer {index}", forgive) for index, value in enumerate(values))
    none: Mapping[str, str] = {}
    annotations = fields.attempt(lambda: fields.string_map(document, "annotations", where), none, forgive)
    return Manifest(media_type, config, layers, annotations)


def _config(document: Document, where: str) -> Descriptor:
    config = read_descriptor(document.get("config"), f"{where}: config")
    if config.media_type not in media.CONFIGS:
        raise RefusedError(f"{where} is no container image: its config is {config.media_type}")
    return config


def _layer(value: object, where: str, forgive: fields.Forgive) -> Descriptor:
    layer = fields.attempt(lambda: read_descriptor(value, where), UNREADABLE, forgive)
    if layer is not UNREADABLE:
        fields.attempt(lambda: media.check_layer_type(layer.media_type, where), None, forgive)
    return layer


def read_index(raw: bytes, media_type: str, where: str) -> tuple[Descriptor, ...]:
    """Read an image index, and return its entries in order.

    Raises:
        BadInputError: it is malformed, says that it is of another type, or has more than 10,000 entries.
    """
    document = _open(raw, media_type, where, fields.insist)
    if "layers" in document or "config" in document:
        raise BadInputError(f"{where} is a manifest and an index at once")
    values = _values(document, "manifests", where, ENTRIES_LIMIT)
    return tuple(read_descriptor(value, f"{where}: manifests[{index}]") for index, value in enumerate(values))


def entry_platform(entry: Descriptor, where: str) -> Platform | None:
    """Return the platform that an index gives for an entry; None when it gives none."""
    return platform_of(entry, where)


def is_attestation(entry: Descriptor, where: str) -> bool:
    """Whether an index entry is about an image (provenance, SBOM, signature) and is none itself."""
    platform = platform_of(entry, where)
    return ATTESTATION in annotations_of(entry) or (platform is not None and platform.os == "unknown")


def _open(raw: bytes, media_type: str, where: str, forgive: fields.Forgive) -> Document:
    document = load_document(raw, where)
    fields.attempt(lambda: fields.check_case(document, _KEYS, where), None, forgive)
    version = document.get("schemaVersion")
    if version == 1 and version is not True:
        raise RefusedError(f"{where} is of Docker's schema 1", hint="pull it again with a current engine and save it")
    if isinstance(version, bool) or version != 2:  # noqa: PLR2004 -- image-spec: "This REQUIRED property … MUST be 2"
        forgive(BadInputError(f"{where}: schemaVersion is not 2"))
    own = fields.attempt(lambda: fields.text(document, "mediaType", where), "", forgive)
    if own and own != media_type:
        forgive(BadInputError(f"{where} says that it is {own[:120]!r}, and its descriptor says {media_type!r}"))
    return document


def _values(document: Document, key: str, where: str, limit: int) -> list[Any]:
    values = fields.items(document, key, where)
    if key not in document or len(values) > limit:
        raise BadInputError(f"{where}: {key} is missing or has more than {limit} entries")
    return values
