"""``pin`` against a registry and a forge in this process, honest ones and others."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.helpers.webserver import Served, answer, serving

from jettison.api.pin import PinOptions, pin
from jettison.cli.main import main
from jettison.rebuild.dockerfile.pins import Pin

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
COMMIT, OTHER = "a" * 40, "b" * 40


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """Give a server that is the registry for names without a host, and the forge of actions."""
    with serving() as served:
        monkeypatch.setenv("JETTISON_REGISTRY", served.url)
        monkeypatch.setenv("JETTISON_FORGE", served.url)
        monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
        yield served


def image(world: Served, name: str, tag: str, *, index: bool = True, seed: str = "") -> str:
    """Put an image into the registry; return the digest that its tag names."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{'1' * 64}", "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], "annotations": {"x": seed}}
    entry = {"mediaType": MANIFEST, "digest": f"sha256:{'2' * 64}", "size": 3}
    platform = {"os": "linux", "architecture": "amd64"}
    several = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**entry, "platform": platform}]}
    body = json.dumps({**several, "annotations": {"x": seed}} if index else manifest).encode()
    path = f"/v2/{name}/manifests/{tag}"
    world.files[path], world.types[path] = body, INDEX if index else MANIFEST
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def pinned(
    folder: Path, text: str, options: PinOptions | None = None, name: str = "Dockerfile"
) -> tuple[str, list[Pin]]:
    """Pin a text; return what became of it."""
    path = folder / name
    path.write_text(text)
    report = pin([path], options)
    return path.read_text(), [each for file in report.files for each in file.pins]


def test_every_place_is_held(world: Served, tmp_path: Path) -> None:
    """FROM, COPY --from, mounts and # syntax get the index's digest beside the tag; all else stays byte for byte."""
    python, uv = image(world, "library/python", "3.11-slim"), image(world, "tools/uv", "0.5")
    syntax, alone = image(world, "docker/dockerfile", "1"), image(world, "library/alone", "latest", index=False)
    text = (
        "# syntax=docker/dockerfile:1\n# python:3.11-slim\nFROM --platform=linux/amd64 python:3.11-slim AS build \n"
        "COPY --from=tools/uv:0.5 /uv /bin/\nRUN --mount=type=bind,from=alone,target=/x true\n"
        "FROM build\nCOPY --from=build /a /b\nFROM scratch\n"
    )
    after, pins = pinned(tmp_path, text)
    assert after == (
        f"# syntax=docker/dockerfile:1@{syntax}\n# python:3.11-slim\n"
        f"FROM --platform=linux/amd64 python:3.11-slim@{python} AS build \n"
        f"COPY --from=tools/uv:0.5@{uv} /uv /bin/\nRUN --mount=type=bind,from=alone:latest@{alone},target=/x true\n"
        "FROM build\nCOPY --from=build /a /b\nFROM scratch\n"
    )
    assert [each.state for each in pins] == ["pinned"] * 4
    assert [each.index for each in pins] == [True, True, True, False]
    assert "one platform" in pins[3].reason
    asked = len(world.asked)
    again, pins = pinned(tmp_path, after)
    assert again == after
    assert [each.state for each in pins] == ["held"] * 4
    assert len(world.asked) == asked


def test_what_is_held_is_moved_deliberately(world: Served, tmp_path: Path) -> None:
    """--check tells what is out of date and writes nothing; --update moves it."""
    old = image(world, "library/python", "3.11")
    text = f"FROM python:3.11@{old}\nCOPY a b\n"
    assert pinned(tmp_path, text, PinOptions(check=True))[1][0].state == "current"
    new = image(world, "library/python", "3.11", seed="new")
    after, pins = pinned(tmp_path, text, PinOptions(check=True))
    assert (after, pins[0].state, pins[0].digest) == (text, "outdated", new)
    after, pins = pinned(tmp_path, text, PinOptions(update=True))
    assert after == f"FROM python:3.11@{new}\nCOPY a b\n"
    assert pins[0].state == "moved"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ARG V=3\nFROM python:$V\n", "a build argument names it"),
        ("FROM python@sha256:" + "0" * 64 + "\n", "no tag"),
        ("FROM python:none\n", "404"),
        ("FROM UPPER\n", "no image's name"),
    ],
)
def test_what_cannot_be_held_stays(world: Served, tmp_path: Path, text: str, reason: str) -> None:
    """Each has its reason, and the file is as it was."""
    assert world.url
    after, pins = pinned(tmp_path, text)
    assert after == text
    assert reason in pins[0].reason


def test_a_lying_registry_is_not_believed(world: Served, tmp_path: Path) -> None:
    """A digest that the bytes do not have, a page in place of a manifest, and a broken one hold nothing."""
    image(world, "library/a", "1")
    path = "/v2/library/a/manifests/1"
    body = world.files[path]
    lies = {"Docker-Content-Digest": f"sha256:{'0' * 64}", "Content-Type": INDEX}
    world.faults[path] = lambda handler: answer(handler, 200, body, lies)
    _, pins = pinned(tmp_path, "FROM a:1\n")
    assert (pins[0].state, pins[0].digest) == ("unpinned", "")
    assert "and its answer has" in pins[0].reason
    world.faults[path] = lambda handler: answer(handler, 200, b"<html>", {"Content-Type": "text/html"})
    assert "no manifest" in pinned(tmp_path, "FROM a:1\n")[1][0].reason
    world.faults[path] = lambda handler: answer(handler, 200, b"{}", {"Content-Type": INDEX})
    assert "malformed" in pinned(tmp_path, "FROM a:1\n")[1][0].reason
    world.faults[path] = lambda handler: answer(handler, 200, b"x" * 5_000_000, {"Content-Type": INDEX})
    after, pins = pinned(tmp_path, "FROM a:1\n")
    assert pins[0].state == "unpinned"
    assert after == "FROM a:1\n"


def test_actions_are_held_by_commits(world: Served, tmp_path: Path) -> None:
    """A tag becomes the commit it names, with the tag behind it; of an annotated tag what it points at."""
    refs = (
        f"001e# service=git-upload-pack\n0000004b{OTHER} HEAD\x00side-band\n"
        f"003e{OTHER} refs/heads/main\n003d{OTHER} refs/tags/v4\n0040{COMMIT} refs/tags/v4^{{}}\n0000"
    )
    world.files["/actions/checkout.git/info/refs"] = refs.encode()
    text = (
        "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - name: x\n"
        '        uses: "actions/checkout@main" # why\n      - uses: ./local\n      - uses: docker://alpine:3\n'
        "      - run: |\n          cat <<E\n          - uses: actions/checkout@v4\n          E\n"
    )
    after, pins = pinned(tmp_path, text, name="image.yml")
    assert after == text.replace("checkout@v4", f"checkout@{COMMIT} # v4", 1).replace(
        '"actions/checkout@main" # why', f'"actions/checkout@{OTHER}" # main'
    )
    assert [each.state for each in pins] == ["pinned", "pinned", "skipped"], "the last is an image"
    windows = tmp_path / "windows.yml"
    windows.write_bytes(text.replace("\n", "\r\n").encode())
    pin([windows])
    assert windows.read_bytes() == after.replace("\n", "\r\n").encode()
    again, pins = pinned(tmp_path, after, PinOptions(update=True), name="image.yml")
    assert again == after
    assert [each.state for each in pins] == ["current", "current", "skipped"]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("- {uses: actions/checkout@v4, with: {lfs: true}}", "a line of its own"),
        ("- uses: >-\n          actions/checkout@v4", "a line of its own"),
        ("- uses: docker://alpine:3.20", "an image"),
    ],
)
def test_actions_that_are_not_edited_are_told(world: Served, tmp_path: Path, written: str, reason: str) -> None:
    """A step that cannot be pinned where it stands is skipped with the reason, not passed over as if it were held."""
    assert world.url
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      {written}\n      - uses: ./own\n"
    after, pins = pinned(tmp_path, text, name="w.yml")
    assert after == text
    assert [(each.state, reason in each.reason) for each in pins] == [("skipped", True)]


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_registry_that_does_not_answer(world: Served, tmp_path: Path, status: int) -> None:
    """A login, nothing, too many requests, a fault: the file stays, and the reason is told."""
    world.faults["/v2/library/a/manifests/1"] = lambda handler: answer(handler, status, b"")
    after, pins = pinned(tmp_path, "FROM a:1\n")
    assert (after, [each.state for each in pins]) == ("FROM a:1\n", ["unpinned"])
    assert pins[0].reason


def test_redirects_are_followed(world: Served, tmp_path: Path) -> None:
    """A mirror may send the client elsewhere; the digest is still that of the bytes."""
    digest = image(world, "library/a", "1")
    path = "/v2/library/a/manifests/1"
    world.files["/elsewhere"], world.types["/elsewhere"] = world.files.pop(path), world.types.pop(path)
    world.faults[path] = lambda handler: answer(handler, 307, b"", {"Location": "/elsewhere"})
    assert pinned(tmp_path, "FROM a:1\n")[0] == f"FROM a:1@{digest}\n"


def test_exit_codes(world: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not held and could not be is 1; all held is 0."""
    image(world, "library/a", "1")
    path = tmp_path / "Dockerfile"
    path.write_text("FROM a:1\n")
    assert main(["pin", str(path), "--check"]) == 1
    assert main(["pin", str(path), "--offline"]) == 1
    assert main(["pin", str(path)]) == 0
    assert main(["pin", str(path), "--check", "--json"]) == 0
    document = json.loads(capsys.readouterr().out.rpartition("\n{")[2].join(["{", ""]))
    assert document["files"][0]["pins"][0]["state"] == "current"
