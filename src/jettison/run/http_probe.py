"""One HTTP request to the container's loopback, bounded in time and size. Runs in the agent."""

import contextlib
import encodings.idna  # noqa: F401 -- imported by sockets when first used, when Python's files are out of reach
import http.client
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from jettison.run.wire import Message

LIMIT = 64 << 20
_HOSTS = ("127.0.0.1", "::1")
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
            return _exchange(asked, body)
    except TimeoutError:
        return {"error": f"no whole answer within {asked['timeout']:.3g} s"}, b""
    except (OSError, http.client.HTTPException) as error:
        return {"error": f"{type(error).__name__}: {error}"}, b""


def accepts(port: int) -> bool:
    """Whether something listens on a port."""
    try:
        _connect(port, 1.0).close()
    except OSError:
        return False
    return True


def _exchange(asked: Mapping[str, Any], body: bytes) -> Message:
    port = asked["port"]
    connection = http.client.HTTPConnection("localhost", port)
    with contextlib.closing(connection):
        connection.sock = _connect(port, asked["timeout"])
        connection.request(asked["method"], asked["path"], body or None, {"connection": "close", **asked["headers"]})
        response = connection.getresponse()
        pieces: list[bytes] = []
        size = 0
        while piece := response.read(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > LIMIT:
                return {"error": f"an answer of more than {LIMIT} bytes"}, b""
        headers = {name.lower(): response.headers[name] for name in response.headers}
        return {"status": response.status, "headers": headers}, b"".join(pieces)


def _connect(port: int, timeout: float) -> socket.socket:
    """Connect to a service that may listen on either loopback address."""
    try:
        return socket.create_connection((_HOSTS[0], port), timeout)
    except ConnectionRefusedError as refused:
        try:
            return socket.create_connection((_HOSTS[1], port), timeout)
        except OSError:
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
