"""Containers that really run: what they see, what Jettison learns of them, and that nothing of them stays."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.ordinary import ordinary_folder, run_as_ordinary
from tests.helpers.rootfs import PYTHON, machine_layer

from jettison.errors import BadInputError, RefusedError, UsageError
from jettison.oci.image import Image
from jettison.run import sandbox as sandbox_module
from jettison.run.exercise import Rootfs, exercise, exercise_rootfs, unpacked
from jettison.run.sandbox import OverlayError
from jettison.run.session import _signal_number
from jettison.run.spec import Spec
from jettison.run.workload import Compare, EngineSettings, Probe, Ready, RunResult, Workload
from jettison.sources.open import open_image

pytestmark = pytest.mark.userns
NONE = Compare(())
SERVICE = """
import http.server, json, os, sys, signal, subprocess
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die": print("dying", flush=True); os._exit(3)
        code = 404 if self.path == "/absent" else 200
        self.send_response(code); self.send_header("X-One", "1"); self.end_headers()
        if self.path == "/slow":
            import time
            for _ in range(100): self.wfile.write(b"."); self.wfile.flush(); time.sleep(0.05)
        if self.path == "/last": os._exit(5)
        self.wfile.write(b"hello")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200); self.end_headers(); self.wfile.write(body[::-1])
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 8000), Handler)
print("listening now", flush=True)
server.serve_forever()
"""
HTTP = Ready("http", "/", 8000, 20.0)


def get(path: str, *, timeout: float = 10.0) -> Probe:
    return Probe(path, "http", NONE, path=path, port=8000, timeout=timeout)


def sh(script: str, *, stdin: bytes = b"", timeout: float = 10.0) -> Probe:
    return Probe(script, "exec", NONE, argv=("/bin/sh", "-c", script), body=stdin, timeout=timeout)


def tiny(folder: Path, *extra: list[File], **config: object) -> Image:
    layers = [machine_layer(), *(tar_bytes(layer) for layer in extra)]
    env = [f"PYTHONHOME={sys.base_prefix}", "PATH=/bin:/usr/bin"]
    path = oci_layout(folder / "image", layers, compression="none", config={"Env": env, **config})
    return open_image(str(path))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rootfs]:
    """One unpacked image for all tests that do not need their own."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JETTISON_CACHE", str(folder / "cache"))
        with unpacked(tiny(folder)) as rootfs:
            yield rootfs


def python(code: str, *probes: Probe, ready: Ready = HTTP, **options: object) -> Workload:
    return Workload("w", ready, probes, argv=(PYTHON, "-c", code), **options)  # type: ignore[arg-type] # its fields


def shell(script: str, *probes: Probe, **options: object) -> Workload:
    return Workload("w", Ready("exit", timeout=20.0), probes, argv=("/bin/sh", "-c", script), **options)  # type: ignore[arg-type] # its fields


def lines(result: RunResult) -> list[str]:
    assert result.error == ""
    return result.output.decode().splitlines()


def test_a_service_is_started_asked_and_stopped(sandbox: Path, shared: Rootfs) -> None:
    """Ready over HTTP, answers in order with status, headers and body, memory seen, and no exit code."""
    post = Probe("post", "http", NONE, method="POST", path="/", port=8000, body=b"abc" * 100_000)
    result = exercise_rootfs(
        shared, python(SERVICE, get("/"), get("/absent"), post, sh("cat; echo x >&2", stdin=b"in"))
    )
    assert result.error == ""
    assert result.ready
    assert 0 < result.ready_seconds < 20
    first, absent, posted, executed = result.answers
    assert (first.status, first.body, first.headers["x-one"]) == (200, b"hello", "1")
    assert absent.status == 404
    assert posted.body == b"cba" * 100_000
    assert (executed.exit_code, executed.body) == (0, b"in")
    assert result.exit_code is None
    assert result.output == b"listening now\nx\n"
    assert result.peak_memory > 5_000_000


@pytest.mark.parametrize("ready", [Ready("tcp", "", 8000, 20.0), Ready("log", "listening", 0, 20.0)])
def test_other_ways_to_be_ready(sandbox: Path, shared: Rootfs, ready: Ready) -> None:
    """A port that accepts; a text in the output."""
    result = exercise_rootfs(shared, python(SERVICE, get("/"), ready=ready))
    assert (result.error, result.ready) == ("", True)


def test_a_command_that_ends_is_ready_with_code_0_only(sandbox: Path, shared: Rootfs) -> None:
    """Probes still run in its file system afterwards."""
    good = exercise_rootfs(shared, shell("echo made > /tmp/x", sh("cat /tmp/x")))
    assert (good.error, good.exit_code, good.answers[0].body) == ("", 0, b"made\n")
    bad = exercise_rootfs(shared, shell("echo oops; exit 4"))
    assert (bad.ready, bad.exit_code) == (False, 4)
    assert bad.error == "the command ended with exit code 4 before it was ready; its last output:\noops"


def test_what_a_container_sees(sandbox: Path, shared: Rootfs) -> None:
    """Its own process 1, hostname, devices, mounts and loopback; Docker's capabilities; no core dumps; stdin empty."""
    script = """
    cat /etc/hostname /proc/sys/kernel/hostname; cat; ls /dev; id -u
    cat /proc/self/status; cat /proc/net/dev /etc/hosts; ls /sys/kernel > /dev/null && echo sys
    echo x > /dev/shm/x && echo y > /tmp/y && echo z > /etc/z && echo written; ls /proc/self/fd
    """
    out = lines(exercise_rootfs(shared, shell(script)))
    text = "\n".join(out)
    assert out[:2] == ["jettison", "jettison"]
    assert {"null", "zero", "full", "random", "urandom", "tty", "shm", "pts", "fd"} <= set(out)
    assert "sda" not in out
    assert "CapEff:\t00000000a80425fb" in text
    assert "CapBnd:\t00000000a80425fb" in text
    assert "NoNewPrivs:\t1" in text
    assert [line.split(":")[0].strip() for line in out if ":" in line and "lo:" in line] == ["lo"]
    assert "127.0.0.1\tlocalhost jettison" in out
    assert {"sys", "written"} <= set(out)
    assert out[out.index("written") + 1 :] == ["0", "1", "2", "3"]
    assert not (shared.path / "etc/z").exists()


def test_the_images_user_environment_and_directory(sandbox: Path) -> None:
    """By name, with its groups and home; the working directory is made; the workload's environment wins."""
    image = tiny(
        sandbox,
        Cmd=["/bin/sh", "-c", "id; echo $HOME $HOSTNAME $A $B; echo $PWD; cat /proc/self/status"],
        User="app",
        WorkingDir="/srv/new/dir",
        Env=["A=image", "B=image", f"PYTHONHOME={sys.base_prefix}"],
    )
    out = lines(exercise(image, Workload("w", Ready("exit"), (), env={"B": "workload"})))
    assert out[0].startswith("uid=1000(app) gid=1000(app)")
    if os.geteuid() == 0:
        assert "44(video)" in out[0]
    assert out[1:3] == ["/home/app jettison image workload", "/srv/new/dir"]
    assert "CapEff:\t0000000000000000" in out
    other = lines(exercise(image, Workload("w", Ready("exit"), (), user="7:video")))
    assert other[0].startswith("uid=7 gid=44(video)")
    process = replace(image.config.process, user="absent")
    with pytest.raises(BadInputError, match="'absent'"):
        exercise(replace(image, config=replace(image.config, process=process)), Workload("w", Ready("exit"), ()))


@pytest.mark.parametrize("user", ["absent", "7:absent"])
def test_a_user_that_only_the_workload_names(sandbox: Path, user: str) -> None:
    """When the image lacks the workload's user or group, the workload is at fault, and the user is named."""
    with pytest.raises(UsageError, match=f"workload w: .start. user '{user}'"):
        exercise(tiny(sandbox, Cmd=["/bin/true"]), Workload("w", Ready("exit"), (), user=user))


def test_nothing_of_a_run_stays(sandbox: Path) -> None:
    """Scratch is empty after a run that wrote into directories it closed."""
    image = tiny(sandbox)
    result = exercise(image, shell("mkdir -p /a/b 2>/dev/null || : ; cd /tmp; : > x; umask 777; : > y"))
    assert result.error == ""
    assert list((sandbox / "cache" / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("absent",), 127, 'exec: "absent": executable file not found in $PATH'),
        (("/absent/x",), 127, 'exec: "/absent/x": no such file or directory'),
        (("/etc/passwd",), 126, 'exec: "/etc/passwd": permission denied'),
        (("/script",), 127, 'exec: "/script" is there, and its interpreter "/no/python" is not'),
        (("/dangling",), 127, 'exec: "/dangling" is a symlink to "/nowhere", which is not there'),
        (("/empty",), 126, 'exec: "/empty": exec format error'),
    ],
)
def test_a_command_that_cannot_start(sandbox: Path, argv: tuple[str, ...], code: int, message: str) -> None:
    """The codes of container engines, and what is missing."""
    layer = [
        File("etc/passwd", b"", mode=0o644),
        File("script", b"#!/no/python -u\n", mode=0o755),
        File("dangling", type="symlink", link="/nowhere"),
        File("empty", b"", mode=0o755),
    ]
    image = open_image(str(oci_layout(sandbox / "image", [tar_bytes(layer)])))
    result = exercise(image, Workload("w", Ready("exit"), (), argv=argv))
    assert (result.ready, result.exit_code, result.error) == (False, code, f"exit code {code}: {message}")


def test_a_user_beyond_the_range_is_refused_as_root(sandbox: Path, shared: Rootfs, as_root: None) -> None:
    """With the way out: an ordinary user maps any number."""
    with pytest.raises(RefusedError, match="1000680000"):
        exercise_rootfs(shared, shell("true", user="1000680000"))


def test_nothing_to_start_is_a_usage_error(sandbox: Path) -> None:
    """Neither image nor workload has a command."""
    image = open_image(str(oci_layout(sandbox / "image", [tar_bytes([File("a")])], config={"Labels": {}})))
    with pytest.raises(UsageError, match="what to start"):
        exercise(image, Workload("w", Ready("exit"), ()))


def test_time_limits(sandbox: Path, shared: Rootfs) -> None:
    """Of readiness, of a probe however slowly it drips, of an exec probe, of the whole run."""
    late = exercise_rootfs(shared, python("import time; time.sleep(60)", ready=Ready("http", "/", 8000, 0.3)))
    assert late.error.startswith("not ready after 0.3 s (waiting for GET / on port 8000 to answer 2xx)")
    slow = exercise_rootfs(shared, python(SERVICE, get("/slow", timeout=0.3)))
    assert slow.error.startswith("probe /slow: no whole answer within 0.3 s")
    hung = exercise_rootfs(shared, shell("true", sh("sleep 60", timeout=0.3)))
    assert hung.error == "probe sleep 60: not ended within 0.3 s"
    whole = exercise_rootfs(shared, shell("sleep 60", timeout=0.5))
    assert whole.error.startswith("not ready after 0.5 s")


def test_a_service_that_dies_during_a_probe(sandbox: Path, shared: Rootfs) -> None:
    """The answer failed, the exit code and the last words are told."""
    result = exercise_rootfs(shared, python(SERVICE, get("/die")))
    assert result.exit_code == 3
    assert "the command ended with exit code 3; its last output:" in result.error
    assert result.error.endswith("dying")
    last = exercise_rootfs(shared, python(SERVICE, get("/last"), sh("sleep 0.2; exit 0")))
    assert last.exit_code == 5


def test_a_large_output_keeps_its_tail(sandbox: Path, shared: Rootfs) -> None:
    """A service that writes much is never held up, and 4 MiB are kept."""
    result = exercise_rootfs(shared, python("print('x' * 15_000_000); print('end')", ready=Ready("exit")))
    assert result.error == ""
    assert len(result.output) == 4 << 20
    assert result.output.endswith(b"x\nend\n")


def test_too_large_an_answer_is_none(sandbox: Path, shared: Rootfs, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 64 MiB of output end an exec probe."""
    code = "import os\nwhile True: os.write(1, b'x' * 1_000_000)"
    flood = Probe("flood", "exec", NONE, argv=(PYTHON, "-c", code), timeout=30.0)
    result = exercise_rootfs(shared, shell("true", flood))
    assert "more than 67108864 bytes of output" in result.error


def test_memory_is_limited(sandbox: Path, shared: Rootfs) -> None:
    """A process that asks for more address space gets an error of its own."""
    workload = python("x = bytearray(2_000_000_000)", ready=Ready("exit"), memory=500_000_000)
    assert "MemoryError" in exercise_rootfs(shared, workload).error


def test_zombies_are_reaped_and_orphans_end_with_the_command(sandbox: Path, shared: Rootfs) -> None:
    """The init adopts orphans; when the command ends, all end."""
    script = "(sleep 60 &) ; sleep 0.1; for i in /proc/[0-9]*; do cat $i/comm; done"
    code = "import os; print(sorted(name for name in os.listdir('/proc') if name.isdigit()))"
    probe = Probe("left", "exec", NONE, argv=(PYTHON, "-c", code))
    result = exercise_rootfs(shared, shell(script, probe))
    assert "sleep" in lines(result)
    assert len(json.loads(result.answers[0].body.replace(b"'", b'"'))) == 2


def test_the_stop_signal_reaches_the_command(sandbox: Path) -> None:
    """The image's own signal; the command may tidy up."""
    code = "import signal,time,os\ndef f(*a): print('tidy',flush=True); os._exit(0)\nsignal.signal(signal.SIGUSR1,f)"
    code += "\nprint('up',flush=True)\nwhile True: time.sleep(9)"
    image = tiny(sandbox, Cmd=[PYTHON, "-c", code], StopSignal="SIGUSR1")
    result = exercise(image, Workload("w", Ready("log", "up", 0, 20.0), ()))
    assert (result.exit_code, result.output) == (None, b"up\ntidy\n")


HOSTILE = """
import os, socket, ctypes, signal
def tried(name, action):
    try: action()
    except OSError as error: print(name, "refused")
    else: print(name, "DONE")
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    if getattr(libc, name)(*args) < 0: raise OSError(ctypes.get_errno(), name)
tried("unshare", lambda: call("unshare", 0x10000000))
tried("mount", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None))
tried("connect", lambda: socket.create_connection(("192.0.2.1", 80), 1))
tried("exe", lambda: os.open("/proc/1/exe", os.O_RDONLY))
tried("root", lambda: os.listdir("/proc/1/root"))
tried("init", lambda: os.readlink("/proc/1/cwd"))
tried("host pid", lambda: os.kill(HOST, 0))
tried("device", lambda: os.open("/dev/" + "mem", os.O_RDONLY))
os.kill(1, signal.SIGKILL)
print("still here")
"""


def test_what_a_hostile_command_cannot_do(sandbox: Path, shared: Rootfs) -> None:
    """No new namespaces, mounts, network, files of the init, processes of the machine; its init cannot be killed."""
    result = exercise_rootfs(shared, python(HOSTILE.replace("HOST", str(os.getpid() + 100_000)), ready=Ready("exit")))
    out = lines(result)
    assert [line for line in out if "DONE" in line] == []
    assert out[-1] == "still here"


def test_hostile_mount_points_stay_inside(sandbox: Path) -> None:
    """Symlinks in the places where the sandbox mounts lead nowhere else."""
    target = sandbox / "target"
    target.mkdir()
    layer = [
        File("etc/hosts", type="symlink", link=f"{target}/hosts"),
        File("etc/resolv.conf", type="symlink", link="/proc/self/cwd/../../../../../../target/resolv"),
        File("dev", type="symlink", link=f"{target}/dev"),
        File("sys", type="symlink", link=f"../../../..{target}/sys"),
    ]
    result = exercise(tiny(sandbox, layer), shell("cat /etc/hosts; ls /dev/null"))
    assert lines(result)[-1] == "/dev/null"
    assert "127.0.0.1\tlocalhost jettison" in lines(result)
    assert list(target.iterdir()) == []


def test_a_rootfs_that_cannot_be_a_containers_is_bad_input(sandbox: Path) -> None:
    """A file where a directory has to be."""
    image = open_image(str(oci_layout(sandbox / "image", [tar_bytes([File("proc", b"x")])])))
    with pytest.raises(BadInputError, match="cannot be a container's"):
        exercise(image, Workload("w", Ready("exit"), (), argv=("/x",)))


@pytest.mark.parametrize("forbidden", [("overlay",), ("overlay", "overlay-tmpfs")])
def test_without_overlay_memory_or_a_copy_serves(
    sandbox: Path, shared: Rootfs, monkeypatch: pytest.MonkeyPatch, forbidden: tuple[str, ...]
) -> None:
    """Where the kernel mounts no overlay, the container still writes, and the rootfs stays as it is."""
    start = sandbox_module._start

    def refuse(container: sandbox_module.Container, spec: Spec, ids: object) -> object:
        if spec.root in forbidden:
            raise OverlayError("no overlay")
        return start(container, spec, ids)  # type: ignore[arg-type] # what the test passes through

    monkeypatch.setattr(sandbox_module, "_start", refuse)
    result = exercise_rootfs(shared, shell("echo x > /etc/new; cat /etc/new; id -u"))
    assert lines(result) == ["x", "0"]
    assert not (shared.path / "etc/new").exists()


KILLED = """
import os, sys, threading
from jettison.run.exercise import exercise
from jettison.run.workload import *
from jettison.sources.open import open_image
print(os.getpid(), flush=True)
argv = ("/bin/sh", "-c", "sleep 86399 & sleep 86399 & echo up; wait")
probe = Probe("p", "exec", Compare(()), argv=("/bin/sh", "-c", "sleep 86399"), timeout=80.0)
exercise(open_image(sys.argv[1]), Workload("w", Ready("log", "up", 0, 20.0), (probe,), argv=argv))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killing_jettison_leaves_no_process(sandbox: Path, number: signal.Signals) -> None:
    """Neither SIGKILL nor Ctrl-C leaves anything of the container running."""
    tiny(sandbox)
    before = _sleepers()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(sandbox / "image")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    assert _eventually(lambda: len(_sleepers() - before) == 3)
    process.send_signal(number)
    process.wait(20)
    assert _eventually(lambda: not _sleepers() - before)
    if number == signal.SIGINT:
        assert list((sandbox / "cache" / "scratch").iterdir()) == []


def _sleepers() -> set[str]:
    found = set()
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and Path(f"/proc/{name}/cmdline").read_bytes() == b"sleep\x0086399\x00":
                found.add(name)
        except OSError:
            continue
    return found


def _eventually(condition: object) -> bool:
    for _ in range(400):
        if condition():  # type: ignore[operator] # a function
            return True
        time.sleep(0.05)
    return False


ORDINARY = """
import os, sys
from pathlib import Path
from jettison.run.exercise import exercise
from jettison.run.workload import *
from jettison.sources.open import open_image
image = open_image(sys.argv[1])
def run(user):
    script = "id; echo x > /etc/new && cat /etc/new; mkdir /closed 2>&1; : > /tmp/y"
    result = exercise(image, Workload("w", Ready("exit"), (), argv=("/bin/sh", "-c", script), user=user))
    assert not result.error, result.error
    print(result.output.decode(), end="")
run(""); run("app")
print(list((Path(os.environ["JETTISON_CACHE"]) / "scratch").iterdir()))
"""


def test_an_ordinary_user_needs_no_rights(sandbox: Path) -> None:
    """Root of the container, and the image's user by number, with one id mapped; scratch is gone afterwards."""
    with ordinary_folder() as folder:
        tiny(folder)
        out = run_as_ordinary(ORDINARY, str(folder / "image"), folder=folder).splitlines()
    assert out[0].startswith("uid=0(root) gid=0(root)")
    assert out[1] == "x"
    assert any(line.startswith("uid=1000(app) gid=1000(app)") for line in out)
    assert out[-1] == "[]"


@pytest.mark.parametrize(
    ("text", "number"), [("SIGINT", 2), ("quit", 3), ("9", 9), ("", 15), ("²", 15), ("9" * 5000, 15), ("KILL\0", 15)]
)
def test_stop_signals(text: str, number: int) -> None:
    """Names and numbers as engines take them; whatever else a config says, SIGTERM is sent."""
    assert _signal_number(text) == number


def test_needs_an_engine(shared: Rootfs) -> None:
    """A workload that asks for what only an engine has is refused by the sandbox, and told where it runs."""
    workload = Workload("gpu", Ready(), (), argv=("/bin/true",), engine=EngineSettings(gpus="all"))
    with pytest.raises(RefusedError, match="does not have") as caught:
        exercise_rootfs(shared, workload)
    assert "--engine docker" in caught.value.hint
