"""Builds driven: what the builder is asked, what its progress tells, how it fails."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.fakeengine import FakeEngine

from jettison.api.dockerbuild import build_dockerfile
from jettison.build.rawjson import Progress
from jettison.build.record import BuildOptions
from jettison.build.run import Builder, build_image, find_builder
from jettison.errors import MachineError, UsageError


def vertex(digest: str, name: str, **more: object) -> dict[str, object]:
    return {"digest": digest, "name": name, **more}


def line(*vertices: dict[str, object], logs: object = ()) -> str:
    return json.dumps({"vertexes": list(vertices), "logs": logs}) + "\n"


T = "2026-01-01T00:00:0{}.123456789Z"
TOLD = (
    line(vertex("i", "[internal] load build definition", started=T.format(0), completed=T.format(1)))
    + line(vertex("b", "[2/3] RUN pip install", started=T.format(2)), vertex("a", "[1/3] FROM python"))
    + line(vertex("a", "[1/3] FROM python", started=T.format(1), completed=T.format(1), cached=True))
    + "not json\n[]\n"
    + line(vertex("b", "[2/3] RUN pip install", started=T.format(2), completed=T.format(6)))
)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Put a stand-in for Docker with buildx in front of the PATH."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    engine = FakeEngine(tmp_path, monkeypatch)
    engine.answer("buildx version", "v0.30")
    engine.answer("buildx build", error=TOLD)
    (tmp_path / "project").mkdir()
    return engine


def test_steps(docker: FakeEngine, tmp_path: Path) -> None:
    """Each step is told with its seconds, in the order in which they began; BuildKit's own are left out."""
    made = build_image(find_builder(), tmp_path / "project", "app:1", BuildOptions())
    assert [(step.name, step.seconds, step.cached) for step in made.steps] == [
        ("[1/3] FROM python", 0.0, True),
        ("[2/3] RUN pip install", 4.0, False),
    ]
    assert (made.builder, made.cached) == ("docker", 1)


def test_asked(docker: FakeEngine, tmp_path: Path) -> None:
    """Everything that the options say reaches the builder, and nothing else."""
    options = BuildOptions(
        dockerfile="x/Dockerfile", target="runtime", platform="linux/arm64", arguments=("A=1", "B=2"),
        secrets=("id=pip,src=pip.conf",), cache_from=("type=local,src=c",), cache_to=("type=local,dest=c,mode=max",),
        network="host", provenance="mode=max", no_cache=True,
    )  # fmt: skip
    build_image(find_builder("docker"), tmp_path / "project", "app:1", options)
    (words,) = [one for one in docker.told("buildx") if one[1] == "build"]
    assert words == [
        "buildx", "build", "--progress=rawjson", "--load", "-t", "app:1", "-f", "x/Dockerfile", "--target", "runtime",
        "--platform", "linux/arm64", "--network", "host", "--provenance", "mode=max", "--build-arg", "A=1",
        "--build-arg", "B=2", "--secret", "id=pip,src=pip.conf", "--cache-from", "type=local,src=c",
        "--cache-to", "type=local,dest=c,mode=max", "--no-cache", str(tmp_path / "project"),
    ]  # fmt: skip


def test_fails(docker: FakeEngine, tmp_path: Path) -> None:
    """A build that fails names the step, with the end of what it said; a daemon that is gone is the machine's."""
    said = [{"vertex": "b", "data": base64.b64encode(b"E: no package\x1b[31m called x\n").decode()}]
    failed = line(vertex("b", "[2/3] RUN apt-get", started=T.format(2), error="exit code: 100"), logs=said)
    failed += line(logs=said) + line(vertex("c", "[3/3] COPY", error="context canceled: x"))
    docker.answer("buildx build", code=1, error=failed)
    with pytest.raises(UsageError, match=r"the build fails: \[2/3\] RUN apt-get: exit code: 100.*no package") as caught:
        build_image(find_builder(), tmp_path / "project", "app:1", BuildOptions())
    assert "\x1b" not in caught.value.message
    docker.answer("buildx build", code=1, error="ERROR: Cannot connect to the Docker daemon")
    with pytest.raises(MachineError, match="docker does not answer"):
        build_image(find_builder(), tmp_path / "project", "app:1", BuildOptions())


def test_no_builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker without buildx does not count; without any builder, what to install is told."""
    engine = FakeEngine(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", f"{engine.folder}:/usr/bin:/bin")
    engine.answer("buildx version", code=1, error="docker: 'buildx' is not a docker command")
    with pytest.raises(MachineError, match="docker with buildx is not here"):
        find_builder("docker")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="nothing that builds Dockerfiles is here") as caught:
        find_builder()
    assert "buildx" in caught.value.hint


def test_other_builders(tmp_path: Path) -> None:
    """What only BuildKit knows is refused for the others, and not left out in silence."""
    with pytest.raises(MachineError, match="podman knows no --provenance"):
        build_image(Builder("podman", "/bin/true"), tmp_path, "a:1", BuildOptions(provenance="mode=max"))
    assert build_image(Builder("buildah", "/bin/true"), tmp_path, "a:1", BuildOptions()).steps == ()


def test_stays_in_the_engine(docker: FakeEngine, tmp_path: Path) -> None:
    """An output in the builder's own engine is built under its name, and not copied."""
    docker.answer("image inspect", "[]", code=1, error="No such image")
    made = build_dockerfile(tmp_path / "project", "docker:app:1")
    assert (made.image, made.out) == ("app:1", "docker:app:1")
    assert not docker.told("save")


def test_brought_along(docker: FakeEngine, tmp_path: Path) -> None:
    """Another output is copied from the engine; when that fails, the engine does not keep the image."""
    docker.answer("image inspect", json.dumps([{"Id": "sha256:" + "1" * 64, "Size": 5}]))
    docker.answer("save", code=1, error="gone")
    docker.answer("rmi")
    with pytest.raises(MachineError, match="gone"):
        build_dockerfile(tmp_path / "project", f"oci:{tmp_path / 'out'}")
    assert docker.told("rmi")[0][1].startswith("jettison-build/")
    with pytest.raises(UsageError, match="no folder"):
        build_dockerfile(tmp_path / "nothing", f"oci:{tmp_path / 'out'}")


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_progress(lines: list[bytes]) -> None:
    """Whatever a builder prints, steps are told or left out."""
    told = Progress()
    for one in lines:
        told.feed(one)
    assert told.steps() == ()


_KEYS = ("vertexes", "logs", "digest", "name", "started", "completed", "cached", "error", "vertex", "data")
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_document(value: object) -> None:
    """Documents of another shape are no reason to fail."""
    told = Progress()
    told.feed(json.dumps(value).encode())
    told.feed(json.dumps({"vertexes": [value], "logs": [value]}).encode())
    told.steps()
    told.failure()
