"""Makes the classifier's weights and a sample picture: python make_model.py [FOLDER]. The same bytes on every run."""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SEED = 20261123
SIDE, WIDTH, CLASSES = 64, 64, 100


def weights() -> dict[str, np.ndarray]:
    random = np.random.default_rng(SEED)
    shapes = {
        "stem.weight": (WIDTH, 3, 7, 7),
        "stem.bias": (WIDTH,),
        "head.weight": (CLASSES, WIDTH),
        "head.bias": (CLASSES,),
    }
    for block in range(4):
        for part in ("first", "second"):
            shapes[f"blocks.{block}.{part}.weight"] = (WIDTH, WIDTH, 3, 3)
            shapes[f"blocks.{block}.{part}.bias"] = (WIDTH,)
    return {name: _draw(random, shape) for name, shape in shapes.items()}


def _draw(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    fan_in = int(np.prod(shape[1:])) or 1
    return (random.standard_normal(shape) * (2 / fan_in) ** 0.5 * (0.1 if len(shape) == 1 else 1)).astype(np.float32)


def main(folder: Path) -> None:
    save_file(weights(), folder / "model.safetensors")
    ramp = np.arange(SIDE * SIDE * 3, dtype=np.uint32)
    (folder / "sample.rgb").write_bytes(((ramp * 2654435761 >> 13) & 0xFF).astype(np.uint8).tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
