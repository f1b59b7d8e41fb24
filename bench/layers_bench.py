"""How fast are layers read and written? Against the same work done once in one thread: python bench/layers_bench.py.

Makes one layer of about 1 GB in 15,000 files, plain, gzip and zstd; prints wall seconds and their ratio to the floor,
and what a table from the cache costs at 60,000 entries. ``--size MB`` changes the size, ``--folder`` the place.
"""

import argparse
import hashlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import zstandard
from isal import isal_zlib

from jettison.layers.cache import pack_table, unpack_table
from jettison.layers.entry import Entry
from jettison.layers.read import read_layer
from jettison.layers.stream import uncompressed
from jettison.layers.table import Compression
from jettison.layers.write import LayerWriter, WrittenLayer
from jettison.oci.image import Descriptor, Extent, Layer
from measure import machine, table

PIECE = 1 << 20
FILES_PER_MB = 15
COMPRESSIONS: tuple[Compression, ...] = ("none", "gzip", "zstd")


def contents(megabytes: int) -> Iterator[bytes]:
    """Yield files of mixed sizes (median 4 KB, a few of many MB) that pack to about 0.4 of their size."""
    chance = random.Random(7)  # noqa: S311 -- the same files every time
    noise = chance.randbytes(1 << 20)
    text = b" ".join(b"%x" % chance.randrange(1 << 20) if index % 3 else b"self.value" for index in range(400_000))
    left = megabytes * 1_000_000
    small = megabytes * FILES_PER_MB
    for index in range(small):
        size = min(int(chance.lognormvariate(8.3, 1.6)), 3_000_000)
        start = chance.randrange(len(text) // 2)
        yield text[start : start + size] if index % 4 else noise[: size % len(noise)]
        left -= size
    while left > 0:
        size = min(left, 40_000_000)
        yield (noise[: 1 << 18] + text[: 3 << 18]) * (size >> 20)
        left -= size


def write(path: Path, compression: Compression, megabytes: int) -> WrittenLayer:
    """Write the layer, as a build would."""
    with LayerWriter(path, compression, 1 if compression != "none" else None) as writer:
        for index, content in enumerate(contents(megabytes)):
            name = f"opt/venv/lib/python3.11/site-packages/package{index % 50}/module/file{index}.py"
            entry = Entry(name, "file", len(content), 0o644, 0, 0, 0, "", "", (0, 0), (), 0, 0, 0)
            writer.add(entry, [content])
        return writer.finish()


def floor(path: Path, compression: Compression) -> None:
    """Read, decompress and hash in one thread; the blob is hashed as well where it is not the tar itself."""
    tar, blob = hashlib.sha256(), hashlib.sha256()
    inflate = isal_zlib.decompressobj(wbits=31)
    unzstd = zstandard.ZstdDecompressor().decompressobj()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            if compression == "none":
                tar.update(piece)
            else:
                blob.update(piece)
                tar.update(inflate.decompress(piece) if compression == "gzip" else unzstd.decompress(piece))


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the wall time of the quickest run."""
    walls = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        walls.append(time.perf_counter() - started)
    return min(walls)


def rows_of(path: Path, compression: Compression, megabytes: int) -> list[list[str]]:
    """Measure one compression."""
    written = write(path, compression, megabytes)
    descriptor = Descriptor(written.media_type, written.digest, written.stored, {})
    layer = Layer(0, descriptor, written.diff_id, Extent(str(path), 0, written.stored), "")
    limit = seconds(lambda: floor(path, compression))
    works: dict[str, Callable[[], object]] = {
        "floor: one thread, read, decompress, hash": lambda: floor(path, compression),
        "uncompressed()": lambda: [None for _ in uncompressed(layer)],
        "read_layer()": lambda: read_layer(layer, []),
    }
    walls = {name: seconds(work) for name, work in works.items()}
    found = [
        [compression, name, f"{wall:.2f}", f"{written.size / wall / 1e6:.0f}", f"{wall / limit:.2f}"]
        for name, wall in walls.items()
    ]
    if compression == "none":
        found.append(cache_row(layer))
    path.unlink()
    return found


def cache_row(layer: Layer) -> list[str]:
    """Measure a table of 60,000 entries from its cached form."""
    table_ = read_layer(layer, [])
    entries = (table_.entries * (60_000 // len(table_.entries) + 1))[:60_000]
    packed = pack_table(replace(table_, entries=entries))
    return [
        "",
        f"60,000 entries from the cache ({len(packed) / 1e6:.1f} MB)",
        f"{seconds(lambda: unpack_table(packed)):.2f}",
        "",
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure reading and writing of layers.")
    parser.add_argument("--size", type=int, default=1000, help="MB of the layer (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where the layer is written (default: a temporary folder)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        rows = [row for one in COMPRESSIONS for row in rows_of(Path(folder) / one, one, args.size)]
    print(f"{machine()}\n\nOne layer of {args.size} MB, {args.size * FILES_PER_MB} files.\n")
    print(table(["layer", "what", "wall s", "MB/s", "times the floor"], rows))


if __name__ == "__main__":
    main()
