"""Builds that are interrupted, and builds on a full disk: nothing is left behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.composing import project
from tests.helpers.machine import small_disk

from jettison.api import build as building
from jettison.api.build import build
from jettison.compose import debian, distributions, layering, make
from jettison.compose.aptsources import host_suite
from jettison.errors import MachineError

PLACES = {
    "resolve": (make, "resolve"),
    "unpack": (debian, "read_deb"),
    "install": (distributions, "install_wheel"),
    "layer": (layering, "_write"),
    "keep": (layering, "_keep"),
    "files": (make, "place_files"),
    "config": (make, "make_config"),
    "image": (building, "write_image"),
}


def left(tmp_path: Path, cache: Path) -> list[str]:
    """Return what is there beside the project and whole cached files."""
    known = {"requirements.txt", "app.py", "model.onnx", "compose.toml", "compose.toml.lock", "cache"}
    scratch = cache / "scratch"
    strays = [path.name for path in cache.rglob("*.part")]
    return [
        *sorted({path.name for path in tmp_path.iterdir()} - known),
        *strays,
        *(os.listdir(scratch) if scratch.exists() else []),
    ]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("raised", "told"),
    [(OSError(errno.ENOSPC, "No space left on device"), OSError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_nothing_is_left_behind(
    tmp_path: Path,
    own_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    raised: BaseException,
    told: type[BaseException],
) -> None:
    """A full disk or Ctrl-C at any step leaves neither output nor scratch, and the next build is whole."""
    path = project(tmp_path)

    def fail(*_: Any, **__: Any) -> None:
        raise raised

    with monkeypatch.context() as patch:
        patch.setattr(*PLACES[place], fail)
        with pytest.raises(told):
            build(path, f"oci:{tmp_path}/out")
    assert left(tmp_path, own_cache) == []
    assert build(path, f"oci:{tmp_path}/out").layers


def cli(path: Path, out: Path, **environment: Path) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own."""
    argv = [sys.executable, "-m", "jettison", "build", str(path), "-o", f"oci:{out}"]
    env = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_while_apt_runs(tmp_path: Path, own_cache: Path, number: signal.Signals) -> None:
    """A signal while apt fetches: code 130, apt and its child gone, no output, no lock, no scratch."""
    try:
        host_suite()
    except MachineError as error:
        pytest.skip(error.message)
    tools = tmp_path / "cache" / "bin"
    tools.mkdir(parents=True)
    (tools / "dpkg").write_text("#!/bin/sh\necho amd64\n")
    (tools / "apt-get").write_text(
        f"#!/bin/sh\nsleep 600 &\necho $! > {own_cache}/pid.new\nmv {own_cache}/pid.new {own_cache}/pid\nwait\n"
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)
    path = project(tmp_path)
    path.with_name("compose.toml.lock").unlink()
    (tmp_path / "cache" / "keyring.gpg").touch()
    own = f'suite = "bookworm"\nmirror = "http://127.0.0.1:9/"\nkeyring = "{tmp_path}/cache/keyring.gpg"\n[python]'
    path.write_text(path.read_text().replace("[python]", own))
    process = cli(path, tmp_path / "out", PATH=Path(f"{tools}:{os.environ['PATH']}"))
    end = time.monotonic() + 60
    while not (own_cache / "pid").exists():
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"jettison: interrupted; nothing is left behind\n")
    assert left(tmp_path, own_cache) == []
    child = Path(f"/proc/{int((own_cache / 'pid').read_text())}/stat")
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("full", ["cache", "scratch", "output"])
def test_a_disk_that_is_full(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, full: str) -> None:
    """A disk too small for the layers, wherever it is met: code 5, what to do, and nothing of the build left on it."""
    own_cache.mkdir()
    with small_disk(own_cache / "small", 1 << 20) as disk:
        if full == "cache":
            monkeypatch.setenv("JETTISON_CACHE", str(disk / "cache"))
        path = project(tmp_path)
        (tmp_path / "model.onnx").write_bytes(os.urandom(2 << 20))
        places = {
            "cache": {"JETTISON_SCRATCH": own_cache / "scratch"},
            "scratch": {"JETTISON_SCRATCH": disk / "scratch"},
            "output": {},
        }
        process = cli(path, (disk if full == "output" else tmp_path) / "out", **places[full])
        _, err = process.communicate(timeout=60)
        assert process.returncode == 5, err
        assert b"free some room" in err
        assert not [file for file in disk.rglob("*") if file.is_file() and file.stat().st_size > 1 << 16]
        assert not (disk / "out").exists()
    assert left(tmp_path, own_cache) == []
