"""How fast is slim? Against reading, hashing and recompressing the kept bytes with the same codec, in one run.

python bench/slim_bench.py FOLDER    FOLDER/layout is an OCI layout (bench/images.py)
"""

import sys
import tempfile
import time
from pathlib import Path

from jettison.layers.stream import uncompressed
from jettison.layers.write import LayerWriter
from jettison.sources.open import open_image
from measure import jettison, machine, run, table


def recompress(reference: str, scratch: Path) -> float:
    """Return the seconds that streaming every layer through gunzip, the codec and both digests takes."""
    started = time.monotonic()
    for layer in open_image(reference).layers:
        with LayerWriter(scratch / "blob", "gzip", None, 2) as writer:
            for piece in uncompressed(layer):
                writer.raw(piece)
            writer.finish()
    return time.monotonic() - started


def main() -> None:
    source = f"oci:{Path(sys.argv[1]) / 'layout'}"
    with tempfile.TemporaryDirectory(dir=Path(sys.argv[1])) as name:
        scratch = Path(name)
        target = f"oci:{scratch / 'slim'}"
        one = run(jettison("slim", source, "-o", target, "--tier", "1"), {"JETTISON_CACHE": str(scratch / "cache")})
        floor = recompress(target, scratch)
    rows = [
        ["read, hash, recompress the kept bytes", f"{floor:.1f}", "", "1.00"],
        ["jettison slim --tier 1, cold cache", f"{one.wall:.1f}", f"{one.peak / 1e6:.0f}", f"{one.wall / floor:.2f}"],
    ]
    print(f"{machine()}\n\nExit code {one.code}.\n\n{table(['what', 'wall s', 'peak MB', 'times the limit'], rows)}")


if __name__ == "__main__":
    main()
