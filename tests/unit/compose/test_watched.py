"""Children that are watched while they run."""

import os
import sys
import time
from pathlib import Path

import pytest
from tests.helpers.machine import small_disk

from jettison.compose import apt, watched
from jettison.compose.apt import Apt
from jettison.compose.watched import run_watched
from jettison.errors import MachineError

ENV = dict(os.environ)
CHILD = """
import subprocess, time
child = subprocess.Popen(["sleep", "600"])
with open("pid", "w") as file:
    file.write(str(child.pid))
time.sleep(600)
"""


def run(code: str, disk: Path, limit: float = 60) -> tuple[int, bytes, bytes]:
    done = run_watched([sys.executable, "-c", code], cwd=disk, env=ENV, disk=disk, limit=limit)
    return done.returncode, done.stdout, done.stderr


def is_gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_what_a_child_says(tmp_path: Path) -> None:
    """Output, complaints and exit code come back whole, also of a child that runs longer than one look."""
    code = "import sys, time; print('a' * 200000); time.sleep(1.2); sys.exit('complaint')"
    assert run(code, tmp_path) == (1, b"a" * 200000 + b"\n", b"complaint\n")


def test_a_child_that_takes_too_long(tmp_path: Path) -> None:
    """It is ended, its own children with it."""
    began = time.monotonic()
    with pytest.raises(MachineError, match="took more than 4 s"):
        run(CHILD, tmp_path, 4)
    assert time.monotonic() - began < 20
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_child_on_a_full_disk(tmp_path: Path) -> None:
    """A child that waits for room is ended within seconds, with what to do; without room none is started."""
    fill = "import os, time\ntry:\n open('x', 'wb').write(bytes(1 << 24))\nexcept OSError: pass\ntime.sleep(600)"
    with small_disk(tmp_path / "small", 1 << 20) as disk:
        began = time.monotonic()
        with pytest.raises(MachineError, match="the disk is full") as caught:
            run(fill, disk)
        assert time.monotonic() - began < 20
        assert "JETTISON_CACHE" in caught.value.hint
        with pytest.raises(MachineError, match="the disk is full"):
            run("print()", disk)


def test_what_apt_fetched_goes_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists and caches of a run that filled the disk are removed; a disk that is full for a moment is no reason."""
    tool = tmp_path / "bin" / "apt-get"
    tool.parent.mkdir()
    tool.touch(0o755)
    room = iter([watched.LEAST, 0, 0, *[watched.LEAST] * 100])
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(watched, "free_bytes", lambda _: next(room))
    folder = tmp_path / "apt"
    (folder / "state" / "lists" / "partial").mkdir(parents=True)
    state = Apt(folder, "amd64")
    monkeypatch.setattr(apt, "TIMEOUT", 60)
    tool.write_text("#!/bin/sh\necho x > state/lists/partial/x\nsleep 2\n")
    state.run("apt-get", "update")
    assert (folder / "state" / "lists" / "partial" / "x").exists()
    room = iter([watched.LEAST, *[0] * 100])
    tool.write_text("#!/bin/sh\necho x > state/lists/partial/x\nsleep 600\n")
    with pytest.raises(MachineError, match="the disk is full"):
        state.run("apt-get", "update")
    assert not (folder / "state" / "lists").exists()
    room = iter([watched.LEAST] * 100)
    tool.write_text("#!/bin/sh\necho 'E: Write error - write (28: No space left on device)' >&2\nexit 100\n")
    with pytest.raises(MachineError, match="No space left") as caught:
        state.run("apt-get", "update")
    assert "free some room" in caught.value.hint
