"""One HTTP request to the container's loopback, bounded in time and size. Runs in the agent."""

import contextlib
import encodings.idna  # noqa: F401 -- imported by sockets when first used, when Python's files are out of reach
import http.client
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from jettison.run.wire import Message

LIMIT = 64 << 20
LOOPBACK = ("127.0.0.1", "::1")
_CHUNK = 1 << 20


def request(asked: Mapping[str, Any], body: bytes) -> Message:
    """Send a request and read its answer.

    Args:
        asked: ``method``, ``path``, ``port``, ``headers``, ``timeout`` (seconds).
        body: of the request.

    Returns:
        ``status``, ``headers`` and the body, or ``error``.
    """
    try:
        with _deadline(asked["timeout"]):
            return exchange(asked, body)
    except TimeoutError:
        return {"error": f"no whole answer within {asked['timeout']:.3g} s"}, b""
    except (OSError, http.client.HTTPException) as error:
        return {"error": f"{type(error).__name__}: {error}"}, b""


def accepts(port: int, hosts: Sequence[str] = LOOPBACK) -> bool:
    """Whether something listens on a port."""
    try:
        _connect(hosts, port, 1.0).close()
    except OSError:
        return False
    return True


def exchange(
    asked: Mapping[str, Any], body: bytes, hosts: Sequence[str] = LOOPBACK, *, watched: bool = False
) -> Message:
    """Send a request and read its answer; without a signal's help, so in any thread.

    Args:
        asked: as for :func:`request`; ``timeout`` counts for each wait of the socket, and for the whole answer.
        body: of the request.
        hosts: addresses where the service may listen, the likeliest first.
        watched: let a thread end the connection when the time is over, however slowly bytes drip in; where signals do
            not do it.

    Raises:
        OSError, HTTPException: there is no answer, or none that is HTTP.
    """
    port, deadline = asked["port"], time.monotonic() + asked["timeout"]
    connection = http.client.HTTPConnection("localhost", port)
    with contextlib.closing(connection):
        connection.sock = _connect(hosts, port, asked["timeout"])
        watch = threading.Timer(asked["timeout"], _end, (connection.sock,)) if watched else None
        if watch:
            watch.daemon = True
            watch.start()
        connection.request(asked["method"], asked["path"], body or None, {"connection": "close", **asked["headers"]})
        response = connection.getresponse()
        pieces: list[bytes] = []
        size = 0
        while piece := response.read1(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if time.monotonic() > deadline:
                raise TimeoutError
            if size > LIMIT:
                return {"error": f"an answer of more than {LIMIT} bytes"}, b""
        if watch:
            watch.cancel()
            if time.monotonic() > deadline:
                raise TimeoutError
        headers = {name.lower(): response.headers[name] for name in response.headers}
        return {"status": response.status, "headers": headers}, b"".join(pieces)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _connect(hosts: Sequence[str], port: int, timeout: float) -> socket.socket:
    """Connect to a service that may listen on any of some addresses."""
    try:
        return socket.create_connection((hosts[0], port), timeout)
    except ConnectionRefusedError as refused:
        for host in hosts[1:]:
            with contextlib.suppress(OSError):
                return socket.create_connection((host, port), timeout)
        raise refused from None


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise TimeoutError when the block takes longer, however slowly bytes drip in."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
