"""Digests in the RECORD of a Python distribution: ``sha256=``, then URL-safe base64 without padding (PEP 376)."""

import base64
import binascii

PREFIX = "sha256="
"""How the digests begin that are written and read here; a RECORD may hold those of other algorithms."""

_SIZE = 32  # bytes of a SHA-256


def write_digest(digest: str) -> str:
    """Return a digest, given as ``sha256:<hex>``, in RECORD's form."""
    raw = bytes.fromhex(digest.removeprefix("sha256:"))
    return PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_digest(text: str) -> str:
    """Return a digest in RECORD's form as ``sha256:<hex>``; ``""`` when it is malformed or of another algorithm.

    It comes from an image: padding, and characters that base64 does not have, are passed over.
    """
    if not text.startswith(PREFIX):
        return ""
    encoded = text.removeprefix(PREFIX)
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError):
        return ""
    return f"sha256:{raw.hex()}" if len(raw) == _SIZE else ""
