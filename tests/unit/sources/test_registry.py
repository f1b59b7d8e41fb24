"""Images in registries, good ones and others."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers.fakeregistry import FakeRegistry, Reply, add_image, add_index, serving
from tests.helpers.images import digest

from jettison.errors import BadInputError, MachineError, RefusedError, UsageError
from jettison.oci.image import Image
from jettison.reference import parse_reference
from jettison.sources.extent import pieces
from jettison.sources.open import open_image, open_source
from jettison.sources.registry.client import Patience, Registry, _is_akin
from jettison.sources.registry.login import Login, find_login
from jettison.sources.registry.pull import open_remote

HASTY = Patience(tries=3, pause=0.0, silence=2.0, longest=0.01)


pytestmark = pytest.mark.usefixtures("own_home")


def pulled(registry: FakeRegistry, name: str = "app:1") -> Image:
    """Open an image with little patience."""
    return open_remote(f"registry:{name}", f"{registry.host}/{name}", None, patience=HASTY)


def content(image: Image, number: int = 0) -> bytes:
    """Return a layer's bytes as they lie in the cache."""
    return b"".join(map(bytes, pieces(image.layers[number].blob)))


def kept(tmp_path: Path, blob: str) -> list[Path]:
    """Return what the cache has of a blob."""
    return list((tmp_path / "cache").rglob(blob.removeprefix("sha256:")))


def save_login(tmp_path: Path, host: str) -> None:
    """Log in as docker login does."""
    (tmp_path / "docker").mkdir()
    auth = base64.b64encode(b"ann:secret").decode()
    (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


@pytest.mark.parametrize("scheme", ["registry:", "docker://"])
def test_opened(registry: FakeRegistry, scheme: str) -> None:
    """An image is opened by its name in a registry; its layers have the digests that the manifest says."""
    layers = add_image(registry, "1", b"one", b"two" * 100_000)
    image = open_image(f"{scheme}{registry.host}/app:1", platform="linux/amd64")
    assert [layer.descriptor.digest for layer in image.layers] == layers
    assert [digest(content(image, number)) for number in range(2)] == layers
    assert image.tags == (f"{registry.host}/app:1",)


def test_each_blob_once(registry: FakeRegistry) -> None:
    """A blob that the cache has is not asked for again; the manifest of a tag is."""
    add_image(registry, "1", b"one", b"one", b"two")
    pulled(registry)
    before = len(registry.asked("/blobs/"))
    pulled(registry)
    assert before == 3  # the config, and two different layers
    assert len(registry.asked("/blobs/")) == before
    assert len(registry.asked("/manifests/1")) == 2


def test_by_digest(registry: FakeRegistry) -> None:
    """A digest in the name is what the manifest must have."""
    add_image(registry, "1", b"one")
    known = next(name for name in registry.manifests if name.startswith("sha256:"))
    assert pulled(registry, f"app@{known}").manifest_digest == known
    registry.manifests[known] = (registry.manifests[known][0], registry.manifests[known][1] + b"\n")
    with pytest.raises(BadInputError, match="should be sha256"):
        pulled(registry, f"app@{known}")


def test_platform(registry: FakeRegistry) -> None:
    """Of an index, the image of the platform that was asked for is fetched, and no blob of another."""
    layers = add_image(registry, "a", b"amd"), add_image(registry, "b", b"arm", architecture="arm64")
    add_index(registry, "1", amd64="a", arm64="b")
    image = open_image(f"registry:{registry.host}/app:1", platform="linux/arm64")
    assert image.layers[0].descriptor.digest == layers[1][0]
    assert not registry.asked(layers[0][0])
    with pytest.raises(UsageError, match="no image for linux/s390x"):
        open_image(f"registry:{registry.host}/app:1", platform="linux/s390x")


def test_resumed(registry: FakeRegistry) -> None:
    """A blob whose line broke goes on with the byte where it stopped."""
    (layer,) = add_image(registry, "1", os.urandom(300_000))
    raw = registry.blobs[layer]
    registry.faults[layer] = [Reply(200, raw[:100_000], length=len(raw))]
    assert content(pulled(registry)) == raw
    first, second = registry.asked(layer)
    assert "range" not in first
    assert second["range"].startswith("bytes=")
    assert 0 < int(second["range"].removeprefix("bytes=").removesuffix("-")) <= 100_000


def test_resumed_by_a_later_run(registry: FakeRegistry, tmp_path: Path) -> None:
    """When a registry gives up midway, what came is kept apart, and a later run goes on from there."""
    (layer,) = add_image(registry, "1", os.urandom(300_000))
    raw = registry.blobs[layer]
    registry.faults[layer] = [Reply(200, raw[:200_000], length=len(raw)), *[Reply(503)] * 3]
    with pytest.raises(MachineError, match="503"):
        pulled(registry)
    (part,) = kept(tmp_path, layer)
    assert part.parent.name == "parts"
    assert content(pulled(registry)) == raw
    assert registry.asked(layer)[-1]["range"] == f"bytes={part.stat().st_size if part.exists() else 200_000}-"
    assert [path.parent.name for path in kept(tmp_path, layer)] == ["sha256"]


def test_damaged_part(registry: FakeRegistry, tmp_path: Path) -> None:
    """What an earlier run left is thrown away when the whole does not have the digest."""
    (layer,) = add_image(registry, "1", os.urandom(300_000))
    part = tmp_path / "cache" / "registry" / "parts" / layer.removeprefix("sha256:")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert content(pulled(registry)) == registry.blobs[layer]


def test_no_ranges(registry: FakeRegistry) -> None:
    """A registry that knows no ranges sends a broken blob once more from its beginning."""
    (layer,) = add_image(registry, "1", os.urandom(300_000))
    raw = registry.blobs[layer]
    registry.ranges = False
    registry.faults[layer] = [Reply(200, raw[:200_000], length=len(raw))]
    assert content(pulled(registry)) == raw


@pytest.mark.parametrize("lie", [lambda raw: b"x" * len(raw), lambda raw: raw + b"x"])
def test_lying_blob(registry: FakeRegistry, tmp_path: Path, lie: object) -> None:
    """Of a blob that has other bytes, or more, nothing is kept."""
    (layer,) = add_image(registry, "1", b"one")
    registry.blobs[layer] = lie(registry.blobs[layer])  # type: ignore[operator] # a function of bytes
    with pytest.raises(BadInputError, match="the registry sends"):
        pulled(registry)
    assert not kept(tmp_path, layer)


def test_short_blob(registry: FakeRegistry) -> None:
    """A blob that always ends too early is an error after a few tries."""
    (layer,) = add_image(registry, "1", b"one")
    registry.blobs[layer] = registry.blobs[layer][:-1]
    with pytest.raises(MachineError):
        pulled(registry)
    assert len(registry.asked(layer)) <= 5


def test_missing(registry: FakeRegistry) -> None:
    """An image that is not there is the user's error; a blob that is not there, the registry's."""
    with pytest.raises(UsageError, match="no such image"):
        pulled(registry)
    (layer,) = add_image(registry, "1", b"one")
    del registry.blobs[layer]
    with pytest.raises(BadInputError, match="does not have it"):
        pulled(registry)


def test_lying_manifest(registry: FakeRegistry) -> None:
    """A manifest that has not the digest of its header is refused."""
    add_image(registry, "1", b"one")
    kind, raw = registry.manifests["1"]
    headers = {"Content-Type": kind, "Docker-Content-Digest": f"sha256:{'0' * 64}"}
    registry.faults["1"] = [Reply(200, raw, headers)]
    with pytest.raises(BadInputError, match="should be sha256:000"):
        pulled(registry)


def test_no_registry_at_all(registry: FakeRegistry) -> None:
    """A page for people is no manifest, and the error says what came."""
    registry.faults["1"] = [Reply(200, b"<html>", {"Content-Type": "text/html"})]
    with pytest.raises(BadInputError, match="text/html, which is no manifest"):
        pulled(registry)


def test_large_manifest(registry: FakeRegistry) -> None:
    """A manifest over four mebibytes is not read to its end."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    registry.manifests["1"] = (kind, b" " * 5_000_000)
    with pytest.raises(BadInputError, match="larger than"):
        pulled(registry)


def test_huge_size(registry: FakeRegistry, tmp_path: Path) -> None:
    """A manifest whose layer says more bytes than the disk has is refused before anything is fetched."""
    (layer,) = add_image(registry, "1", b"one")
    kind, raw = registry.manifests["1"]
    document = json.loads(raw)
    document["layers"][0]["size"] = 1 << 60
    registry.manifests["1"] = (kind, json.dumps(document).encode())
    with pytest.raises(MachineError, match="are free"):
        pulled(registry)
    assert not kept(tmp_path, layer)


def test_busy(registry: FakeRegistry) -> None:
    """A busy registry is asked again after what it asks to wait; one that stays busy is an error."""
    add_image(registry, "1", b"one")
    registry.faults["1"] = [Reply(429, headers={"Retry-After": "1"}), Reply(500)]
    pulled(registry)
    registry.faults["1"] = [Reply(503)] * 3
    with pytest.raises(MachineError, match="it answered 503"):
        pulled(registry)


@pytest.mark.parametrize("what", ["blobs", "manifests"])
def test_dripping(registry: FakeRegistry, what: str) -> None:
    """What comes slower than the floor is an error that says so, though the server is never silent."""
    (layer,) = add_image(registry, "1", b"one" * 700)
    raw = registry.blobs[layer] if what == "blobs" else registry.manifests["1"][1]
    end, kind = (layer, "") if what == "blobs" else ("1", registry.manifests["1"][0])
    slow = Reply(200, raw, {"Content-Type": kind}, drip=0.01)
    registry.gate = lambda path, _headers: slow if path.endswith(f"{what}/{end}") else None
    name = f"{registry.host}/app:1"
    hasty = replace(HASTY, window=0.02, slowest=1_000_000)
    with pytest.raises(MachineError, match="less than 1000000 bytes a second came") as caught:
        open_remote(f"registry:{name}", name, None, patience=hasty)
    assert caught.value.hint
    image = open_remote(f"registry:{name}", name, None, patience=replace(hasty, slowest=10))
    assert content(image) == registry.blobs[layer]


def test_nobody_there() -> None:
    """A registry that is not there is the machine's error."""
    with pytest.raises(MachineError, match="cannot be had"):
        open_remote("registry:x", "127.0.0.1:9/app:1", None, patience=HASTY)


def test_tokens_that_expire(registry: FakeRegistry) -> None:
    """A registry that wants a token gets one; when it has expired, another is fetched."""
    add_image(registry, "1", b"one", b"two", b"three")
    issued, uses = [], [0]

    def gate(path: str, headers: Mapping[str, str]) -> Reply | None:
        if path.startswith("/token"):
            issued.append(path)
            return Reply(200, json.dumps({"token": f"t{len(issued)}"}).encode())
        uses[0] += 1
        if headers.get("authorization") != f"Bearer t{len(issued)}" or uses[0] == 4:
            challenge = f'Bearer realm="http://{registry.host}/token",service="s"'
            return Reply(401, headers={"WWW-Authenticate": challenge})
        return None

    registry.gate = gate
    pulled(registry)
    assert len(issued) >= 2
    assert "scope=repository%3Aapp%3Apull" in issued[0]


def test_looping_tokens(registry: FakeRegistry) -> None:
    """A registry that refuses its own tokens is not asked for ever."""

    def gate(path: str, _headers: Mapping[str, str]) -> Reply:
        if path.startswith("/token"):
            return Reply(200, b'{"token": "t"}')
        return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="http://{registry.host}/token"'})

    registry.gate = gate
    with pytest.raises(MachineError, match="wants a login"):
        pulled(registry)
    assert len(registry.seen) == 3


def _basic(_path: str, headers: Mapping[str, str]) -> Reply | None:
    wanted = f"Basic {base64.b64encode(b'ann:secret').decode()}"
    return None if headers.get("authorization") == wanted else Reply(401, headers={"WWW-Authenticate": "Basic"})


def test_login(registry: FakeRegistry, tmp_path: Path) -> None:
    """A login that docker saved is used where a registry asks for it; without one the error says how to get it."""
    add_image(registry, "1", b"one")
    registry.gate = _basic
    with pytest.raises(MachineError, match="wants a login") as caught:
        pulled(registry)
    assert "docker login" in caught.value.hint
    save_login(tmp_path, registry.host)
    pulled(registry)


def test_login_stays_here(registry: FakeRegistry, tmp_path: Path) -> None:
    """A redirect to another host is followed without the login; a server of tokens elsewhere does not get it either."""
    (layer,) = add_image(registry, "1", b"one")
    save_login(tmp_path, registry.host)
    registry.gate = _basic
    with serving(FakeRegistry(blobs=dict(registry.blobs))) as other:
        registry.faults[layer] = [Reply(307, headers={"Location": f"http://{other.host}/blobs/{layer}"})]
        pulled(registry)
        assert [headers for headers in other.asked(layer) if "authorization" in headers] == []
        assert len(other.asked(layer)) == 1
        challenge = f'Bearer realm="http://{other.host}/token"'
        registry.gate = lambda _path, _headers: Reply(401, headers={"WWW-Authenticate": challenge})
        with pytest.raises(MachineError, match="gives no token"):
            pulled(registry)
        assert [headers for headers in other.asked("/token") if "authorization" in headers] == []


@pytest.mark.parametrize("place", ["http://example.org/x", "file:///etc/passwd", "gopher://x/", "http://[", "//[::1"])
def test_unsafe_redirect(registry: FakeRegistry, place: str) -> None:
    """A redirect to something without TLS that is not this machine is refused."""
    registry.faults["1"] = [Reply(302, headers={"Location": place})]
    with pytest.raises(BadInputError, match="not safe to ask"):
        pulled(registry)


def test_circle(registry: FakeRegistry) -> None:
    """Redirects that lead in a circle end."""
    registry.faults["1"] = [Reply(302, headers={"Location": "/v2/app/manifests/1"})] * 20
    with pytest.raises(BadInputError, match="redirects"):
        pulled(registry)


@pytest.mark.parametrize(
    ("realm", "root", "akin"),
    [
        ("https://auth.example.org/token", "https://registry.example.org", True),
        ("https://example.org/token", "https://registry.example.org", True),
        ("https://auth.example.org/token", "https://example.org", True),
        ("https://other.org/token", "https://example.org", False),
        ("https://notexample.org/token", "https://registry.example.org", False),
        ("http://auth.example.org/token", "https://registry.example.org", False),
        ("https://9.0.0.1/token", "https://10.0.0.1", False),
    ],
)
def test_akin(realm: str, root: str, *, akin: bool) -> None:
    """A login goes to the registry's own server of tokens, or a neighbour's under the same name."""
    assert _is_akin(realm, root) is akin


def test_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that keeps secrets is asked with the host; one that is missing is named."""
    program = tmp_path / "bin" / "docker-credential-mine"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nread host\necho "{\\"Username\\": \\"ann\\", \\"Secret\\": \\"for $host\\"}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (tmp_path / "docker").mkdir()
    config = tmp_path / "docker" / "config.json"
    config.write_text(json.dumps({"credHelpers": {"r.example.org": "mine", "q.example.org": "absent"}}))
    assert find_login("r.example.org") == Login("ann", "for r.example.org")
    assert find_login("other.example.org") is None
    with pytest.raises(MachineError, match="docker-credential-absent"):
        find_login("q.example.org")
    assert "for r" not in repr(find_login("r.example.org"))


@pytest.mark.parametrize("text", ["", "[]", '{"auths": {"h": {"auth": "%%"}}}'])
def test_malformed_logins(tmp_path: Path, text: str) -> None:
    """A file of logins that cannot be read is an error that names it."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text(text)
    with pytest.raises(UsageError, match=r"config\.json"):
        find_login("h")


def test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a host goes to the registry that the user set; without one, and for no name, the error says so."""
    with pytest.raises(UsageError, match="names no image"):
        open_image("registry:UPPER CASE")
    monkeypatch.setattr("jettison.sources.registry.find.default_registry", lambda: "")
    with pytest.raises(UsageError, match="no registry is configured"):
        open_image("registry:app:1")
    with serving(FakeRegistry()) as registry:
        add_image(registry, "1", b"one")
        monkeypatch.setattr("jettison.sources.registry.find.default_registry", lambda: f"http://{registry.host}/")
        assert len(open_image("registry:app:1", platform="linux/amd64").layers) == 1


def test_not_yet(registry: FakeRegistry) -> None:
    """Looking at a registry's blobs one by one is refused with a way round."""
    with pytest.raises(RefusedError, match="only files"):
        open_source(parse_reference(f"registry:{registry.host}/app:1"))


def test_secrets_stay_out_of_repr() -> None:
    """A registry that is printed shows neither secret nor token."""
    shown = repr(Registry("https://x", "app", Login("ann", "hush"), authorization="Bearer hush"))
    assert "hush" not in shown


@pytest.mark.parametrize("realm", ["http://[", "http://example.org/token", "file:///token"])
def test_unsafe_realm(registry: FakeRegistry, realm: str) -> None:
    """A server of tokens whose address is none, or that is asked without TLS elsewhere, is refused."""
    registry.gate = lambda _path, _headers: Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})
    with pytest.raises(BadInputError, match="not safe to ask"):
        pulled(registry)


def test_proxy(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry elsewhere is asked through the proxy that the environment names."""
    layers = add_image(registry, "1", b"one")
    monkeypatch.setenv("http_proxy", f"http://{registry.host}")
    monkeypatch.setenv("JETTISON_INSECURE_REGISTRIES", "registry.invalid:80")
    image = open_remote("registry:x", "registry.invalid:80/app:1", None, patience=HASTY)
    assert image.layers[0].descriptor.digest == layers[0]
    assert registry.seen[0][0] == "http://registry.invalid:80/v2/app/manifests/1"
