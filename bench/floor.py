"""The physical limit, in one process and one thread: python bench/floor.py read|gunzip ARCHIVE.

``read`` reads a file and takes its SHA-256. ``gunzip`` decompresses each gzip blob of an OCI layout with isal and takes
the SHA-256 of what comes out. It asks isal for 512 KiB at a time, which is the fastest: larger pieces are new memory
each time, which costs more than what they carry.
"""

import hashlib
import sys
from pathlib import Path

from isal import igzip_lib

PIECE = 1 << 20
READ = 1 << 18
PART = 1 << 19


def read(path: Path) -> None:
    digest, buffer = hashlib.sha256(), bytearray(PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(view[:count])


def gunzip(path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        data = file.read(READ)
        while data:
            member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            while not member.eof:
                digest.update(member.decompress(data, PART))
                data = file.read(READ) if member.needs_input else b""
            data = member.unused_data or file.read(READ)


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
