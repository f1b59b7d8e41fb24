"""What commands leave at and beside their outputs: interrupted, refused, or two at a time."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.images import File, docker_archive, tar_bytes
from tests.helpers.machine import need_namespaces
from tests.helpers.rootfs import _libraries as shared_libraries

from jettison.cli.main import main
from jettison.errors import MachineError

BASE = tar_bytes([File("usr/lib/a.txt", b"q" * 3000), File("etc/old", b"z" * 900)])
TOP = tar_bytes([File("etc/.wh.old"), File("opt/app/data.bin", b"d" * 500)])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _here(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("JETTISON_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "app.tar", [BASE, TOP])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def hidden() -> list[str]:
    return [name for name in os.listdir() if name.startswith(".")]


def digest_in_papers(name: str) -> str:
    return str(json.loads(Path(f"{name}.jettison/proof.json").read_text("utf-8"))["new"])


def digest_of(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["inspect", name, "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["digest"])


@pytest.mark.parametrize("out", ["oci:o", "docker-archive:o"])
def test_ctrl_c_while_the_replaced_image_is_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    """The new image is in its place by then: the run is a success, says so, and leaves nothing else."""
    assert main(["slim", "app.tar", "-o", out, "-q"]) == 0
    capsys.readouterr()
    real = shutil.rmtree

    def rmtree(path: Any, **options: Any) -> None:
        if str(path).endswith("/.o.jettison-part"):
            signal.raise_signal(signal.SIGINT)
        real(path, **options)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    assert main(["slim", "app.tar", "-o", out, "--force", "-q", "--drop", "/opt/app"]) == 0
    assert capsys.readouterr().err.endswith("/o was in place already; it is whole\n")
    monkeypatch.setattr(shutil, "rmtree", real)
    assert hidden() == []
    assert digest_of("o", capsys) == digest_in_papers("o")
    assert main(["explain", "o", "opt/app/data.bin"]) == 2


def test_ctrl_c_in_the_midst_of_a_swap(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Right after the old image was set aside nothing is raised: the new one takes its place."""
    assert main(["slim", "app.tar", "-o", "oci:o", "-q"]) == 0
    real = os.rename

    def rename(source: Any, target: Any) -> None:
        real(source, target)
        if os.path.basename(source) == "o":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "rename", rename)
    assert main(["slim", "app.tar", "-o", "oci:o", "--force", "-q", "--drop", "/opt/app"]) == 0
    assert "in place already" in capsys.readouterr().err
    assert hidden() == []
    assert digest_of("o", capsys) == digest_in_papers("o")


_IN_THE_SECOND_RUN = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from jettison.run import session
real, runs = session._Session.go, []
def go(self, container):
    runs.append(1)
    if len(runs) == 2:
        print("ready", flush=True)
        time.sleep(60)
    real(self, container)
session._Session.go = go
from jettison.__main__ import entry
sys.argv = ["jettison", "slim", "service.tar", "-o", "oci:o", "-w", "work.toml", "--force", "-q", "--tier", "0"]
entry()
"""


@pytest.mark.userns
def test_ctrl_c_again_and_again(cache: Path) -> None:
    """Pressed thirty times while the new image runs: exit code 130, one line, and everything as it was before."""
    need_namespaces()
    programs = [os.path.realpath(f"/bin/{name}") for name in ("sh", "sleep")]
    files = {f"/bin/{name}": source for name, source in zip(("sh", "sleep"), programs, strict=True)}
    files |= {path: path for path in shared_libraries(programs)}
    members = [File(path.lstrip("/"), Path(source).read_bytes(), mode=0o755) for path, source in files.items()]
    config = {"Cmd": ["/bin/sh", "-c", "echo ready; sleep 60"], "Env": ["PATH=/bin"]}
    docker_archive(Path("service.tar"), [tar_bytes(members), TOP], config)
    Path("work.toml").write_text('[ready]\nlog = "ready"\n', "utf-8")
    before = sorted(os.listdir())
    command = [sys.executable, "-c", _IN_THE_SECOND_RUN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert hidden() == [".o.jettison-part"]
        for _ in range(30):
            process.send_signal(signal.SIGINT)
            time.sleep(0.004)
        _, err = process.communicate(timeout=60)
    # the last presses may come when all is cleaned up and the process ends: then, too, with 130
    assert process.returncode == 130
    assert err == "jettison: interrupted; nothing is left behind\n"
    assert sorted(os.listdir()) == before
    assert list((cache / "scratch").iterdir()) == []


def test_two_runs_to_one_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever two simultaneous runs with --force do, papers and image belong together, and a refusal says why."""
    base = [sys.executable, "-m", "jettison", "slim", "app.tar", "-o", "oci:o", "--force", "-q"]
    for _ in range(3):
        runs = [
            subprocess.Popen([*base, *more], stderr=subprocess.PIPE, text=True)
            for more in ([], ["--drop", "/opt/app"], ["--drop", "/usr/lib/a.txt"])
        ]
        ends = [(run.communicate()[1], run.returncode) for run in runs]
        assert 0 in [code for _, code in ends]
        for err, code in ends:
            assert (code, err) == (0, "") or (code == 2 and "is writing to" in err)
        assert hidden() == []
        assert digest_of("o", capsys) == digest_in_papers("o")


def test_plan_replaces_a_file_with_force_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is there stays without --force; a folder, and the image itself, stay with it as well."""
    image = Path("app.tar").read_bytes()
    Path("p.json").write_bytes(b"mine")
    assert main(["plan", "app.tar", "-o", "p.json"]) == 2
    assert capsys.readouterr() == ("", "jettison: p.json exists\nhint: choose another output, or add --force\n")
    assert Path("p.json").read_bytes() == b"mine"
    assert main(["plan", "app.tar", "-o", "p.json", "--force", "-q"]) == 0
    json.loads(Path("p.json").read_bytes())
    Path("folder").mkdir()
    Path("link").symlink_to("app.tar")
    for out in ("app.tar", "./app.tar", "link", "folder"):
        for force in ([], ["--force"]):
            assert main(["plan", "docker-archive:app.tar", "-o", out, *force]) == 2
    assert Path("app.tar").read_bytes() == image
    assert hidden() == []


def _what_lies_at(path: str) -> tuple[int, ...] | None:
    """Return what would tell that a path was replaced or written to; when it was last read would not."""
    if not os.path.lexists(path):
        return None
    found = os.lstat(path)
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


@pytest.mark.parametrize("out", ["fifo", "/dev/null", "/dev/stdout", "none/p.json", "folder/../folder"])
def test_plan_names_what_it_cannot_write_to(capsys: pytest.CaptureFixture[str], out: str) -> None:
    """A FIFO, a device, a missing folder: exit code 2 and a sentence that names it, and nothing is replaced."""
    os.mkfifo("fifo")
    Path("folder").mkdir()
    before = _what_lies_at(out)
    assert main(["plan", "app.tar", "-o", out, "--force"]) == 2
    err = capsys.readouterr().err
    assert out.split("/p.json", maxsplit=1)[0] in err
    assert ".jettison-part" not in err
    assert _what_lies_at(out) == before


def test_plan_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """``-o -`` prints the document, as --json does."""
    assert main(["plan", "app.tar", "--json"]) == 0
    printed = capsys.readouterr().out
    assert main(["plan", "app.tar", "-o", "-"]) == 0
    assert capsys.readouterr().out == printed
    assert not Path("-").exists()


def test_verify_without_a_sandbox(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no container can be run a proof of behaviour could not be tried (6); slim lacks what it needs (5)."""

    def refuse() -> None:
        raise MachineError("no user namespaces", hint="allow them")

    monkeypatch.setattr("jettison.run.runner.require", refuse)
    monkeypatch.setenv("PATH", "")
    Path("work.toml").write_text('[ready]\nlog = "ready"\n', "utf-8")
    assert main(["verify", "app.tar", "app.tar", "-w", "work.toml"]) == 6
    told = "jettison: the proof cannot be run here: no user namespaces\nhint: allow them\n"
    assert capsys.readouterr().err == told
    assert main(["slim", "app.tar", "-o", "oci:o", "-w", "work.toml"]) == 5
