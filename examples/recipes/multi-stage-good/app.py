"""Moving averages. Its Dockerfile is as it should be: there is little to gain, and nothing to break."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


class Handler(BaseHTTPRequestHandler):
    """Answers GET /healthz and POST /predict with ``{"series": […], "window": n}``."""

    def do_GET(self) -> None:
        self.answer({"status": "ok"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        window = np.ones(asked["window"]) / asked["window"]
        self.answer({"averages": np.convolve(asked["series"], window, "valid").round(6).tolist()})

    def answer(self, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
