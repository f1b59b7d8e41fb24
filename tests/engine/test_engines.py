"""Docker's images read, slimmed and run by Jettison, with Docker as what runs containers."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers.engine import Engine, docker
from tests.helpers.images import oci_layout, tar_bytes
from tests.helpers.machine import need_strace
from tests.helpers.rootfs import PYTHON, machine_layer

from jettison.api.copy import copy
from jettison.api.slim import SlimOptions, slim
from jettison.api.trace import trace
from jettison.api.verify import verify
from jettison.errors import NotTriedError
from jettison.progress import SILENT
from jettison.run.runner import runner_for
from jettison.run.workload import Compare, EngineSettings, Probe, Ready, Workload
from jettison.sources.engine.client import ask, find_engine
from jettison.sources.open import open_image

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
NAME = "jettison-test/engines"
_SERVE = """\
import http.server, socketserver
class Handler(http.server.SimpleHTTPRequestHandler):
    def address_string(self):
        return ""
socketserver.TCPServer(("", 8000), Handler).serve_forever()
"""
EXEC = Compare(("stdout", "exit-code"))


@pytest.fixture(autouse=True)
def _here(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in engine.env.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def layout(tmp_path: Path) -> str:
    """Make an image that serves its files, from this machine's Python, with something to slim."""
    site = f"{sys.base_prefix.lstrip('/')}/lib/python3.{sys.version_info.minor}/site-packages"
    files = [("var/cache/apt/archives/x.deb", b"x" * 9000), ("srv/data", b"hello\n"), (f"{site}/readme", b"")]
    served = {"Cmd": [PYTHON, "-c", _SERVE], "Env": ["PATH=/bin"], "WorkingDir": "/srv"}
    oci_layout(tmp_path / "layout", [machine_layer(), tar_bytes(files)], config=served, compression="none")
    return f"oci:{tmp_path / 'layout'}"


WORKLOAD = Workload(
    "web",
    Ready("http", "/data", 8000, 30.0),
    (
        Probe("data", "http", Compare(("status", "bytes")), path="/data", port=8000),
        Probe("cat", "exec", EXEC, argv=("/bin/cat",), body=b"in"),
    ),
    env={"A": "1"},
    engine=EngineSettings(shm=1 << 20, memory=1 << 28),
)


def test_whole_road(layout: str) -> None:
    """An image goes into Docker, is slimmed there, run there before and after, and nothing is left behind."""
    copy(layout, f"docker:{NAME}:old")
    runner = runner_for("docker")
    result = slim(f"docker:{NAME}:old", f"docker:{NAME}:new", SlimOptions(workloads=(WORKLOAD,), runner=runner))
    assert result.delivered
    assert Path("docker_jettison-test_engines_new.jettison/plan.json").is_file()
    proof = verify(f"docker:{NAME}:old", f"docker:{NAME}:new", workloads=(WORKLOAD,), runner=runner)
    assert proof.verdict == "held"
    assert proof.behaviours[0].memory_after > 0
    engine = find_engine("docker")
    names = ask(engine, "ps", "-a", "--format", "{{.Names}}").split()
    assert not [name for name in names if name.startswith("jettison-")]
    ask(engine, "rmi", f"{NAME}:old", f"{NAME}:new")


def test_traced_in_an_engine(layout: str) -> None:
    """The service, its probes and their children; what they answer is what they answer without strace."""
    need_strace()
    whole, report = trace(layout, [WORKLOAD], engine="docker")
    run = whole.runs[0]
    assert (run.passed, report.problems) == (True, ())
    assert "open" in whole.accesses["srv/data"].how
    assert {one.argv[0] for one in run.processes if one.argv} >= {PYTHON, "/bin/cat"}
    assert "http.server" in whole.imports
    sandbox, _ = trace(layout, [replace(WORKLOAD, engine=EngineSettings())])
    opened = [{path for path, one in each.accesses.items() if "open" in one.how} for each in (whole, sandbox)]
    assert opened[0] - {"etc/hosts", "etc/resolv.conf"} == opened[1] - {"etc/hosts", "etc/resolv.conf"}
    engine = find_engine("docker")
    names = ask(engine, "ps", "-a", "--format", "{{.Names}}").split()
    assert not [name for name in names if name.startswith("jettison-")]


def test_loaded_for_a_run(layout: str) -> None:
    """An image that Docker does not have is loaded for its run, and taken away again."""
    image = open_image(layout)
    with runner_for("docker").ready(image, None, SILENT) as run:
        assert run(WORKLOAD).answers[0].body == b"hello\n"
        tcp = Workload("tcp", Ready("tcp", "", 8000, 30.0), ())
        assert run(tcp).ready
        ended = Workload("ends", Ready(), (), argv=("/bin/true",))
        assert run(ended).exit_code == 0
        logged = Workload("log", Ready("log", "up", 0, 20.0), (), argv=("/bin/sh", "-c", "echo up; sleep 9"))
        assert run(logged).ready
    engine = find_engine("docker")
    assert ask(engine, "images", "-q", "jettison-run/*") == ""


def test_bad_runs(layout: str) -> None:
    """A program that is not there, a service that never gets ready and one that dies are told, and do not hang."""
    image = open_image(layout)
    with runner_for("docker").ready(image, None, SILENT) as run:
        missing = run(Workload("missing", Ready(), (), argv=("/nothing",)))
        assert "exit code 127" in missing.error
        assert "no such file" in missing.error.lower()
        never = run(Workload("never", Ready("http", "/none", 8000, 1.5), ()))
        assert "not ready after 1.5 s" in never.error
        dead = run(Workload("dead", Ready("tcp", "", 8000, 30.0), (), argv=("/bin/sh", "-c", "echo bye; exit 3")))
        assert "exit code 3 before it was ready" in dead.error
        assert "bye" in dead.error
        probe = Probe("late", "exec", EXEC, argv=("/bin/true",))
        late = run(Workload("late", Ready(), (probe,), argv=("/bin/true",)))
        assert "the container has ended" in late.error  # and is no answer that could be the same on both
        wrong = run(replace(WORKLOAD, probes=(Probe("none", "exec", EXEC, argv=("/none",)),)))
        assert wrong.answers[-1].error or wrong.answers[-1].exit_code in (126, 127)
    with pytest.raises(NotTriedError):
        verify(layout, layout, workloads=(Workload("x", Ready(), (), argv=("/none",)),), runner=runner_for("docker"))


def test_plugin(engine: Engine) -> None:
    """``docker jettison`` is the command."""
    plugins = Path(engine.env["DOCKER_CONFIG"]) / "cli-plugins"
    link = plugins / "docker-jettison"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(sys.executable).with_name("docker-jettison"))
    try:
        assert docker(engine, "jettison", "--version").startswith("jettison ")
    finally:
        link.unlink()
