"""A small data service: fits, clusters and describes what it is sent; one of its imports stands in a function."""

import http.server
import io
import json
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression


def answer(path: str, body: bytes) -> Any:
    """Return the answer to one question."""
    if path == "/fit":
        data = np.array(json.loads(body))
        return {"coef": LinearRegression().fit(data[:, :-1], data[:, -1]).coef_.round(4).tolist()}
    if path == "/describe":
        return json.loads(pd.DataFrame(json.loads(body)).describe().to_json())
    if path == "/cluster":
        from sklearn.cluster import KMeans  # noqa: PLC0415 -- as services do: only when it is asked for

        return KMeans(2, n_init=1, random_state=0).fit(np.array(json.loads(body))).cluster_centers_.round(3).tolist()
    if path == "/csv":
        return json.loads(pd.read_csv(io.BytesIO(body)).groupby("k").sum().to_json())
    return "ok"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers each question with JSON."""

    def do_GET(self) -> None:
        """Say that it is ready."""
        self._reply("ok")

    def do_POST(self) -> None:
        """Answer a question."""
        self._reply(answer(self.path, self.rfile.read(int(self.headers["content-length"]))))

    def _reply(self, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
