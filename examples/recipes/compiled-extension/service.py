"""The service around the extension."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nearest import nearest


class Handler(BaseHTTPRequestHandler):
    """Answers GET /healthz and POST /nearest with ``{"point": […]}``."""

    def do_GET(self) -> None:
        self.answer({"status": "ok"})

    def do_POST(self) -> None:
        point = json.loads(self.rfile.read(int(self.headers["content-length"])))["point"]
        place, distance = nearest(point)
        self.answer({"place": place, "distance": round(distance, 6)})

    def answer(self, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
