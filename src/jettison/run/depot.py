"""A registry that only gives, of one image: what a cold start is measured against. Runs in a process of its own.

It speaks what a pull asks of the distribution API (manifests, blobs, ranges), and sends blobs from the files they lie
in by ``sendfile``, so that it costs little. Two ways of a slow link:

- ``shaped``: the registry has a network namespace to itself, and a relay another; between them lies a pair of virtual
  Ethernet devices with a token bucket (tc-tbf(8)). Both namespaces belong to these processes alone: when they end,
  however they end, the kernel takes namespaces, devices and buckets away. Nothing of the machine's own is touched.
- ``paced``: the registry itself waits between the pieces it sends.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn

from jettison.run import syscalls

FAR, NEAR = "10.213.77.1", "10.213.77.2"  # in namespaces of their own: no address of anybody's
_FAR_PORT = 80
_PIECE = 1 << 18
_LEAST_BURST = 1 << 16
_SPLICE = 1 << 20
_OK, _PARTIAL, _NOT_FOUND, _NO_RANGE = 200, 206, 404, 416


class Pace:
    """A token bucket over all connections: bytes a second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._free = time.monotonic()
        self._lock = threading.Lock()

    def wait(self, count: int) -> None:
        """Wait until ``count`` more bytes may go."""
        if not self._rate:
            return
        with self._lock:
            begin = max(self._free, time.monotonic())
            self._free = begin + count / self._rate
        time.sleep(max(0.0, begin - time.monotonic()))


def main() -> NoReturn:
    """Serve until standard input ends; what to serve stands in the JSON document on its first line.

    Says on standard output, as JSON: ``port`` on this machine's loopback, ``how`` and ``notes``.
    """
    syscalls.die_with_parent(signal.SIGKILL)
    asked = json.loads(sys.stdin.buffer.readline())
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    port = listening.getsockname()[1]
    notes: list[str] = []
    rate = int(asked["rate"])
    how = "paced" if rate else "unshaped"
    if rate and asked["shape"]:
        try:
            notes = _shape(listening, rate, float(asked["rtt"]))
            how, listening, rate = "shaped", socket.create_server((FAR, _FAR_PORT), backlog=64), 0
        except OSError as error:
            notes = [f"the link is paced in the sender, not shaped: {error.strerror or error}"]
    if asked["rtt"] and how != "shaped":
        notes.append("no round-trip time is added")
    _serve(listening, asked, Pace(rate))
    sys.stdout.write(json.dumps({"port": port, "how": how, "notes": notes}) + "\n")
    sys.stdout.flush()
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


def _shape(listening: socket.socket, rate: int, rtt: float) -> list[str]:
    """Go into a namespace behind a slow link; a child that relays from ``listening`` stays at its near end.

    Raises:
        OSError: the machine forbids namespaces, or ``ip`` or ``tc`` are not here or fail.
    """
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNET)
    syscalls.die_with_parent(signal.SIGKILL)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    ready, tell = os.pipe2(os.O_CLOEXEC)
    go, start = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        _relay(listening, tell, go)
    os.close(tell)
    try:
        _expect(ready, b"1")
        _run("ip", "link", "add", "far", "type", "veth", "peer", "name", "near", "netns", str(child))
        _run("ip", "addr", "add", f"{FAR}/30", "dev", "far")
        _run("ip", "link", "set", "far", "up")
        notes = _bucket(rate, rtt)
        os.write(start, b"1")
        _expect(ready, b"2")
    except OSError:
        os.kill(child, signal.SIGKILL)  # else it would take connections, and carry them nowhere
        os.waitpid(child, 0)
        raise
    listening.close()
    return notes


def _expect(ready: int, word: bytes) -> None:
    """Wait for the child's word."""
    if os.read(ready, 1) != word:
        raise OSError(0, "no second network namespace can be made, or its end of the link not raised")


def _bucket(rate: int, rtt: float) -> list[str]:
    """Put a token bucket, and the delay where the kernel has one, on the far end."""
    burst = max(_LEAST_BURST, rate // 125)  # 8 ms: a megabyte at 1 Gbps
    bucket = ("tbf", "rate", f"{rate * 8}bit", "burst", str(burst), "latency", "50ms")
    if rtt:
        with contextlib.suppress(OSError):
            _run("tc", "qdisc", "add", "dev", "far", "root", "handle", "1:", "netem", "delay", f"{rtt * 1000:.3f}ms")
            _run("tc", "qdisc", "add", "dev", "far", "parent", "1:1", *bucket)
            return []
        with contextlib.suppress(OSError):
            _run("tc", "qdisc", "del", "dev", "far", "root")
    _run("tc", "qdisc", "add", "dev", "far", "root", *bucket)
    return ["no round-trip time is added: this kernel has no netem"] if rtt else []


def _run(*command: str) -> None:
    path = f"/usr/sbin:/sbin:{os.environ.get('PATH', '/usr/bin:/bin')}"
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=20, env={"PATH": path})  # noqa: S603 -- fixed
    except FileNotFoundError as error:
        raise OSError(error.errno, f"{command[0]} is not here (Debian: iproute2)") from error
    except subprocess.TimeoutExpired as error:
        raise OSError(0, f"{command[0]} does not end") from error
    if done.returncode:
        raise OSError(0, f"{command[0]}: {done.stderr.decode(errors='replace').strip()[:200]}")


# --- the relay at the near end ----------------------------------------------------------------------------------------


def _relay(listening: socket.socket, tell: int, go: int) -> NoReturn:
    """Carry connections from the machine's loopback to the far end of the link."""
    try:
        syscalls.die_with_parent(signal.SIGKILL)
        syscalls.unshare(syscalls.CLONE_NEWNET)
        os.write(tell, b"1")
        os.read(go, 1)
        _run("ip", "addr", "add", f"{NEAR}/30", "dev", "near")
        _run("ip", "link", "set", "near", "up")
        os.write(tell, b"2")
        os.close(tell)
        while True:
            near, _ = listening.accept()
            threading.Thread(target=_carry, args=(near,), daemon=True).start()
    except OSError:
        pass
    finally:
        os._exit(1)


def _carry(near: socket.socket) -> None:
    with contextlib.suppress(OSError), near, socket.create_connection((FAR, _FAR_PORT), 20) as far:
        far.settimeout(None)
        other = threading.Thread(target=_copy, args=(near, far), daemon=True)
        other.start()
        _copy(far, near)
        other.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Move bytes within the kernel until the source ends (splice(2))."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            while count := os.splice(source.fileno(), writer, _SPLICE):
                while count:
                    count -= os.splice(reader, target.fileno(), count)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
    finally:
        os.close(reader)
        os.close(writer)


# --- the registry -----------------------------------------------------------------------------------------------------


def _serve(listening: socket.socket, asked: dict[str, Any], pace: Pace) -> None:
    class Handler(_Handler):
        manifest = asked["manifest"].encode("latin-1")
        media_type = asked["media_type"]
        digest = asked["digest"]
        config = (asked["config"][0], asked["config"][1].encode("latin-1"))
        blobs = asked["blobs"]

        def pieces(self, size: int) -> Iterator[int]:
            while size:
                count = min(size, _PIECE)
                pace.wait(count)
                yield count
                size -= count

    server = _Server(listening.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    threading.Thread(target=server.serve_forever, daemon=True).start()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    manifest: bytes
    media_type: str
    digest: str
    config: tuple[str, bytes]
    blobs: dict[str, list[Any]]

    def pieces(self, size: int) -> Iterator[int]:
        """Give the sizes in which bytes may go, when they may."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer with what is there: the API's root, the manifest under every name, blobs."""
        name = self.path.partition("?")[0].rpartition("/")[2]
        if self.path.rstrip("/") == "/v2":
            self._head(_OK, 2, "application/json")
            self.wfile.write(b"{}" if self.command == "GET" else b"")
        elif "/manifests/" in self.path and (":" not in name or name == self.digest):
            self._head(_OK, len(self.manifest), self.media_type)
            self.wfile.write(self.manifest if self.command == "GET" else b"")
        elif "/blobs/" in self.path and name == self.config[0]:
            self._head(_OK, len(self.config[1]), "application/octet-stream")
            self.wfile.write(self.config[1] if self.command == "GET" else b"")
        elif "/blobs/" in self.path and name in self.blobs:
            self._blob(*self.blobs[name])
        else:
            self._head(_NOT_FOUND, 0, "application/json")

    do_HEAD = do_GET  # noqa: N815 -- the base class's name

    def _blob(self, path: str, offset: int, size: int) -> None:
        said = self.headers.get("Range", "").removeprefix("bytes=").partition("-")[0]
        start = int(said) if said.isdecimal() else 0
        if start > size:
            self._head(_NO_RANGE, 0, "application/octet-stream")
            return
        extra = {"Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
        self._head(_PARTIAL if start else _OK, size - start, "application/octet-stream", extra)
        if self.command == "HEAD":
            return
        self.wfile.flush()
        with open(path, "rb") as file:
            place = offset + start
            for count in self.pieces(size - start):
                left = count
                while left:
                    sent = os.sendfile(self.connection.fileno(), file.fileno(), place, left)
                    place, left = place + sent, left - sent

    def _head(self, status: int, length: int, kind: str, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        if "/manifests/" in self.path:
            self.send_header("Docker-Content-Digest", self.digest)
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        """Say nothing."""


if __name__ == "__main__":
    main()
