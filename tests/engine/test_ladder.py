"""A project climbed: built by Docker as it is and with its fixes, slimmed, each step proved."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers.engine import Engine
from tests.helpers.images import oci_layout
from tests.helpers.rootfs import PYTHON, machine_layer

from jettison.api.copy import copy
from jettison.api.dockerbuild import build_dockerfile
from jettison.api.ladder import LadderOptions, failed, ladder
from jettison.build.record import BuildOptions
from jettison.errors import UsageError
from jettison.run.workload import Compare, Probe, Ready, Workload
from jettison.sources.engine.client import ask, find_engine

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
BASE = "jettison-test/ladder-base:1"
DOCKERFILE = f"""\
FROM {BASE}
WORKDIR /srv
RUN echo x > /made
COPY cache /var/cache/apt/archives
COPY app.py answer ./
CMD ["{PYTHON}", "app.py"]
"""
APP = """\
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(open("answer", "rb").read())
    def log_message(self, *_): pass
http.server.HTTPServer(("", 8000), Handler).serve_forever()
"""
WORKLOAD = Workload(
    "web", Ready("http", "/", 8000, 30.0), (Probe("ask", "http", Compare(("status", "bytes")), port=8000),)
)


@pytest.fixture
def project(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project whose base is in the engine."""
    for key, value in engine.env.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    oci_layout(tmp_path / "base", [machine_layer()], config={"Env": ["PATH=/bin:/usr/bin"]}, compression="none")
    copy(f"oci:{tmp_path / 'base'}", f"docker:{BASE}", force=True)
    folder = tmp_path / "project"
    (folder / "cache").mkdir(parents=True)
    (folder / "cache" / "a.deb").write_bytes(b"d" * 5000)
    for name, text in (("Dockerfile", DOCKERFILE), ("app.py", APP), ("answer", "42\n")):
        (folder / name).write_text(text)
    return folder


def test_climbed(project: Path, tmp_path: Path) -> None:
    """Every step is measured and held against the first; a second run takes over what is there."""
    options = LadderOptions(builder="docker")
    record = ladder(project, tmp_path / "work", WORKLOAD, options)
    states = {rung.name: rung.state for rung in record.rungs}
    assert states["as written"] == "first"
    assert states["slim lossless"] == states["slim"] == "held"
    assert not failed(record)
    first = record.rungs[0]
    assert first.build_seconds
    assert first.change_seconds
    assert first.ready_seconds
    slim = next(rung for rung in record.rungs if rung.name == "slim")
    assert slim.disk < first.disk
    marked = tmp_path / "work/as-written/rung.json"
    told = json.loads(marked.read_text())
    marked.write_text(json.dumps({**told, "rung": {**told["rung"], "detail": "from before"}}))
    again = ladder(project, tmp_path / "work", WORKLOAD, replace(options, only=("slim",)))
    assert again.rungs[0].detail == "from before"
    (project / "answer").write_text("43\n")
    changed = ladder(project, tmp_path / "work", WORKLOAD, replace(options, only=("as written",)))
    assert changed.rungs[0].detail == "the Dockerfile as it is"
    engine = find_engine("docker")
    assert ask(engine, "images", "-q", "jettison-build/*") == ""
    ask(engine, "rmi", BASE)


def test_built(project: Path, tmp_path: Path) -> None:
    """A Dockerfile's steps are told with seconds; the second time they come from the cache; what fails is named."""
    first = build_dockerfile(project, f"oci:{tmp_path / 'one'}", BuildOptions(no_cache=True), compression="gzip")
    run = next(step for step in first.steps if "RUN" in step.name)
    assert run.seconds > 0
    assert not run.cached
    second = build_dockerfile(project, f"oci:{tmp_path / 'two'}")
    assert next(step for step in second.steps if "RUN" in step.name).cached
    (project / "Dockerfile").write_text(f"FROM {BASE}\nRUN exit 3\n")
    with pytest.raises(UsageError, match="RUN exit 3"):
        build_dockerfile(project, f"oci:{tmp_path / 'three'}")
    assert not (tmp_path / "three").exists()
