"""How fast is slim? Against reading, hashing and recompressing the kept bytes with the same codec, in one run.

python bench/slim_bench.py FOLDER    FOLDER has layout/ (gzip) and zstd/, OCI layouts of one image (bench/images.py)

The limit is one pass over the image that slim wrote: unpacked, both digests taken, packed again by as many threads as
slim uses. Slim itself also reads and hashes all that goes, plans, and proves what it wrote by reading it once more.
"""

import sys
import tempfile
import time
from pathlib import Path

from jettison.layers.stream import uncompressed
from jettison.layers.table import Compression
from jettison.layers.write import LayerWriter
from jettison.sources.open import open_image
from measure import jettison, machine, run, table

CODECS: tuple[tuple[str, Compression], ...] = (("layout", "gzip"), ("zstd", "zstd"))


def recompress(reference: str, codec: Compression, scratch: Path) -> tuple[float, int]:
    """Return the seconds that streaming every layer through codec and digests takes, and the bytes of their tars."""
    started, size = time.monotonic(), 0
    for layer in open_image(reference).layers:
        with LayerWriter(scratch / "blob", codec) as writer:
            for piece in uncompressed(layer):
                writer.raw(piece)
            size += writer.finish().size
        (scratch / "blob").unlink()
    return time.monotonic() - started, size


def measure(folder: Path, name: str, codec: Compression, scratch: Path) -> list[list[str]]:
    target = f"oci:{scratch / name}"
    cache = {"JETTISON_CACHE": str(scratch / f"cache-{name}")}
    one = run(jettison("slim", f"oci:{folder / name}", "-o", target, "--tier", "1"), cache)
    floor, size = recompress(target, codec, scratch)
    note = "" if one.code == 0 else f" (exit {one.code})"
    limit = f"{codec}: read, hash and recompress the {size / 1e9:.2f} GB kept"
    ours = f"{codec}: jettison slim --tier 1, cold cache{note}"
    return [
        [limit, f"{floor:.1f}", "", "1.00"],
        [ours, f"{one.wall:.1f}", f"{one.peak / 1e6:.0f}", f"{one.wall / floor:.2f}"],
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(dir=folder) as name:
        rows = [row for part, codec in CODECS for row in measure(folder, part, codec, Path(name))]
    print(f"{machine()}\n\n{table(['what', 'wall s', 'peak MB', 'times the limit'], rows)}")


if __name__ == "__main__":
    main()
