"""The commands that slim and prove, whole: plan, slim, explain, verify, and compare with a workload."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.helpers.images import File, docker_archive, tar_bytes
from tests.helpers.machine import need_namespaces
from tests.helpers.rootfs import _libraries as shared_libraries

from jettison.cli.main import main
from jettison.report.documents import schema_text

BASE = tar_bytes([File("usr/lib/a.txt", b"q" * 3000), File("usr/lib/b.txt", b"q" * 3000), File("etc/old", b"z" * 900)])
TOP = tar_bytes([File("etc/.wh.old"), File("opt/app/data.bin", b"d" * 500)])
WORKLOAD = """\
[ready]
log = "ready"
[[probe]]
name = "where"
exec = ["/bin/ls", "/opt/app"]
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all: the speed of unpacking is measured once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _here(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "app.tar", [BASE, TOP])


def document(capsys: pytest.CaptureFixture[str], name: str) -> Any:
    """Return the JSON that was printed, after holding it against the schema that ships."""
    read = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json.loads(schema_text(name))).validate(read)
    return read


def test_plan(capsys: pytest.CaptureFixture[str]) -> None:
    """A plan is listed, printed as JSON, and saved as the same JSON."""
    assert main(["plan", "app.tar"]) == 0
    assert "hidden-bytes" in capsys.readouterr().out
    assert main(["plan", "app.tar", "--json", "-o", "plan.json"]) == 0
    assert document(capsys, "plan") == json.loads(Path("plan.json").read_text("utf-8"))
    assert main(["plan", "app.tar", "-q", "-o", "quiet.json"]) == 0
    assert capsys.readouterr() == ("", "")
    assert Path("quiet.json").read_bytes() == Path("plan.json").read_bytes()


def test_plan_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Tier, keep and drop change the plan; a rule that names nothing is said."""
    assert main(["plan", "app.tar", "--tier", "lossless", "--drop", "/opt/app", "--keep", "/nothing", "--json"]) == 0
    plan = document(capsys, "plan")
    assert any(target["path"] == "opt/app/data.bin" for step in plan["steps"] for target in step["targets"])
    assert [skip["subject"] for skip in plan["skips"]] == ["--keep /nothing"]


def test_slim_and_verify(capsys: pytest.CaptureFixture[str]) -> None:
    """A slimmed image is written with its papers; verify finds the plan there and holds; a changed image does not."""
    assert main(["slim", "app.tar", "-o", "oci:slim"]) == 0
    out = capsys.readouterr().out
    assert "The proof held (structure only)." in out
    assert "slim.jettison/." in out
    assert {path.name for path in Path("slim.jettison").iterdir()} == {"plan.json", "proof.json", "removed.tsv"}
    proof = json.loads(Path("slim.jettison/proof.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(json.loads(schema_text("proof"))).validate(proof)
    assert main(["verify", "app.tar", "oci:slim", "--json"]) == 0
    assert document(capsys, "proof")["verdict"] == "held"
    docker_archive(Path("other.tar"), [tar_bytes([File("opt/app/data.bin", b"x")])])
    assert main(["verify", "app.tar", "other.tar", "--plan", "slim.jettison/plan.json"]) == 1
    assert "The proof FAILED" in capsys.readouterr().out


def test_slim_by_a_plan(capsys: pytest.CaptureFixture[str]) -> None:
    """A saved plan is applied as it is; options that make a plan do not go with it; a broken one is code 2."""
    assert main(["plan", "app.tar", "-q", "-o", "plan.json"]) == 0
    assert main(["slim", "app.tar", "--plan", "plan.json", "-o", "oci:out", "--json"]) == 0
    assert document(capsys, "slim-result")["delivered"] is True
    assert main(["slim", "app.tar", "--plan", "plan.json", "-o", "oci:out2", "--tier", "0"]) == 2
    Path("broken.json").write_text("{", "utf-8")
    assert main(["slim", "app.tar", "--plan", "broken.json", "-o", "oci:out2"]) == 2
    assert main(["slim", "app.tar", "--plan", "absent.json", "-o", "oci:out2"]) == 2
    assert "there is no absent.json" in capsys.readouterr().err
    assert not Path("out2").exists()


def test_slim_overwrites_only_with_force(capsys: pytest.CaptureFixture[str]) -> None:
    """An output that exists is left alone unless --force is given."""
    Path("slim.tar").write_bytes(b"mine")
    assert main(["slim", "app.tar", "-o", "docker-archive:slim.tar"]) == 2
    assert "--force" in capsys.readouterr().err
    assert Path("slim.tar").read_bytes() == b"mine"
    assert main(["slim", "app.tar", "-o", "docker-archive:slim.tar", "--force", "-q"]) == 0
    assert main(["inspect", "slim.tar"]) == 0


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """A path that stays says why; one that is not there is a usage error."""
    assert main(["explain", "app.tar", "/opt/app/data.bin"]) == 0
    assert "It stays" in capsys.readouterr().out
    assert main(["explain", "app.tar", "opt/app/data.bin", "--drop", "/opt/app", "--json"]) == 0
    assert document(capsys, "explanation")["verdict"] == "goes"
    assert main(["explain", "app.tar", "/none"]) == 2


@pytest.fixture
def _running(tmp_path: Path) -> None:
    need_namespaces()
    programs = [os.path.realpath(f"/bin/{name}") for name in ("sh", "sleep", "ls")]
    files = {f"/bin/{name}": source for name, source in zip(("sh", "sleep", "ls"), programs, strict=True)}
    files |= {path: path for path in shared_libraries(programs)}
    members = [File(path.lstrip("/"), Path(source).read_bytes(), mode=0o755) for path, source in files.items()]
    config = {"Cmd": ["/bin/sh", "-c", "echo ready; sleep 60"], "Env": ["PATH=/bin"]}
    docker_archive(tmp_path / "service.tar", [tar_bytes(members), TOP], config)
    (tmp_path / "work.toml").write_text(WORKLOAD, "utf-8")


@pytest.mark.userns
@pytest.mark.usefixtures("_running")
def test_with_a_workload(capsys: pytest.CaptureFixture[str]) -> None:
    """With a workload the proof covers behaviour; when what it asks for is dropped, nothing is delivered (code 1)."""
    assert main(["slim", "service.tar", "-o", "oci:good", "-w", "work.toml", "--tier", "0"]) == 0
    out = capsys.readouterr().out
    assert "structure and behaviour" in out
    assert "Run on both" in out
    bad = ["slim", "service.tar", "-o", "oci:bad", "-w", "work.toml", "--tier", "0", "--drop", "/opt/app/data.bin"]
    assert main([*bad, "--json"]) == 1
    assert document(capsys, "slim-result")["delivered"] is False
    assert not Path("bad").exists()
    assert not Path("bad.jettison").exists()
    assert main(["compare", "service.tar", "oci:good", "-w", "work.toml", "--json"]) == 0
    assert all(image["ready_seconds"] > 0 for image in document(capsys, "comparison")["images"])


@pytest.mark.userns
@pytest.mark.usefixtures("_running")
def test_workload_that_fails_on_the_original(capsys: pytest.CaptureFixture[str]) -> None:
    """A workload that does not even pass on the original is neither a success nor a failure (code 6)."""
    Path("work.toml").write_text('[ready]\nlog = "never"\ntimeout = "1s"\n', "utf-8")
    assert main(["slim", "service.tar", "-o", "oci:out", "-w", "work.toml", "--json"]) == 6
    assert json.loads(capsys.readouterr().err)["kind"] == "not-tried"
    assert not Path("out").exists()
