"""Makes weights/detector.bin, 168 MB of weights as the real detector has: python make_model.py [FOLDER]."""

import random
import sys
from pathlib import Path

MEGABYTES = 168


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    draws = random.Random(20261126)  # noqa: S311 -- weights, not secrets
    with open(folder / "detector.bin", "wb") as file:
        file.writelines(draws.randbytes(1_000_000) for _ in range(MEGABYTES))


if __name__ == "__main__":
    main((Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent) / "weights")
