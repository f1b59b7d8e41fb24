"""Messages between Jettison, the sandbox's agent and its init: one line of JSON, then the payload's bytes."""

import json
from collections.abc import Mapping
from typing import Any, BinaryIO

_LINE_LIMIT = 4_000_000
Message = tuple[dict[str, Any], bytes]


def send(stream: BinaryIO, header: Mapping[str, Any], payload: bytes = b"") -> None:
    """Write one message.

    Args:
        stream: a pipe or socket, as a binary file.
        header: what JSON can hold.
        payload: any bytes, such as an HTTP body.
    """
    stream.write(json.dumps({**header, "payload": len(payload)}).encode() + b"\n")
    stream.write(payload)
    stream.flush()


def receive(stream: BinaryIO) -> Message | None:
    """Read one message; None when the other end closed the stream or ended in the middle of one."""
    line = stream.readline(_LINE_LIMIT)
    if not line.endswith(b"\n"):
        return None
    header = json.loads(line)
    size = header.pop("payload")
    payload = stream.read(size)
    return (header, payload) if len(payload) == size else None
