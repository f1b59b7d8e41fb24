"""Answers with the size of what it reads: a file, or all of a folder."""

import http.server
import os
from pathlib import Path

MANY = Path("/srv/many")


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /NAME reads a file of the folder, GET /all all of them, GET / none."""

    def do_GET(self) -> None:
        """Answer with a number."""
        name = self.path.strip("/")
        names = sorted(os.listdir(MANY)) if name == "all" else [name] if name else []
        data = str(sum(len((MANY / each).read_bytes()) for each in names)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    http.server.HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
