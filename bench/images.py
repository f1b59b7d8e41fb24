"""Makes the large image that the other measurements use: python bench/images.py FOLDER.

It is the careless kind: a CUDA build of torch, the GUI build of OpenCV, compilers, caches. Written as a docker archive
with plain layers (what `docker save` gives), as an OCI layout with gzip layers (what a registry holds), and as one
with zstd layers.
"""

import subprocess
import sys
from pathlib import Path

from measure import jettison


def main() -> None:
    folder, recipe = Path(sys.argv[1]), str(Path(__file__).parent / "images" / "cuda.toml")
    folder.mkdir(parents=True, exist_ok=True)
    for out, codec in (
        (f"docker-archive:{folder}/image.tar", "none"),
        (f"oci:{folder}/layout", "gzip"),
        (f"oci:{folder}/zstd", "zstd"),
    ):
        subprocess.run(jettison("build", recipe, "-o", out, "--compression", codec, "--force"), check=True)


if __name__ == "__main__":
    main()
