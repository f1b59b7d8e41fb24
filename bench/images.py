"""Makes the large image that the other measurements use: python bench/images.py FOLDER.

It is the careless kind: a CUDA build of torch, the GUI build of OpenCV, compilers, caches. Written as a docker archive
with plain layers (what `docker save` gives) and as an OCI layout with gzip layers (what a registry holds).
"""

import subprocess
import sys
from pathlib import Path

from measure import jettison


def main() -> None:
    folder, recipe = Path(sys.argv[1]), str(Path(__file__).parent / "images" / "cuda.toml")
    folder.mkdir(parents=True, exist_ok=True)
    archive, layout = f"docker-archive:{folder}/image.tar", f"oci:{folder}/layout"
    subprocess.run(jettison("build", recipe, "-o", archive, "--compression", "none", "--force"), check=True)
    subprocess.run(jettison("build", recipe, "-o", layout, "--compression", "gzip", "--force"), check=True)


if __name__ == "__main__":
    main()
