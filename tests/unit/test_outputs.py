"""The folder beside an output: its lock, what killed runs leave, and what an output never replaces."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jettison.api.delivery import stage_for
from jettison.errors import UsageError
from jettison.outputs import put, whole_dir, whole_file, workspace

# Holds the workspace of its first argument, after what its second says, until its standard input ends.
HOLD = """
import os, sys
from pathlib import Path
from jettison.outputs import *
path = Path(sys.argv[1])
with workspace(path) as folder:
    exec(sys.argv[2])
    print(os.getpid(), flush=True)
    sys.stdin.read()
"""
HALF_PUT = """
(folder / "image").write_bytes(b"new")
(folder / "papers").mkdir()
def stop(source, target, rename=os.rename):
    if source.name == "image":
        print(os.getpid(), flush=True)
        sys.stdin.read()
    rename(source, target)
os.rename = stop
put(folder, {path.with_name("o.jettison"): folder / "papers", path: folder / "image"})
"""


@contextmanager
def holder(path: Path, act: str = "") -> Iterator[subprocess.Popen[str]]:
    """Give a process that holds the workspace of ``path``; it is killed at the end."""
    command = [sys.executable, "-c", HOLD, str(path), act]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        yield process
        process.kill()


def write_file(path: Path) -> None:
    with whole_file(path, force=True) as file:
        file.write(b"new")


def write_dir(path: Path) -> None:
    with whole_dir(path, force=True) as made:
        (made / "x").write_bytes(b"new")


def deliver(path: Path) -> None:
    with stage_for(f"oci-archive:{path}", force=True) as stage:
        stage.image.write_bytes(b"new")
        stage.papers.mkdir()
        stage.deliver()


@pytest.mark.parametrize("write", [write_file, write_dir, deliver])
def test_one_run_at_a_time_writes_to_an_output(tmp_path: Path, write: Callable[[Path], None]) -> None:
    """A second run is refused and told of the first, whose folder stays; other outputs and later runs are free."""
    with holder(tmp_path / "o") as first:
        with pytest.raises(UsageError, match=rf"another run \(process {first.pid}\) is writing to .*/o$"):
            write(tmp_path / "o")
        write(tmp_path / "other")
        first.communicate("")
        assert first.returncode == 0
        write(tmp_path / "o")
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


@pytest.mark.parametrize("write", [write_file, write_dir, deliver])
def test_the_next_run_takes_over_what_a_killed_one_left(tmp_path: Path, write: Callable[[Path], None]) -> None:
    """After SIGKILL the folder lies beside the output; the next run uses it and removes it with all that is in it."""
    act = "(folder / 'image').write_bytes(b'x'); (folder / 'sub').mkdir(); (folder / 'link').symlink_to('/')"
    with holder(tmp_path / "o", act) as killed:
        killed.send_signal(signal.SIGKILL)
    assert os.listdir(tmp_path) == [".o.jettison-part"]
    write(tmp_path / "o")
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_what_a_killed_run_had_set_aside_goes_back(tmp_path: Path) -> None:
    """A run killed between setting the old image aside and placing its own: the next finds the old, papers and all."""
    (tmp_path / "o").write_bytes(b"old")
    (tmp_path / "o.jettison").mkdir()
    (tmp_path / "o.jettison/plan.json").write_bytes(b"old")
    with holder(tmp_path / "o", HALF_PUT):
        assert not (tmp_path / "o").exists()
        assert os.listdir(tmp_path / "o.jettison") == []
    with pytest.raises(UsageError, match="o exists"), whole_file(tmp_path / "o", force=False):
        pass
    assert sorted(os.listdir(tmp_path)) == ["o", "o.jettison"]
    assert (tmp_path / "o").read_bytes() == (tmp_path / "o.jettison/plan.json").read_bytes() == b"old"


def test_a_folder_that_goes_away_while_it_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the run before removes the folder just as this one locks it, this one makes its own."""
    real = os.open
    moments: list[int] = []

    def late(path: Path, flags: int) -> int:
        lock = real(path, flags)
        if str(path).endswith("-part") and not moments:
            moments.append(1)
            path.rmdir()
        return lock

    monkeypatch.setattr(os, "open", late)
    with workspace(tmp_path / "o") as folder:
        assert (folder / "process").read_text() == str(os.getpid())
    assert moments


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_a_rename_that_fails_undoes_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    """Whichever rename fails, both places hold what they held before."""
    for name in ("o", "p"):
        (tmp_path / name).write_bytes(b"old")
    real = os.rename
    count: list[int] = []

    def rename(source: Path, target: Path) -> None:
        count.append(1)
        if len(count) == failing:
            raise PermissionError(1, "no", str(source))
        real(source, target)

    def act() -> None:
        with workspace(tmp_path / "o") as folder:
            for name in ("image", "papers"):
                (folder / name).write_bytes(b"new")
            monkeypatch.setattr(os, "rename", rename)
            put(folder, {tmp_path / "p": folder / "papers", tmp_path / "o": folder / "image"})

    with pytest.raises(PermissionError) as raised:
        act()
    assert (tmp_path / "o").read_bytes() == (tmp_path / "p").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["o", "p"]
    assert "jettison-part" not in str(raised.value)


def special(folder: Path, kind: str) -> Path:
    path = folder / "special"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "link":
        path.symlink_to("/dev/null")
    else:
        return Path(kind)
    return path


@pytest.mark.parametrize("kind", ["fifo", "socket", "link", "/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("write", [write_file, write_dir, deliver])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, write: Callable[[Path], None], kind: str) -> None:
    """A device, a FIFO, a socket or an open file's link is refused, --force or not."""
    path = special(tmp_path, kind)
    before = path.lstat()
    with pytest.raises(UsageError, match=r"neither a file nor a folder|is no folder"):
        write(path)
    assert os.path.samestat(path.lstat(), before)


def test_errors_name_the_output(tmp_path: Path) -> None:
    """No error names the folder in which an output is made."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="/file is no folder"):
        write_file(tmp_path / "file" / "o")
    with pytest.raises(OSError, match="File name too long") as raised:
        write_file(tmp_path / ("n" * 250))
    assert raised.value.filename == str(tmp_path / ("n" * 250))
