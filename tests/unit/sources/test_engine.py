"""Images of engines: read, loaded, and what engines may do instead."""

import json
import tarfile
from pathlib import Path

import pytest
from tests.helpers.fakeengine import FakeEngine
from tests.helpers.images import digest, docker_archive, oci_layout, tar_bytes

from jettison.api.papers import papers_beside
from jettison.cli.plugin import arguments, metadata
from jettison.errors import BadInputError, MachineError, RefusedError, UsageError
from jettison.oci.image import Image
from jettison.reference import parse_reference
from jettison.sources.engine.client import any_engine, find_engine
from jettison.sources.open import open_image, open_source
from jettison.sources.write import check_output, parse_output, write_image

LAYER = tar_bytes([("a", b"1" * 2000)])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Put a stand-in for Docker in front of the PATH."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return FakeEngine(tmp_path, monkeypatch)


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """Make an image of a file."""
    return open_image(str(docker_archive(tmp_path / "app.tar", [LAYER])))


def knows(engine: FakeEngine, image: Image, *, name: str = "") -> None:
    """Let the engine have an image."""
    engine.answer("image inspect", json.dumps([{"Id": name or image.config.digest, "Size": 5000}]))


def test_saved_once(engine: FakeEngine, image: Image, tmp_path: Path) -> None:
    """An engine's image is saved into the cache by its id, once, and read from there."""
    knows(engine, image)
    engine.answer("save", f"@{tmp_path / 'app.tar'}")
    for _ in range(2):
        found = open_image("docker:app:1")
        assert found.config.digest == image.config.digest
        assert found.name == "docker:app:1"
    assert engine.told("save") == [["save", "app:1"]]


def test_read_in_place(engine: FakeEngine, tmp_path: Path) -> None:
    """Where blobs lie in containerd's store, they are read there: nothing is saved, and the manifest is kept."""
    store = tmp_path / "root/containerd/daemon/io.containerd.content.v1.content"
    oci_layout(store, [LAYER])
    manifest = json.loads((store / "index.json").read_text())["manifests"][0]["digest"]
    engine.answer("info", str(tmp_path / "root"))
    engine.answer("image inspect", json.dumps([{"Id": manifest}]))
    found = open_image("docker:app:1")
    assert found.manifest_digest == manifest
    assert found.layers[0].blob.path.startswith(str(store))
    assert not engine.told("save")


def test_changed_in_place(engine: FakeEngine, tmp_path: Path) -> None:
    """A manifest in containerd's store that is not what its name says is not believed: the engine saves the image."""
    store = tmp_path / "root/containerd/daemon/io.containerd.content.v1.content"
    oci_layout(store, [LAYER])
    manifest = json.loads((store / "index.json").read_text())["manifests"][0]["digest"]
    blob = store / "blobs/sha256" / manifest.rpartition(":")[2]
    blob.write_bytes(blob.read_bytes() + b"\n")
    engine.answer("info", str(tmp_path / "root"))
    engine.answer("image inspect", json.dumps([{"Id": manifest}]))
    engine.answer("save", code=1, error="asked")
    with pytest.raises(MachineError, match="docker save: asked"):
        open_image("docker:app:1")


def test_died_midway(engine: FakeEngine, image: Image, tmp_path: Path) -> None:
    """An engine that dies while it saves leaves nothing in the cache."""
    knows(engine, image)
    engine.answer("save", f"@{tmp_path / 'app.tar'}", code=1, error="connection reset")
    with pytest.raises(MachineError, match="connection reset"):
        open_image("docker:app:1")
    assert not [path for path in (tmp_path / "cache/engine").rglob("*") if path.is_file() and path.name != ".lock"]


def test_no_such_image(engine: FakeEngine) -> None:
    """A name that the engine does not know is the user's error; a daemon that is gone is the machine's."""
    engine.answer("image inspect", "[]", code=1, error="Error: No such image: app:1")
    with pytest.raises(UsageError, match="docker has no image called 'app:1'"):
        open_image("docker:app:1")
    engine.answer("image inspect", "", code=1, error="Cannot connect to the Docker daemon")
    with pytest.raises(MachineError, match="Cannot connect"):
        open_image("docker:app:1")
    engine.answer("image inspect", "no json")
    with pytest.raises(MachineError, match="no JSON"):
        open_image("docker:app:1")
    engine.answer("image inspect", json.dumps([{"Id": "sha256:../../etc"}]))
    with pytest.raises(BadInputError, match="not a digest"):
        open_image("docker:app:1")


@pytest.mark.parametrize("version", ["19.3.1", "", "new"])
def test_too_old(engine: FakeEngine, version: str) -> None:
    """An engine that is too old, or does not say how old it is, is not used."""
    engine.answer("version", version)
    with pytest.raises(MachineError, match=r"older than 20\.10"):
        find_engine("docker")


def test_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines that are not here are named, each with why."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="nerdctl is not here"):
        open_image("nerdctl:app:1")
    with pytest.raises(MachineError, match="docker is not here; podman is not here; nerdctl is not here"):
        any_engine()


def test_does_not_answer(engine: FakeEngine) -> None:
    """A daemon that is not there is told with what the client said."""
    engine.answer("version", code=1, error="Cannot connect to the Docker daemon at unix:///x")
    with pytest.raises(MachineError, match="docker does not answer: docker version: Cannot connect"):
        find_engine("docker")


def test_loaded(engine: FakeEngine, image: Image) -> None:
    """What is loaded is streamed as a docker archive with the name that was asked for."""
    knows(engine, image)
    engine.answer("load")
    write_image(image, "docker:new:1", force=True)
    with tarfile.open(engine.folder / "loaded.tar") as tar:
        saved = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        assert saved[0]["RepoTags"] == ["new:1"]
        layer = tar.extractfile(saved[0]["Layers"][0]).read()  # type: ignore[union-attr]
    assert digest(layer) == image.layers[0].diff_id


def test_not_loaded(engine: FakeEngine, image: Image) -> None:
    """A load that fails, or makes another image, is an error; a name that is taken is not taken over."""
    knows(engine, image)
    engine.answer("load", code=1, error="no space left on device")
    with pytest.raises(MachineError, match="docker load: no space left"):
        write_image(image, "docker:new:1")
    knows(engine, image, name="sha256:" + "0" * 64)
    engine.answer("load")
    with pytest.raises(UsageError, match=r"docker:new:1 exists"):
        write_image(image, "docker:new:1")
    with pytest.raises(BadInputError, match="made sha256:000"):
        write_image(image, "docker:new:1", force=True)
    with pytest.raises(UsageError, match="exists"):
        check_output(parse_output("docker:new:1"), force=False)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("docker:app:1", "docker", "app:1"),
        ("docker-daemon:app:1", "docker", "app:1"),
        ("containers-storage:localhost/app", "podman", "localhost/app"),
        ("nerdctl:team/app@sha256:" + "1" * 64, "nerdctl", "team/app@sha256:" + "1" * 64),
        ("docker://host/app:1", "registry", "host/app:1"),
    ],
)
def test_references(text: str, kind: str, name: str) -> None:
    """An engine's image is written with the engine's name, or as skopeo has it."""
    reference = parse_reference(text)
    assert (reference.kind, reference.path) == (kind, name)


def test_odd_names(engine: FakeEngine, tmp_path: Path) -> None:
    """Names that are none, or options, do not reach an engine; a file called like a reference is a file."""
    for text in ("docker:--privileged", "docker:a b", "docker:a\nb", "docker:"):
        with pytest.raises(UsageError):
            parse_reference(text)
    with pytest.raises(UsageError, match="no engine loads"):
        parse_output("docker:UPPER:1")
    with pytest.raises(RefusedError, match="only files"):
        open_source(parse_reference("docker:app:1"))
    (tmp_path / "docker:app").mkdir()
    assert parse_reference("docker:app").kind == ""
    assert not (engine.folder / "told").exists()


def test_papers_have_a_place(engine: FakeEngine, tmp_path: Path) -> None:
    """Papers of an engine's image lie in the current folder, under its name."""
    assert papers_beside("docker:team/app:1") == tmp_path / "docker_team_app_1.jettison"
    assert parse_output("docker:app").name == "app:latest"
    assert not (engine.folder / "told").exists()


def test_plugin() -> None:
    """Docker's own options before the plugin's name say which daemon is asked, and are never lost."""
    env: dict[str, str] = {}
    assert arguments(["jettison", "inspect", "docker:a"], env) == ["inspect", "docker:a"]
    assert arguments(["-H", "unix:///x", "--debug", "--context=c", "jettison", "lint", "jettison"], env) == [
        "lint",
        "jettison",
    ]
    assert env == {"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "c"}
    with pytest.raises(UsageError, match="--tlscacert is not passed on"):
        arguments(["--tlscacert", "x", "jettison"], env)
    assert json.loads(metadata())["SchemaVersion"] == "0.1.0"
