"""A service whose kernels are compiled when they are first used: by Triton on a GPU, by the C compiler without one.

Triton itself calls the C compiler at run time, for the part that launches a kernel. So either way a compiler has to be
in the image that runs, which looks like a build tool that was left behind.
"""

import ctypes
import json
import os
import subprocess
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

try:
    import torch
    import triton
    import triton.language as tl
except ImportError:
    triton = None

SOURCE = (
    "void softplus(double *x, long n) { for (long i = 0; i < n; i++) x[i] = __builtin_log1p(__builtin_exp(x[i])); }\n"
)

if triton:

    @triton.jit
    def softplus_kernel(x, n, block: tl.constexpr) -> None:  # noqa: ANN001 -- Triton's pointers have no type
        """Softplus of each element, in place."""
        at = tl.program_id(0) * block + tl.arange(0, block)
        value = tl.load(x + at, mask=at < n)
        tl.store(x + at, tl.log(1.0 + tl.exp(value)), mask=at < n)


def compiled() -> ctypes.CDLL:
    """Compile the C kernel and load it, as Triton does with its launcher."""
    folder = Path(os.environ.get("KERNEL_CACHE") or tempfile.mkdtemp(prefix="kernels-"))
    (folder / "kernel.c").write_text(SOURCE)
    command = (
        os.environ["CC"],
        "-O2",
        "-shared",
        "-fPIC",
        "-o",
        str(folder / "kernel.so"),
        str(folder / "kernel.c"),
        "-lm",
    )
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(folder / "kernel.so"))


def softplus(values: list[float]) -> list[float]:
    if triton and torch.cuda.is_available():
        on_gpu = torch.tensor(values, device="cuda")
        softplus_kernel[(triton.cdiv(len(values), 256),)](on_gpu, len(values), block=256)
        return on_gpu.tolist()
    array = np.array(values, float)
    KERNEL.softplus(array.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(len(array)))
    return array.tolist()


KERNEL = compiled()


class Handler(BaseHTTPRequestHandler):
    """Answers GET /healthz and POST /predict with ``{"values": […]}``."""

    def do_GET(self) -> None:
        self.answer({"status": "ok"})

    def do_POST(self) -> None:
        values = json.loads(self.rfile.read(int(self.headers["content-length"])))["values"]
        self.answer({"values": [round(value, 5) for value in softplus(values)]})

    def answer(self, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
