"""Runs a fixed list of operators, and prints one JSON object: the digest of each result, the time to the first kernel.

It runs on the GPU that is there; python3 operations.py cpu runs it on the CPU, where NCCL and cuDNN have no part.
STARTED is when it was started, in seconds since the epoch.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable

import torch
import torchvision
from torch import distributed
from torch.nn import functional

DEVICE = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cuda")
torch.use_deterministic_algorithms(True)
torch.backends.cudnn.benchmark = False


def made(*shape: int, seed: int = 7) -> torch.Tensor:
    """Return the same random numbers on every machine."""
    torch.manual_seed(seed)
    return torch.rand(*shape).to(DEVICE)


def matmul(kind: torch.dtype, *, tf32: bool = False) -> torch.Tensor:
    """Return a product of matrices."""
    torch.backends.cuda.matmul.allow_tf32 = tf32
    return made(512, 512).to(kind) @ made(512, 512, seed=8).to(kind)


def module(maker: Callable[[], torch.nn.Module], *shape: int) -> torch.Tensor:
    """Return what an untrained module answers."""
    torch.manual_seed(11)
    return maker().eval().to(DEVICE)(made(*shape))


def reduced() -> torch.Tensor:
    """Return what NCCL's all-reduce over one process gives (gloo's on the CPU)."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29511")
    distributed.init_process_group("nccl" if DEVICE.type == "cuda" else "gloo", rank=0, world_size=1)
    tensor = made(1000)
    distributed.all_reduce(tensor)
    distributed.destroy_process_group()
    return tensor


def boxes() -> torch.Tensor:
    """Return boxes whose corners are in order."""
    return made(300, 4).sort(dim=1).values * 100


BLOCK = functional.scaled_dot_product_attention
OPERATIONS: dict[str, Callable[[], torch.Tensor]] = {
    "matmul fp32": lambda: matmul(torch.float32),
    "matmul tf32": lambda: matmul(torch.float32, tf32=True),
    "matmul bf16": lambda: matmul(torch.bfloat16),
    "matmul fp16": lambda: matmul(torch.float16),
    "convolution": lambda: functional.conv2d(made(4, 16, 64, 64), made(32, 16, 3, 3, seed=8)),
    "attention": lambda: BLOCK(made(2, 4, 128, 64), made(2, 4, 128, 64, seed=8), made(2, 4, 128, 64, seed=9)),
    "fft": lambda: torch.fft.rfft2(made(128, 128)).abs(),
    "sort": lambda: made(100_000).sort().indices,
    "svd": lambda: torch.linalg.svd(made(64, 64))[1],
    "cholesky": lambda: torch.linalg.cholesky(made(64, 64) @ made(64, 64).T + 64 * torch.eye(64, device=DEVICE)),
    "embedding": lambda: functional.embedding(torch.arange(500, device=DEVICE) % 100, made(100, 64)),
    "sparse": lambda: torch.sparse.mm(made(64, 64).relu().to_sparse(), made(64, 64)),
    "random": lambda: torch.rand(1000, generator=torch.Generator(DEVICE).manual_seed(3), device=DEVICE),
    "nms": lambda: torchvision.ops.nms(boxes(), boxes()[:, 0], 0.5),
    "roi_align": lambda: torchvision.ops.roi_align(made(1, 8, 64, 64), [boxes() / 2], 7),
    "resnet18": lambda: module(torchvision.models.resnet18, 2, 3, 96, 96),
    "transformer": lambda: module(lambda: torch.nn.TransformerEncoderLayer(64, 4, batch_first=True), 2, 32, 64),
    "all-reduce": reduced,
}


def main() -> None:
    (torch.ones(1, device=DEVICE) + 1).cpu()
    first = time.time() - float(os.environ["STARTED"])
    digests = {}
    with torch.inference_mode():
        for name, operation in OPERATIONS.items():
            data = operation().detach().cpu().double().numpy().tobytes()
            digests[name] = hashlib.sha256(data).hexdigest()
    cuda = DEVICE.type == "cuda"
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "file": torch.__file__,
                "device": torch.cuda.get_device_name() if cuda else "CPU",
                "capability": ".".join(map(str, torch.cuda.get_device_capability())) if cuda else "",
                "memory": torch.cuda.mem_get_info()[1] - torch.cuda.mem_get_info()[0] if cuda else 0,
                "first": first,
                "digests": digests,
            }
        )
    )


if __name__ == "__main__":
    main()
