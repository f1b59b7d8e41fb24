"""Prints one digest a line of what operators of torch and torchvision give on the CPU."""

import hashlib
from collections.abc import Callable

import torch
import torchvision
from torch.nn import functional

torch.manual_seed(7)
torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)
IMAGE = torch.rand(1, 3, 96, 96)
MATRIX = torch.rand(48, 48)
BOXES = torch.rand(200, 4).sort(dim=1).values


def model(name: str) -> torch.Tensor:
    """Return what an untrained model answers."""
    torch.manual_seed(11)
    return torchvision.models.get_model(name, weights=None).eval()(IMAGE)


def jpeg() -> torch.Tensor:
    """Return an image that went through torchvision's JPEG codec."""
    whole = (IMAGE[0] * 255).to(torch.uint8)
    return torchvision.io.decode_jpeg(torchvision.io.encode_jpeg(whole))


OPERATORS: dict[str, Callable[[], torch.Tensor]] = {
    "matmul": lambda: MATRIX @ MATRIX,
    "bf16": lambda: MATRIX.bfloat16() @ MATRIX.bfloat16(),
    "svd": lambda: torch.linalg.svd(MATRIX)[1],
    "fft": lambda: torch.fft.rfft2(MATRIX).abs(),
    "conv": lambda: functional.conv2d(IMAGE, torch.ones(4, 3, 3, 3)),
    "attention": lambda: functional.scaled_dot_product_attention(IMAGE, IMAGE, IMAGE),
    "sort": lambda: MATRIX.flatten().sort().indices,
    "nms": lambda: torchvision.ops.nms(BOXES, BOXES[:, 0], 0.5),
    "jpeg": jpeg,
    "resnet18": lambda: model("resnet18"),
    "vit": lambda: torchvision.models.VisionTransformer(96, 32, 2, 2, 64, 128).eval()(IMAGE),
}


if __name__ == "__main__":
    with torch.inference_mode():
        for name, operator in OPERATORS.items():
            data = operator().double().numpy().tobytes()
            print(name, hashlib.sha256(data).hexdigest()[:16])
    print("cuda", torch.version.cuda, torch.cuda.is_available(), torch.backends.cudnn.version())
