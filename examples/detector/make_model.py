"""Makes the detector's model and its sample picture: python make_model.py [FOLDER]. The same bytes on every run.

The model is a real, if classical, detector: differences of Gaussians at three scales as convolutions, the maximum
around each point as pooling. A block of random features (fixed seed) gives it the weight of a small backbone.
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RADII = (4, 8, 16)
SEED = 20261123


def gaussian(sigma: float, size: int) -> np.ndarray:
    axis = np.arange(size) - size // 2
    line = np.exp(-(axis**2) / (2 * sigma**2))
    plane = np.outer(line, line)
    return plane / plane.sum()


def blob_kernels(size: int = 65) -> np.ndarray:
    """One filter a scale: centre minus surround, the same for each colour plane."""
    kernels = [gaussian(r / 1.6, size) - gaussian(r * 1.1, size) for r in RADII]
    return np.stack([np.repeat(k[None] * 2 / 3, 3, axis=0) for k in kernels]).astype(np.float32)


def tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(SEED)
    mix = random.standard_normal((1, 96, 1, 1)).astype(np.float32) * 1e-6
    return {
        "blobs": blob_kernels(),
        "wide": (random.standard_normal((96, 3, 9, 9)) / 40).astype(np.float32),
        "deep": (random.standard_normal((96, 96, 5, 5)) / 400).astype(np.float32),
        "mix": mix,
        "zero": np.array(0.0, np.float32),
    }


def graph() -> onnx.GraphProto:
    nodes = [
        helper.make_node("Conv", ["image", "blobs"], ["response"], pads=[32] * 4),
        helper.make_node("Relu", ["response"], ["scales"]),
        helper.make_node("ReduceMax", ["scales"], ["best"], axes=[1], keepdims=1),
        helper.make_node("Conv", ["image", "wide"], ["w"], pads=[4] * 4, strides=[4, 4]),
        helper.make_node("Relu", ["w"], ["wr"]),
        helper.make_node("Conv", ["wr", "deep"], ["d"], pads=[2] * 4),
        helper.make_node("Relu", ["d"], ["dr"]),
        helper.make_node("Conv", ["dr", "mix"], ["context"]),
        helper.make_node("GlobalAveragePool", ["context"], ["offset"]),
        helper.make_node("Add", ["best", "offset"], ["score"]),
        helper.make_node("MaxPool", ["score"], ["around"], kernel_shape=[15, 15], pads=[7] * 4, strides=[1, 1]),
        helper.make_node("Equal", ["score", "around"], ["is_peak"]),
        helper.make_node("Where", ["is_peak", "score", "zero"], ["peaks"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 256, 256])
    peaks = helper.make_tensor_value_info("peaks", TensorProto.FLOAT, [1, 1, 256, 256])
    scales = helper.make_tensor_value_info("scales", TensorProto.FLOAT, [1, 3, 256, 256])
    weights = [numpy_helper.from_array(value, name) for name, value in tensors().items()]
    return helper.make_graph(nodes, "blob-detector", [image], [peaks, scales], weights)


def picture() -> np.ndarray:
    """A dark, noisy picture with seven blobs in five colours."""
    random = np.random.default_rng(SEED)
    canvas = random.integers(0, 24, (256, 256, 3)).astype(np.float32)
    rows, columns = np.mgrid[0:256, 0:256]
    blobs = [
        (40, 50, 9, (220, 40, 40)),
        (60, 190, 14, (40, 200, 60)),
        (128, 128, 18, (50, 70, 220)),
        (200, 60, 8, (230, 220, 50)),
        (210, 200, 12, (240, 240, 240)),
        (130, 30, 6, (220, 40, 40)),
        (30, 120, 7, (230, 220, 50)),
    ]
    for y, x, radius, colour in blobs:
        inside = np.hypot(rows - y, columns - x) < radius
        canvas[inside] = np.array(colour) + random.integers(-6, 7, (int(inside.sum()), 3))
    return canvas.clip(0, 255).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def main(folder: Path) -> None:
    model = helper.make_model(
        graph(), opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="jettison-example"
    )
    onnx.checker.check_model(model)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (folder / "sample.png").write_bytes(png(picture()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
