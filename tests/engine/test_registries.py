"""Registries that others made: what is pushed is what comes back, and what others push is read."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.helpers.engine import Engine, docker
from tests.helpers.images import oci_layout, tar_bytes
from tests.helpers.realregistries import HTPASSWD, crane, distribution, program

from jettison.api.copy import copy
from jettison.api.papers import papers_of_image
from jettison.api.slim import slim
from jettison.api.verify import verify
from jettison.errors import MachineError, UsageError
from jettison.sources.open import open_image

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


@pytest.fixture(params=["distribution", "crane"])
def host(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Iterator[str]:
    """Start a registry of either make."""
    with ExitStack() as stack:
        start = distribution if request.param == "distribution" else crane
        yield stack.enter_context(start(engine.env, tmp_path / "registry"))


@pytest.fixture
def layout(tmp_path: Path) -> str:
    """Make an image with something to slim."""
    layers = [
        tar_bytes([("usr/lib/data", os.urandom(5_000_000)), ("etc/passwd", b"root:x:0:0::/:/bin/sh\n")]),
        tar_bytes([("var/lib/apt/lists/deb.example_Packages", b"x" * 900_000), ("app/x.py", b"1\n")]),
    ]
    oci_layout(tmp_path / "layout", layers)
    return f"oci:{tmp_path / 'layout'}"


def test_there_and_back(host: str, layout: str, tmp_path: Path) -> None:
    """An image keeps its digest on the way there and back, is not sent twice, and is mounted next door."""
    there = f"registry:{host}/team/app:1"
    first = copy(layout, there)
    assert {one.how for one in first.blobs} == {"sent"}
    assert {one.how for one in copy(layout, there).blobs} == {"there"}
    next_door = copy(there, f"registry:{host}/other/app:1")
    assert {one.how for one in next_door.blobs} <= {"mounted", "there"}  # crane keeps blobs for all repositories
    back = copy(there, f"oci:{tmp_path / 'back'}")
    assert first.digest == next_door.digest == back.digest == open_image(layout).manifest_digest


def test_slimmed(host: str, layout: str) -> None:
    """An image is slimmed from a registry into it: the untouched layer is not sent, and verify finds the plan there."""
    old, new = f"registry:{host}/app:1", f"registry:{host}/app:slim"
    copy(layout, old)
    result = slim(old, new)
    assert result.delivered
    assert result.new.pull < result.old.pull
    image = open_image(new)
    assert image.layers[0].descriptor.digest == open_image(old).layers[0].descriptor.digest
    assert set(papers_of_image(new, image.manifest_digest)) == {"plan.json", "removed.tsv", "proof.json"}
    assert verify(old, new).verdict == "held"
    with pytest.raises(UsageError, match="exists"):
        slim(old, new)


def test_engine_reads_it(engine: Engine, layout: str, tmp_path: Path) -> None:
    """Docker pulls what was pushed here, and what Docker pushes is read here."""
    with distribution(engine.env, tmp_path / "registry") as host:
        copy(layout, f"registry:{host}/app:1")
        docker(engine, "pull", "-q", f"{host}/app:1")
        docker(engine, "tag", f"{host}/app:1", f"{host}/back:1")
        docker(engine, "push", "-q", f"{host}/back:1")
        docker(engine, "rmi", f"{host}/app:1", f"{host}/back:1")
        mine, theirs = open_image(layout), open_image(f"registry:{host}/back:1")
        assert theirs.config.diff_ids == mine.config.diff_ids


def test_guarded(engine: Engine, layout: str, tmp_path: Path) -> None:
    """An own CA, a client's certificate and a password are each needed, and found where Docker looks for them."""
    certificates = make_certificates(engine, tmp_path / "ca")
    (tmp_path / "htpasswd").write_text(HTPASSWD + "\n")
    names = {key: certificates / f"{key}" for key in ("server.crt", "server.key", "ca.crt")}
    tls = f", tls: {{certificate: {names['server.crt']}, key: {names['server.key']}, clientcas: [{names['ca.crt']}]}}"
    auth = f"auth: {{htpasswd: {{realm: here, path: {tmp_path / 'htpasswd'}}}}}"
    with distribution(engine.env, tmp_path / "registry", tls=tls, auth=auth) as host:
        there, trusted = f"registry:{host}/app:1", tmp_path / ".config/containers/certs.d" / host
        trusted.mkdir(parents=True)
        (trusted / "ca.crt").write_bytes(names["ca.crt"].read_bytes())
        with pytest.raises(MachineError, match=r"certificate|cannot be had"):
            copy(layout, there)
        for suffix in ("cert", "key"):
            (trusted / f"client.{suffix}").write_bytes((certificates / f"client.{suffix}").read_bytes())
        with pytest.raises(MachineError, match="it wants a login"):
            copy(layout, there)
        (tmp_path / "docker").mkdir()
        auth = base64.b64encode(b"ann:opensesame").decode()
        (tmp_path / "docker/config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        assert copy(layout, there).digest == open_image(there).manifest_digest


def make_certificates(engine: Engine, folder: Path) -> Path:
    """Make a CA, and certificates of it for a server on this machine and for a client."""
    folder.mkdir()
    openssl = program({"PATH": f"{engine.env['PATH']}:{os.environ['PATH']}"}, "openssl")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    run(*new, "/CN=ca", "-x509", "-keyout", "ca.key", "-out", "ca.crt")
    for name, suffix in (("server", "crt"), ("client", "cert")):
        run(*new, f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signed = ("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial")
        run(*signed, "-extfile", "names", "-out", f"{name}.{suffix}")
    return folder
