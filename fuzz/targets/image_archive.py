"""Archives as a whole: the outer tar, manifest.json, index.json, links and blobs, with tar checksums made right.

Without that, hardly a mutation would get past the first header.
"""

import contextlib
import os
import tempfile

from tests.helpers.images import File, docker_files, oci_files, tar_bytes

from jettison.errors import JettisonError
from jettison.sources.open import open_every, open_image

_LAYERS = [tar_bytes([File("a", b"1")]), tar_bytes([File("b", b"2")])]
_LONG = "n" * 150
CORPUS = (
    tar_bytes(docker_files([*_LAYERS, _LAYERS[0]], symlinks=True)),
    tar_bytes(docker_files(_LAYERS, compression=("gzip", "zstd"), tags=("a:1", "b:2"))),
    tar_bytes(oci_files(_LAYERS, compression="zstd", tag="v1")),
    tar_bytes(oci_files(_LAYERS[:1], architectures=("amd64", "arm64"), nested=True)),
    tar_bytes([File(_LONG, b"x"), File("l", type="hardlink", link=_LONG), File("manifest.json", b"[]")], tar_format=1),
)

_FOLDER = tempfile.TemporaryDirectory(prefix="jettison-fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)  # noqa: S108 -- a private folder in it
_PATH = os.path.join(_FOLDER.name, "image.tar")


def run(data: bytes) -> None:
    """Open the input, strictly and not."""
    with open(_PATH, "wb") as file:
        file.write(_with_checksums(data))
    for kind in ("", "oci-archive:", "docker-archive:"):
        with contextlib.suppress(JettisonError):
            open_image(kind + _PATH)
    problems: list[str] = []
    with contextlib.suppress(JettisonError):
        for image in open_every(_PATH, platform=None, complain=problems.append):
            for layer in image.layers:
                _check_inside(layer.blob.offset, layer.blob.size, len(data))


def _check_inside(offset: int, size: int, length: int) -> None:
    if offset < 0 or size < 0 or offset + size > length:
        raise AssertionError(f"an extent of {size} bytes at {offset} reaches outside {length} bytes")


def _with_checksums(data: bytes) -> bytes:
    """Make the checksum of every block right that looks like a header."""
    fixed = bytearray(data)
    for start in range(0, len(fixed) - 511, 512):
        if fixed[start + 257 : start + 262] == b"ustar":
            block = fixed[start : start + 512]
            total = sum(block) - sum(block[148:156]) + 8 * 32
            fixed[start + 148 : start + 156] = b"%06o\0 " % total
    return bytes(fixed)
