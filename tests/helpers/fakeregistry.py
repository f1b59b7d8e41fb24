"""A registry on a thread, with faults on demand: what it says is what a test gave it."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from tests.helpers.images import config_document, digest, tar_bytes

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Reply:
    """What is answered; ``length`` says another number of bytes than are sent, ``drip`` seconds before each 100."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    drip: float = 0.0


@dataclass
class FakeRegistry:
    """What the registry holds, and how it misbehaves.

    Attributes:
        manifests: media type and bytes, by tag and by digest.
        blobs: by digest.
        faults: by the end of a path: replies that are used up, one a request, before it answers well.
        gate: asked first with path and headers; what it returns is the answer.
        ranges: whether it knows ranges.
        seen: path and headers (lower case) of every request.
        done: method and path of every request, in order.
        sessions: uploads that are open, by name.
        cuts: bytes of uploads after which the line breaks, one a PATCH.
        tells: whether it says how far an upload came.
        knows_subjects: whether it knows the referrers API.
        page: entries of its answers; 0 for all at once.
    """

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Reply]] = field(default_factory=dict)
    gate: Callable[[str, Mapping[str, str]], Reply | None] = lambda _path, _headers: None
    ranges: bool = True
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)
    sessions: dict[str, bytearray] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    tells: bool = True
    knows_subjects: bool = False
    page: int = 0
    host: str = ""

    def answer(self, path: str, headers: dict[str, str], method: str = "GET", body: bytes = b"") -> Reply:
        """Return the answer to a request."""
        self.seen.append((path, headers))
        self.done.append((method, path))
        if (said := self.gate(path, headers)) is not None:
            return said
        if "/blobs/uploads/" in path or method in ("PUT", "PATCH"):
            return self._write(method, path, headers, body)
        if "/referrers/" in path:
            return self._referrers(path)
        return self._read(path, headers)

    def _read(self, path: str, headers: dict[str, str]) -> Reply:
        name = path.rpartition("/")[2]
        if self.faults.get(name):
            return self.faults[name].pop(0)
        if "/manifests/" in path and name in self.manifests:
            kind, raw = self.manifests[name]
            return Reply(200, raw, {"Content-Type": kind})
        if "/blobs/" in path and name in self.blobs:
            return self._blob(self.blobs[name], headers.get("range", ""))
        return Reply(404)

    def _blob(self, raw: bytes, said: str) -> Reply:
        match = re.fullmatch(r"bytes=(\d+)-", said)
        if match and self.ranges:
            start = int(match[1])
            return Reply(206, raw[start:], {"Content-Range": f"bytes {start}-{len(raw) - 1}/{len(raw)}"})
        return Reply(200, raw)

    def _write(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        place, _, query = path.partition("?")
        said = dict(parse_qsl(query))
        name = place.rpartition("/")[2]
        if self.faults.get(f"{method} {name}"):
            return self.faults[f"{method} {name}"].pop(0)
        if "/manifests/" in path:
            return self._put_manifest(name, headers["content-type"], body)
        if method == "POST":
            return self._open(place, said)
        return self._go_on(method, place, headers, body, said) if name in self.sessions else Reply(404)

    def _go_on(self, method: str, place: str, headers: dict[str, str], body: bytes, said: dict[str, str]) -> Reply:
        name = place.rpartition("/")[2]
        came = self.sessions[name]
        if method == "PATCH":
            start = int(headers.get("content-range", "0").partition("-")[0])
            if start != len(came):
                return Reply(416)
            came += body
            return Reply(202, headers={"Location": f"{place}?state={len(came)}", "Range": f"0-{len(came) - 1}"})
        if method == "GET":
            told = {"Location": f"{place}?state={len(came)}", "Range": f"0-{max(0, len(came) - 1)}"}
            return Reply(204, headers=told) if self.tells else Reply(404)
        if digest(bytes(came)) != said["digest"]:
            return Reply(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
        self.blobs[said["digest"]] = bytes(self.sessions.pop(name))
        return Reply(201, headers={"Docker-Content-Digest": said["digest"]})

    def _open(self, place: str, said: Mapping[str, str]) -> Reply:
        if said.get("mount") in self.blobs:
            return Reply(201)
        name = f"session{len(self.done)}"
        self.sessions[name] = bytearray()
        return Reply(202, headers={"Location": f"{place}{name}"})

    def _put_manifest(self, name: str, kind: str, body: bytes) -> Reply:
        document = json.loads(body)
        for one in (document.get("config"), *document.get("layers", ())):
            if one and one["digest"] not in self.blobs:
                return Reply(404, b"BLOB_UNKNOWN")
        self.manifests[name] = self.manifests[digest(body)] = (kind, body)
        known = {"OCI-Subject": document["subject"]["digest"]} if self.knows_subjects and "subject" in document else {}
        return Reply(201, headers={"Docker-Content-Digest": digest(body), **known})

    def _referrers(self, path: str) -> Reply:
        place, _, query = path.partition("?")
        subject = place.rpartition("/")[2]
        if not self.knows_subjects:
            return Reply(404)
        found = []
        for name, (kind, raw) in self.manifests.items():
            document = json.loads(raw)
            if name.startswith("sha256:") and document.get("subject", {}).get("digest") == subject:
                entry = {"mediaType": kind, "digest": name, "size": len(raw)}
                more = {key: document[key] for key in ("artifactType", "annotations") if key in document}
                found.append({**entry, **more})
        start = int(query.partition("=")[2] or 0)
        end = start + self.page if self.page else len(found)
        raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found[start:end]}).encode()
        link = {"Link": f'<{place}?start={end}>; rel="next"'} if end < len(found) else {}
        return Reply(200, raw, {"Content-Type": INDEX, **link})

    def asked(self, part: str) -> list[dict[str, str]]:
        """Return the headers of the requests whose path holds ``part``."""
        return [headers for path, headers in self.seen if part in path]


@contextmanager
def serving(registry: FakeRegistry) -> Iterator[FakeRegistry]:
    """Serve a registry on this machine while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = b""
            if self.command == "PATCH" and registry.cuts:
                place = self.path.partition("?")[0].rpartition("/")[2]
                registry.sessions[place] += self.rfile.read(min(registry.cuts.pop(0), int(headers["content-length"])))
                registry.done.append(("broken", self.path))
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if "content-length" in headers:
                body = self.rfile.read(int(headers["content-length"]))
            reply = registry.answer(self.path, headers, self.command, body)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            self.end_headers()
            if self.command != "HEAD":
                for start in range(0, len(reply.body), 100) if reply.drip else ():
                    time.sleep(reply.drip)
                    self.wfile.write(reply.body[start : start + 100])
                self.wfile.write(b"" if reply.drip else reply.body)
            self.close_connection = reply.length is not None

        do_POST = do_PUT = do_PATCH = do_HEAD = do_GET  # noqa: N815 -- the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of clients that hang up, as one does that was sent too much."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    registry.host = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def add_image(registry: FakeRegistry, tag: str, *contents: bytes, architecture: str = "amd64") -> list[str]:
    """Put an image with one plain layer for each content into a registry, and return the layers' digests."""
    layers = [tar_bytes({"app/data": content}) for content in contents]
    blobs = [json.dumps(config_document(layers, architecture=architecture)).encode(), *layers]
    registry.blobs.update({digest(blob): blob for blob in blobs})
    kinds = ["application/vnd.oci.image.config.v1+json", *["application/vnd.oci.image.layer.v1.tar"] * len(layers)]
    described = [
        {"mediaType": kind, "digest": digest(blob), "size": len(blob)} for kind, blob in zip(kinds, blobs, strict=True)
    ]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    raw = json.dumps(manifest).encode()
    registry.manifests[tag] = registry.manifests[digest(raw)] = (MANIFEST, raw)
    return [digest(layer) for layer in layers]


def add_index(registry: FakeRegistry, tag: str, **tags: str) -> None:
    """Put an index over images that are there: architecture by tag."""
    entries = []
    for architecture, one in tags.items():
        raw = registry.manifests[one][1]
        platform = {"os": "linux", "architecture": architecture}
        entries.append({"mediaType": MANIFEST, "digest": digest(raw), "size": len(raw), "platform": platform})
    raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    registry.manifests[tag] = registry.manifests[digest(raw)] = (INDEX, raw)
