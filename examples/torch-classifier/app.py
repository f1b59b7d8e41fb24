"""A torch service on the CPU: classifies a picture by a small residual network.

POST /predict takes raw RGB bytes, 64 x 64 x 3, and answers with the five best classes.
GET /healthz answers once the weights are loaded and the network has run once.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
SIDE, WIDTH, CLASSES = 64, 64, 100


class Block(nn.Module):
    """Two convolutions with a way around them."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.second = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        return functional.relu(planes + self.second(functional.relu(self.first(planes))))


class Network(nn.Module):
    """Stem, four blocks, pooled, classified."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 7, stride=2, padding=3)
        self.blocks = nn.Sequential(*(Block() for _ in range(4)))
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(functional.relu(self.stem(picture))).mean(dim=(2, 3)))


def load(path: Path) -> Network:
    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval()


class Handler(BaseHTTPRequestHandler):
    """Two paths, JSON answers."""

    network: Network

    def do_GET(self) -> None:
        self.answer(200 if self.path == "/healthz" else 404, {"status": "ok"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if len(body) != SIDE * SIDE * 3:
            return self.answer(400, {"detail": f"expected {SIDE * SIDE * 3} bytes"})
        planes = (
            torch.frombuffer(bytearray(body), dtype=torch.uint8).reshape(1, SIDE, SIDE, 3).permute(0, 3, 1, 2) / 255
        )
        with torch.inference_mode():
            best = self.network(planes).softmax(dim=1).topk(5)
        pairs = zip(best.indices[0].tolist(), best.values[0].tolist(), strict=True)
        return self.answer(200, {"classes": [{"class": index, "score": round(score, 6)} for index, score in pairs]})

    def answer(self, status: int, document: dict) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Stay quiet."""


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("THREADS", "1")))
    Handler.network = load(Path(os.environ.get("MODEL", HERE / "model.safetensors")))
    Handler.network(torch.zeros(1, 3, SIDE, SIDE))
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
