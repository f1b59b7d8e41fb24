"""The physical limit, in one process and one thread: python bench/floor.py read|gunzip ARCHIVE.

``read`` reads a file and takes its SHA-256. ``gunzip`` decompresses each gzip blob of an OCI layout with isal and takes
the SHA-256 of what comes out.
"""

import hashlib
import sys
from pathlib import Path

from isal import isal_zlib

PIECE = 1 << 20


def read(path: Path) -> None:
    digest, buffer = hashlib.sha256(), bytearray(PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(view[:count])


def gunzip(path: Path) -> None:
    digest, inflate = hashlib.sha256(), isal_zlib.decompressobj(wbits=31)
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            while piece:
                digest.update(inflate.decompress(piece))
                piece = inflate.unused_data
                if inflate.eof:
                    inflate = isal_zlib.decompressobj(wbits=31)


def main() -> None:
    kind, path = sys.argv[1], Path(sys.argv[2])
    if kind == "read":
        read(path)
        return
    for blob in sorted((path / "blobs" / "sha256").iterdir()):
        with blob.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        if is_gzip:
            gunzip(blob)


if __name__ == "__main__":
    main()
