"""Makes model.onnx, a linear layer and a softmax, with the standard library alone: python make_model.py [FOLDER]."""

import random
import struct
import sys
from pathlib import Path

INPUTS, OUTPUTS = 32, 8
FLOAT = 1  # TensorProto.DataType
SEVEN_BITS = 0x7F


def field(number: int, value: int | bytes) -> bytes:
    """Return one field of a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    out = bytearray()
    while value > SEVEN_BITS:
        out.append(value & SEVEN_BITS | 0x80)
        value >>= 7
    return bytes([*out, value])


def node(kind: str, inputs: list[str], output: str) -> bytes:
    names = b"".join(field(1, name.encode()) for name in inputs)
    return field(1, names + field(2, output.encode()) + field(4, kind.encode()))


def weights() -> bytes:
    draws = random.Random(5)  # noqa: S311 -- weights, not secrets
    values = [draws.gauss(0, 0.4) for _ in range(INPUTS * OUTPUTS)]
    shape = field(1, INPUTS) + field(1, OUTPUTS)
    return field(5, shape + field(2, FLOAT) + field(8, b"weights") + field(9, struct.pack(f"<{len(values)}f", *values)))


def value(number: int, name: str, width: int) -> bytes:
    shape = field(1, field(1, 1)) + field(1, field(1, width))
    return field(number, field(1, name.encode()) + field(2, field(1, field(1, FLOAT) + field(2, shape))))


def model() -> bytes:
    """Return a ModelProto: IR version 8, operator set 13."""
    nodes = node("MatMul", ["x", "weights"], "scores") + node("Softmax", ["scores"], "y")
    graph = nodes + field(2, b"classifier") + weights() + value(11, "x", INPUTS) + value(12, "y", OUTPUTS)
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 13))


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    (folder / "model.onnx").write_bytes(model())
