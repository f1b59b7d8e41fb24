"""Digests: ``sha256:<64 hex>`` (OCI image-spec, descriptor.md, "Digests")."""

import hashlib
import re

from jettison.errors import BadInputError, RefusedError

_GRAMMAR = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+\Z")
_SHA256 = re.compile(r"sha256:[a-f0-9]{64}\Z")


def check_digest(text: object, where: str) -> str:
    """Return ``text`` when it is a sha256 digest.

    Args:
        text: what a document holds.
        where: what holds it, for the error.

    Raises:
        BadInputError: it is no digest at all.
        RefusedError: it is a digest of another algorithm (sha512 is registered, and never seen in images).
    """
    if isinstance(text, str) and _SHA256.match(text):
        return text
    if isinstance(text, str) and _GRAMMAR.match(text) and not text.startswith("sha256:"):
        raise RefusedError(f"{where}: digest algorithm of {text[:80]!r} is not sha256")
    raise BadInputError(f"{where}: {str(text)[:80]!r} is not a digest")


def sha256(data: bytes) -> str:
    """Return the digest of ``data``, as ``sha256:<hex>``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
