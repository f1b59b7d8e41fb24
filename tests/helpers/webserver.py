"""A web server in this process: what it serves, and the faults it is told to have."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from jettison.sizes.cache import Answers
from jettison.sizes.transport import Limits, Web
from jettison.storage import Cache

Fault = Callable[[BaseHTTPRequestHandler], None]
QUICK = Limits(requests=100, seconds=30, patience=5, tries=1)


@dataclass(slots=True)
class Served:
    """What a server serves, and what it was asked.

    Attributes:
        url: its address.
        files: content by path.
        types: media types by path.
        faults: what is done instead, by path.
        ranges: whether parts are served.
        asked: path and range of each request, in order.
        headers: of the last request.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def web(folder: Path, *, limits: Limits = QUICK, offline: bool = False) -> Web:
    """Return a web with a cache of its own."""
    return Web(limits=limits, answers=Answers(Cache(folder)), offline=offline)


@contextlib.contextmanager
def serving() -> Iterator[Served]:
    """Serve on a free port of the loopback address until the block ends."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            served.asked.append((self.path, self.headers.get("Range", "")))
            served.headers = {name.lower(): value for name, value in self.headers.items()}
            if fault := served.faults.get(path):
                self.close_connection = True
                fault(self)
            else:
                _serve(self, served, path)

        def end_headers(self) -> None:
            if self.close_connection:  # said, else a client may ask again on a line that is about to be cut
                self.send_header("Connection", "close")
            super().end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _serve(handler: BaseHTTPRequestHandler, served: Served, path: str) -> None:
    data = served.files.get(path)
    if data is None:
        answer(handler, 404, b"no")
        return
    headers = {"Content-Type": served.types.get(path, "application/octet-stream")}
    asked = handler.headers.get("Range", "").removeprefix("bytes=")
    if not asked or not served.ranges:
        answer(handler, 200, data, headers)
        return
    first, _, last = asked.partition("-")
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(len(data), int(last) + 1) if first and last else len(data)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    answer(handler, 206, data[start:end], headers)


def answer(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    length: int = -1,
) -> None:
    """Answer with a body, and with any length that is claimed for it."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if length < 0 else length))
    handler.end_headers()
    with contextlib.suppress(OSError):
        handler.wfile.write(body)
