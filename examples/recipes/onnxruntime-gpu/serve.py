"""Runs model.onnx on a GPU where there is one.

onnxruntime-gpu brings no CUDA libraries: it looks for those of the system, and torch's do not count.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import onnxruntime

WANTED = ("CUDAExecutionProvider", "CPUExecutionProvider")
PROVIDERS = [name for name in WANTED if name in onnxruntime.get_available_providers()]
SESSION = onnxruntime.InferenceSession(os.environ["MODEL"], providers=PROVIDERS)


class Handler(BaseHTTPRequestHandler):
    """Answers GET /healthz and POST /predict with ``{"x": [32 numbers]}``."""

    def do_GET(self) -> None:
        self.answer({"status": "ok"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        x = np.resize(np.array(asked["x"], np.float32), (1, 32))
        (y,) = SESSION.run(None, {"x": x})
        self.answer({"class": int(y[0].argmax()), "scores": [round(float(score), 5) for score in y[0]]})

    def answer(self, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
