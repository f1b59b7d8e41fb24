"""A layer's blob: gzip members, zstd frames, anything else."""

import hashlib
import os

from tests.helpers.layerblobs import END, member, packed

from jettison.errors import JettisonError
from jettison.layers.buffers import PIECE
from jettison.layers.limits import Limits
from jettison.layers.stream import Source, detect, pieces
from jettison.oci.image import Extent

_LIMITS = Limits(max_tar_size=1 << 24, ratio_grace=1 << 22)
_TAR = member(b"a", b"content" * 300) + END
_SKIPPABLE = b"\x50\x2a\x4d\x18\3\0\0\0abc"
CORPUS = (
    _TAR,
    packed(_TAR, "gzip"),
    packed(_TAR, "gzip") + packed(b"", "gzip"),
    packed(_TAR, "zstd"),
    _SKIPPABLE + packed(_TAR, "zstd") + _SKIPPABLE + packed(b"x", "zstd"),
)


def run(data: bytes) -> None:
    """Unpack the input within limits."""
    memory = os.memfd_create("blob")
    try:
        os.write(memory, data)
        extent = Extent(f"/proc/self/fd/{memory}", 0, len(data))
        for piece in pieces(Source(extent, detect(extent), "layer", _LIMITS), hashlib.sha256()):
            assert 0 < len(piece.data) <= PIECE  # noqa: S101 -- the target's statement
    except JettisonError:
        pass
    finally:
        os.close(memory)
