import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.webserver import Served, answer, serving, web

from jettison.sizes.bases import base_facts, bases, weigh_base_image
from jettison.sizes.cache import Answers
from jettison.sizes.scales import Scales, weigh_base
from jettison.sizes.transport import Web
from jettison.sources.imagename import default_registry, parse_image_name

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DIGEST = "sha256:" + "a" * 64


def offline() -> Web:
    return Web(answers=Answers(None), offline=True)


def descriptor(size: int, media: str = "application/vnd.oci.image.layer.v1.tar+gzip") -> dict[str, object]:
    return {"mediaType": media, "digest": DIGEST, "size": size}


def manifest(*sizes: int) -> bytes:
    config = descriptor(7, "application/vnd.oci.image.config.v1+json")
    layers = [descriptor(size) for size in sizes]
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).encode()


@pytest.fixture(name="server")
def server_fixture() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("python:3.11-slim-bookworm", {"python": "3.11", "release": "bookworm", "compiler": False, "curl": False}),
        (
            "docker.io/library/python:3.12",
            {"python": "3.12", "compiler": True, "python_path": "/usr/local/bin/python3"},
        ),
        ("python:3.9.18-slim-bullseye", {"python": "3.9", "eol": "2024-08-14", "lts": "2026-08-31"}),
        ("python:3.11-alpine3.20", {"packages": "apk", "distribution": "alpine", "release": "3.20", "compiler": False}),
        (
            "nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04",
            {"cuda": "12.1.1", "flavour": "devel", "cudnn": True, "release": "22.04", "compiler": True},
        ),
        ("nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04", {"cuda": "12.4.1", "flavour": "base", "cudnn": False}),
        ("pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime", {"cuda": "12.1", "flavour": "runtime", "cudnn": True}),
        ("gcr.io/distroless/python3-debian12:nonroot", {"python": "3.11", "shell": False, "user": "nonroot"}),
        ("gcr.io/distroless/cc-debian12", {"shell": False, "curl": False, "release": "bookworm"}),
        ("ubuntu:jammy", {"distribution": "ubuntu", "release": "22.04", "eol": "2027-06-01"}),
        ("debian:12-slim", {"distribution": "debian", "release": "bookworm"}),
        ("mambaorg/micromamba:1.5", {"user": "mambauser", "conda": True}),
        ("example.com/own:1", {"user": "", "python": "", "shell": None}),
        ("${BASE}", {"user": ""}),
    ],
)
def test_facts_from_a_name(image: str, said: dict[str, object]) -> None:
    """A base's family, flavour and release say what is in it; an unknown one says nothing."""
    facts = base_facts(image)
    assert {name: getattr(facts, name) for name in said} == said


def test_sizes_from_the_table() -> None:
    """A row of the publisher's is no guess; a relative of the same flavour is one; another flavour says nothing."""
    exact = weigh_base_image(offline(), "python:3.11-slim-bookworm")
    assert exact.weight is not None
    assert (exact.weight.pull, exact.weight.disk, exact.weight.estimated) == (47_790_358, 130_010_000, False)
    near = weigh_base_image(offline(), "nvidia/cuda:12.3.0-devel-ubuntu22.04")
    assert near.weight is not None
    assert near.weight.estimated
    assert "nvidia/cuda:12.4.0-devel-ubuntu22.04" in near.weight.source
    for flavour in ("base", "runtime", "devel"):
        found = weigh_base_image(offline(), f"nvidia/cuda:12.2.2-{flavour}-ubuntu20.04").weight
        assert found is not None
        assert f"-{flavour}-" in found.source
    assert weigh_base_image(offline(), "tensorflow/tensorflow:2.15.0-gpu").weight is None
    assert weigh_base_image(offline(), "scratch").weight is not None
    unknown = weigh_base_image(offline(), "example.com/own:1")
    assert (unknown.weight, "no size is known" in unknown.reason) == (None, True)


def test_the_table_is_in_order() -> None:
    """Every row has a name that parses, a size, a source; exact ones a date; every release an end or none."""
    for row in bases().rows:
        name = parse_image_name(row.image)
        assert name is not None
        assert name.short == row.image
        assert row.pull or row.disk
        assert row.source
        assert row.date or not row.exact
        assert not row.pull or not row.disk or 0.3 < row.pull / row.disk < 0.5


def test_a_registry_is_asked(server: Served, tmp_path: Path) -> None:
    """An index leads to the platform's manifest, whose layers are the pull; a token is fetched where one is wanted."""

    def guarded(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Authorization") != "Bearer t0ken":
            challenge = f'Bearer realm="{server.url}/token",service="reg",scope="repository:library/python:pull"'
            answer(handler, 401, b"", {"WWW-Authenticate": challenge})
            return
        platform = {"os": "linux", "architecture": "amd64"}
        entries = [
            {
                **descriptor(9, MANIFEST),
                "digest": "sha256:" + "b" * 64,
                "platform": {**platform, "architecture": "arm64"},
            },
            {**descriptor(9, MANIFEST), "platform": platform},
        ]
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
        answer(handler, 200, body, {"Content-Type": INDEX})

    server.faults["/v2/library/python/manifests/3.11"] = guarded
    server.files["/token"] = b'{"token": "t0ken"}'
    server.files[f"/v2/library/python/manifests/{DIGEST}"] = manifest(1000, 2000)
    server.types[f"/v2/library/python/manifests/{DIGEST}"] = MANIFEST
    found = weigh_base_image(web(tmp_path), "python:3.11", registry=server.url)
    assert found.weight is not None
    assert (found.weight.pull, found.weight.estimated) == (3007, True)
    assert "registry manifest" in found.weight.source
    assert any("service=reg" in path and "scope=repository" in path for path, _ in server.asked)
    asked = len(server.asked)
    again = weigh_base_image(web(tmp_path, offline=True), "python:3.11", registry=server.url)
    assert (again.weight, len(server.asked)) == (found.weight, asked)


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (b"{}", {"Content-Type": MANIFEST}, 200, "malformed"),
        (b"[" * 9000, {"Content-Type": INDEX}, 200, "malformed"),
        (b"<html>", {"Content-Type": "text/html"}, 200, "no manifest"),
        (b"", {}, 404, "answered 404"),
        (b"", {"WWW-Authenticate": "Basic realm=x"}, 401, "wants a login"),
        (b"", {"WWW-Authenticate": 'Bearer realm="http://10.0.0.1/",service="x"'}, 401, "cannot be reached"),
        (b'{"schemaVersion": 2, "manifests": []}', {"Content-Type": INDEX}, 200, "not there for linux/amd64"),
    ],
)
def test_registries_that_misbehave(
    server: Served, tmp_path: Path, body: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    """A registry that answers wrongly is a reason, and the table's number stands in."""
    server.faults["/v2/library/python/manifests/3.11-bookworm"] = lambda handler: answer(handler, status, body, headers)
    if "10.0.0.1" in str(headers):
        headers["WWW-Authenticate"] = headers["WWW-Authenticate"].replace("http://10.0.0.1/", "http://127.0.0.1:1/")
    found = weigh_base_image(web(tmp_path), "python:3.11-bookworm", registry=server.url)
    assert found.weight is not None
    assert found.weight.pull == 379_021_228
    assert reason in found.reason


def test_a_strangers_registry_must_be_public(server: Served, tmp_path: Path) -> None:
    """A registry that a Dockerfile names on this machine or its network is not asked."""
    host = server.url.removeprefix("http://")
    assert "public" in weigh_base_image(web(tmp_path), f"{host}/own:1").reason
    assert server.asked == []


def test_the_registry_of_this_machine(tmp_path: Path) -> None:
    """It is what a variable says, or Docker's first mirror; nothing is guessed."""
    daemon = tmp_path / "daemon.json"
    assert default_registry({}, daemon) == ""
    daemon.write_text('{"registry-mirrors": ["https://mirror.example"]}')
    assert default_registry({}, daemon) == "https://mirror.example"
    assert default_registry({"JETTISON_REGISTRY": "https://r.example"}, daemon) == "https://r.example"
    daemon.write_text("[")
    assert default_registry({}, daemon) == ""


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[a-z./:@-]{1,30}:[a-z0-9.-]{1,30}", fullmatch=True))
def test_any_image(image: str) -> None:
    """Whatever a FROM says, the scales answer: a weight, or a reason."""
    found = weigh_base(Scales(web=offline()), image)
    assert found.weight is not None or found.reason
    name = parse_image_name(image)
    assert name is None or parse_image_name(f"{name.host}/{name.repository}".lstrip("/") + f":{name.tag or 'x'}")
