"""Workloads that really run under strace: nothing they ask for is missed, and they notice nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.machine import need_strace
from tests.helpers.ordinary import ordinary_folder, run_as_ordinary
from tests.helpers.rootfs import PYTHON, machine_layer

from jettison.errors import RefusedError
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.run.exercise import Rootfs, exercise_rootfs, unpacked
from jettison.run.trace.make import Recorder, record
from jettison.run.trace.record import Trace
from jettison.run.tracing import Tracing, find_strace
from jettison.run.workload import Compare, Probe, Ready, RunResult, Workload
from jettison.sources.open import open_image

pytestmark = pytest.mark.userns
NONE = Compare(())
DATA = [
    File("data", type="dir"),
    File("data/read", b"read"),
    File("data/first", type="symlink", link="second"),
    File("data/second", type="symlink", link="/data/end"),
    File("data/end", b"end"),
    File("data/mode", b"m", mode=0o640),
    File("data/time", b"t", mtime=1_000_000),
    File("data/stat-only", b"s"),
    File("data/names", type="dir"),
    File("data/names/a", b"a"),
    File("data/names/b", b"b"),
    File("data/empty", type="dir"),
    File("data/by-fd", type="dir"),
    File("data/by-fd/inner", b"i"),
    File("data/unlinked", b"u"),
    File("data/hard", b"hard link"),
    File("data/linked", type="hardlink", link="data/hard"),
    File("data/never", b"n" * 1000),
    File("data/lib/one/__init__.py", b"import two\n"),
    File("data/lib/two.py"),
    File(f"{sys.base_prefix.lstrip('/')}/lib/python3.{sys.version_info.minor}/site-packages/readme"),
    File("data/sp ace>\\n\udcff", b"odd"),
]
TEN = """
import os
open("/data/read").read()
open("/data/first").read()
os.stat("/data/mode").st_mode
os.stat("/data/time").st_mtime
os.path.exists("/data/stat-only")
os.listdir("/data/names")
os.listdir("/data/empty")
fd = os.open("/data/by-fd", os.O_RDONLY); os.stat("inner", dir_fd=fd)
os.unlink("/data/unlinked")
assert os.stat("/data/hard").st_ino == os.stat("/data/linked").st_ino
open(b"/data/sp ace>\\\\n\\xff").read()
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rootfs, FileTable]]:
    """One unpacked image for all tests, with its file table."""
    need_strace()
    folder = tmp_path_factory.mktemp("traced")
    env = [f"PYTHONHOME={sys.base_prefix}", "PATH=/bin:/usr/bin"]
    path = oci_layout(folder / "image", [machine_layer(), tar_bytes(DATA)], compression="none", config={"Env": env})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JETTISON_CACHE", str(folder / "cache"))
        opened = open_image(str(path))
        with unpacked(opened) as rootfs:
            yield rootfs, read_table(opened, options=ReadOptions(cache=False))


def command(*argv: str, probes: tuple[Probe, ...] = (), user: str = "") -> Workload:
    return Workload("w", Ready("exit", timeout=60.0), probes, argv=argv, user=user)


def traced(image: tuple[Rootfs, FileTable], workload: Workload, **how: bool) -> tuple[RunResult, Trace]:
    result, trace = record(*image, workload, Recorder(find_strace(), **how))
    assert result.error == ""
    return result, trace


def lost(trace: Trace) -> list[str]:
    """Return what the record lacks; that these workloads ask nothing does not matter here."""
    return [text for text in trace.problems if "asks nothing" not in text]


def test_ten_kinds_of_access_are_all_seen(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """Those by which slimmers were found to lose files; what nobody asks for is not in it."""
    _, trace = traced(image, command(PYTHON, "-c", TEN))
    how = {path.removeprefix("data/"): access.how for path, access in trace.accesses.items() if path.startswith("data")}
    assert how["read"] == how["end"] == how["sp ace>\\n\udcff"] == ("open",)
    assert how["first"] == how["second"] == ("readlink",)
    for name in ("mode", "time", "stat-only", "by-fd/inner", "hard", "linked"):
        assert how[name] == ("stat",), name
    assert "list" in how["names"]
    assert "list" in how["empty"]
    assert how["unlinked"] == ("delete",)
    assert "never" not in how
    assert not lost(trace)
    assert trace.runs[0].processes[0].argv[:2] == (PYTHON, "-c")


def test_a_container_does_not_notice(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """Output, exit codes, standard input, signals, environment and user are as they are without strace."""
    script = "trap 'echo stopped; exit 0' TERM; id -u; echo $LD_LIBRARY_PATH $0; kill -TERM $$; exit 9"
    probes = (
        Probe("in", "exec", NONE, argv=("/bin/cat",), body=b"some input"),
        Probe("code", "exec", NONE, argv=("/bin/sh", "-c", "echo out; echo err >&2; exit 7")),
    )
    workload = Workload(
        "w", Ready("exit", timeout=60.0), probes, argv=("/bin/sh", "-c", script), env={"LD_LIBRARY_PATH": "/x"},
        user="1000",
    )  # fmt: skip
    plain = exercise_rootfs(image[0], workload)
    result, trace = traced(image, workload)
    assert (result.output, result.exit_code) == (plain.output, plain.exit_code)
    assert [(one.body, one.exit_code) for one in result.answers] == [(one.body, one.exit_code) for one in plain.answers]
    assert result.output.startswith(b"1000\n/x /bin/sh\nstopped\n")
    assert {one.argv[0] for one in trace.runs[0].processes if one.argv} >= {"/bin/sh", "/bin/cat"}
    refused = exercise_rootfs(image[0], command("/bin/none"), tracing=Tracing(find_strace(), sandbox))
    assert (refused.exit_code, refused.error) == (127, 'exit code 127: exec: "/bin/none": no such file or directory')


def test_children_and_threads_are_followed_to_the_end(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """Each with its own working directory; the tree of processes is in the record."""
    code = """
import os, subprocess, threading
subprocess.run(["/bin/sh", "-c", "cat read; (cd names; cat a) | cat"], cwd="/data", check=True)
thread = threading.Thread(target=lambda: open("/data/end").read()); thread.start(); thread.join()
os.chdir("/data/by-fd"); open("inner").read()
"""
    _, trace = traced(image, command(PYTHON, "-c", code))
    opened = {path for path, access in trace.accesses.items() if "open" in access.how}
    assert {"data/read", "data/names/a", "data/end", "data/by-fd/inner"} <= opened
    run = trace.runs[0]
    first = run.processes[0]
    shell = next(one for one in run.processes if one.argv[:1] == ("/bin/sh",))
    assert shell.parent == first.pid
    assert run.processes[trace.accesses["data/read"].process].argv == ("cat", "read")


def test_what_python_imports_is_seen_with_its_importer(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """Also what is not there, and causes no look-up; output and exit code are as ever."""
    code = """
import sys
sys.path.insert(0, "/data/lib")
import one
try: import one.missing
except ImportError: print("missed")
try: import one.missing2
except ImportError: print("missed")
"""
    result, trace = traced(image, command(PYTHON, "-c", code))
    assert result.output == b"missed\nmissed\n"
    assert {name: trace.imports[name].by for name in ("one", "two", "one.missing", "one.missing2")} == {
        "one": "__main__",
        "two": "one",
        "one.missing": "__main__",
        "one.missing2": "__main__",
    }
    assert not any(".jettison" in path for path in (*trace.accesses, *trace.missing))


def test_io_uring_is_absent(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """As in an engine: a program that would open files by it falls back to calls that are seen."""
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(425, 8, ctypes.create_string_buffer(120)), ctypes.get_errno())
"""
    result, trace = traced(image, command(PYTHON, "-c", code))
    assert result.output == b"-1 38\n"
    assert not lost(trace)


def test_what_is_left_running_ends_with_the_command(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """A command that leaves processes behind ends when it ends; what they did until then is in the record."""
    script = (
        "(cat /data/read > /dev/null; : > /tmp/done; exec sleep 600) & while [ ! -e /tmp/done ]; do sleep 0.1; done"
    )
    result, trace = traced(image, command("/bin/sh", "-c", script))
    assert result.exit_code == 0
    assert trace.runs[0].ended < 30
    assert "data/read" in trace.accesses


def test_mapped_parts_are_recorded_when_asked_for(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """Of libraries, for example."""
    _, without = traced(image, command("/bin/cat", "/data/read"))
    _, maps = traced(image, command("/bin/cat", "/data/read"), maps=True)
    assert not any(access.ranges for access in without.accesses.values())
    libc = next(access for path, access in maps.accesses.items() if "/libc." in path)
    assert "map" in libc.how
    assert libc.ranges[0][0] == 0


def test_thousands_of_small_files_are_all_seen(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """Made, listed and read again by four processes at once: as many openings as there were."""
    code = """
import os, sys
os.mkdir("/tmp/many")
for n in range(5000): open(f"/tmp/many/{n}", "w").close()
for part in range(4):
    if os.fork() == 0:
        for n in range(part, 5000, 4): open(f"/tmp/many/{n}").close()
        os._exit(0)
for part in range(4): assert os.wait()[1] == 0
"""
    _, trace = traced(image, command(PYTHON, "-c", code))
    assert trace.runs[0].events > 10_000
    assert not lost(trace)


def test_a_record_that_grows_without_end_ends_the_run(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """The disk is not filled."""
    workload = command("/bin/sh", "-c", "while :; do [ -e /none ]; done")
    with pytest.raises(RefusedError, match="the trace has more than 0 MB"):
        exercise_rootfs(image[0], workload, tracing=Tracing(find_strace(), sandbox, most=100_000))


def test_a_container_that_meddles_with_the_record_gets_nothing_read(
    sandbox: Path, image: tuple[Rootfs, FileTable]
) -> None:
    """Links to the machine's files, pipes that never end, other names: none is opened as a record."""
    script = """
    cd /dev/.jettison/record; ln -s /etc/shadow 77; mkfifo 78 2>/dev/null; mkdir 79; echo x > readme
    mv /dev/.jettison/record /dev/.jettison/old; ln -s /etc /dev/.jettison/record; exit 0
    """
    folder = sandbox / "records"
    folder.mkdir()
    exercise_rootfs(image[0], command("/bin/sh", "-c", script), tracing=Tracing(find_strace(), folder))
    names = {path.name for path in folder.iterdir()}
    assert not names & {"77", "78", "79", "readme"}
    assert all(path.is_file() and not path.is_symlink() for path in folder.iterdir())


def test_an_ordinary_user_traces_as_well(sandbox: Path, image: tuple[Rootfs, FileTable]) -> None:
    """Without any right that others lack."""
    with ordinary_folder() as folder:
        env = [f"PYTHONHOME={sys.base_prefix}", "PATH=/bin:/usr/bin"]
        oci_layout(folder / "image", [machine_layer(), tar_bytes(DATA)], compression="none", config={"Env": env})
        code = """
import sys
from jettison.api.trace import trace
from jettison.run.workload import Ready, Workload
workload = Workload("w", Ready("exit", timeout=60.0), (), argv=("/bin/cat", "/data/read"))
print(trace(sys.argv[1], [workload])[0].accesses["data/read"].how)
"""
        assert run_as_ordinary(code, f"oci:{folder / 'image'}", folder=folder) == "('open',)\n"
