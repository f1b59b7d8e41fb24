"""Descriptors: references to blobs by digest and size (OCI image-spec, descriptor.md)."""

import re
from collections.abc import Mapping
from typing import Any

from jettison.errors import BadInputError
from jettison.oci import fields
from jettison.oci.digest import check_digest
from jettison.oci.image import Descriptor, Document, Platform
from jettison.oci.platform import read_platform

# RFC 6838, 4.2: type and subtype, 127 characters each
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\Z")
_KEYS = ("mediaType", "digest", "size", "annotations", "platform", "urls", "data", "artifactType")


def read_descriptor(value: Any, where: str) -> Descriptor:
    """Read one descriptor.

    Args:
        value: what stands in the document.
        where: what holds it, for the error.

    Raises:
        BadInputError: it is no object, or media type, digest, size or annotations are missing or malformed.
        RefusedError: its digest is not sha256.
    """
    document = fields.an_object(value, where)
    fields.check_case(document, _KEYS, where)
    media_type = fields.text(document, "mediaType", where)
    if not _MEDIA_TYPE.match(media_type):
        raise BadInputError(f"{where}: mediaType {media_type[:80]!r} is no media type")
    fields.string_map(document, "annotations", where)
    digest = check_digest(document.get("digest"), where)
    return Descriptor(media_type, digest, fields.size(document, "size", where), document)


def make_descriptor(
    media_type: str, digest: str, size: int, *, annotations: Mapping[str, str] | None = None
) -> Descriptor:
    """Return a new descriptor with its document."""
    document: dict[str, Any] = {"mediaType": media_type, "digest": digest, "size": size}
    if annotations:
        document["annotations"] = dict(sorted(annotations.items()))
    return Descriptor(media_type, digest, size, document)


def retyped(descriptor: Descriptor, media_type: str) -> Descriptor:
    """Return the descriptor of the same blob under another media type, its other fields kept."""
    document: Document = {**descriptor.document, "mediaType": media_type}
    return Descriptor(media_type, descriptor.digest, descriptor.size, document)


def annotations_of(descriptor: Descriptor) -> Mapping[str, str]:
    """Return the descriptor's annotations, which :func:`read_descriptor` has checked."""
    return descriptor.document.get("annotations") or {}


def platform_of(descriptor: Descriptor, where: str) -> Platform | None:
    """Return the descriptor's platform, or None.

    Raises:
        BadInputError: a field of it is of the wrong type.
    """
    return read_platform(descriptor.document.get("platform"), f"{where}: platform")
