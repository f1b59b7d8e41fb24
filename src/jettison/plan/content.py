"""New content of a file, by what records say of it."""

import hashlib
from dataclasses import dataclass

from jettison.oci.digest import sha256


@dataclass(frozen=True, slots=True)
class Content:
    """What records of packages say of a file's content.

    Attributes:
        size: bytes.
        digest: ``sha256:`` and hexadecimal digits.
        md5: hexadecimal digits, as dpkg's md5sums have them.
    """

    size: int
    digest: str
    md5: str


def content_of(data: bytes) -> Content:
    """Return what records say of ``data``."""
    return Content(len(data), sha256(data), hashlib.md5(data, usedforsecurity=False).hexdigest())


EMPTY = content_of(b"")
"""Of a file whose name stays, and nothing else."""
