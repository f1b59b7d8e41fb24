"""Scratch that goes away, also that of processes which could not clean up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jettison.api.delivery import stage_for
from jettison.errors import MachineError, UsageError
from jettison.files.speed import unpack_speed
from jettison.outputs import whole_dir
from jettison.storage import atomic_file, scratch_dir

HOLD = "import sys, time\nfrom pathlib import Path\nfrom jettison.storage import scratch_dir\n"
HOLD += "with scratch_dir(Path(sys.argv[1])) as folder:\n    print(folder, flush=True)\n    time.sleep(60)\n"


def age(path: Path, days: float) -> None:
    then = time.time() - days * 86_400
    os.utime(path, (then, then))


def test_scratch_of_a_killed_process_goes_after_an_hour(tmp_path: Path) -> None:
    """A folder an hour old is removed once its process is gone; not before, and no younger one."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        (left / "layer").write_bytes(b"x")
        age(left, 0.1)
        with scratch_dir(tmp_path):
            assert (left / "layer").exists()
        process.send_signal(signal.SIGKILL)
    age(left, 0.02)
    with scratch_dir(tmp_path):
        assert left.exists()
    age(left, 0.1)
    with scratch_dir(tmp_path) as folder:
        assert os.listdir(tmp_path) == [folder.name]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ["folder", "link", "file"])
def test_what_is_not_scratch_stays(tmp_path: Path, kind: str) -> None:
    """Neither another folder, nor a link or a file with such a name, is touched, however old."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "kept").touch()
    name = tmp_path / ("jettison-notes" if kind == "folder" else "jettison-scratch-x")
    {"folder": name.mkdir, "link": lambda: name.symlink_to(target), "file": name.touch}[kind]()
    if kind != "link":
        age(name, 9)
    else:
        os.utime(name, (0, 0), follow_symlinks=False)
    with scratch_dir(tmp_path):
        assert os.path.lexists(name)
    assert (target / "kept").exists()
    assert os.path.lexists(name)


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scratch says which folder it is; the speed of unpacking, which inspect shows, is measured elsewhere then."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(MachineError, match="file/cache/scratch: no folder can be made"), scratch_dir():
        pass
    assert unpack_speed(cache=True) > 0


HOLD_FILE = "import sys, time\nfrom pathlib import Path\nfrom jettison.storage import atomic_file\n"
HOLD_FILE += "with atomic_file(Path(sys.argv[1]), force=True):\n    print('in', flush=True)\n    time.sleep(60)\n"


def test_a_killed_process_s_part_of_a_file_goes_after_an_hour(tmp_path: Path) -> None:
    """The next run that writes the same file removes it once its process is gone; neither before, nor another's."""
    target = tmp_path / "f.json"
    (tmp_path / ".f.json.mine.part").touch()
    age(tmp_path / ".f.json.mine.part", 9)
    with subprocess.Popen([sys.executable, "-c", HOLD_FILE, str(target)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (part,) = set(tmp_path.iterdir()) - {tmp_path / ".f.json.mine.part"}
        age(part, 0.1)
        with atomic_file(target, force=True):
            assert part.exists()
        process.kill()
    age(part, 0.02)
    with atomic_file(target, force=True):
        assert part.exists()
    age(part, 0.1)
    with atomic_file(target, force=True):
        pass
    assert sorted(os.listdir(tmp_path)) == [".f.json.mine.part", "f.json"]


def write_file(path: Path) -> None:
    with atomic_file(path, force=False) as file:
        file.write(b"late")
        path.write_bytes(b"first")


def write_folder(path: Path) -> None:
    with whole_dir(path, force=False):
        path.write_bytes(b"first")


def deliver(path: Path) -> None:
    with stage_for(f"oci-archive:{path}", force=False) as stage:
        stage.image.write_bytes(b"late")
        stage.papers.mkdir()
        path.write_bytes(b"first")
        stage.deliver()


@pytest.mark.parametrize("write", [write_file, write_folder, deliver])
def test_what_another_run_wrote_meanwhile_is_not_replaced(tmp_path: Path, write: Callable[[Path], None]) -> None:
    """Two runs with one output, without --force: the second to finish says that it exists, and leaves nothing."""
    with pytest.raises(UsageError, match="out exists"):
        write(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["out"]
