"""Commands of a container run under strace: its program is laid into the container, and goes in front of each.

With ``-DDD`` the command stays the child of who started it, and strace is a process beside it; with ``--seccomp-bpf``
system calls that are not recorded cost nothing, which needs strace to start the command: attaching later does not do.
"""

import contextlib
import os
import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jettison.errors import MachineError, RefusedError
from jettison.run.spec import RECORDS, TOOLS

MOST = 8 << 30
"""Bytes that the records of a run may have; it is ended when they have more."""
CALLS = (
    "%file,?getdents,getdents64,fchdir,clone,?clone3,?fork,?vfork,"
    "io_uring_setup,open_by_handle_at,fchmod,fchown,fsetxattr,ftruncate"
)
# What io_uring opens no tracer sees, so it is as absent as in an engine (moby's seccomp profile refuses it).
_NO_URING = "inject=io_uring_setup:error=ENOSYS"
_SHOWN = "openat2,clone,clone3,execve,execveat"  # structures of others are not read
_OPTIONS = (
    "-DDD",
    "-f",
    "--seccomp-bpf",
    "-y",
    "-ttt",
    "-q",
    "-e",
    f"verbose={_SHOWN}",
    "-e",
    _NO_URING,
)
_LIBRARY = re.compile(r"(?:=>\s+)?(/\S+)\s+\(0x")
_LOADER = re.compile(r"ld(?:64|-linux|-musl|\.so)[^/]*\Z")
_PAUSE = 0.5  # seconds between looks at the size of what was written
_COPY = 1 << 20
_RESERVE = 256 << 20  # bytes of room that records leave
_MOST_FILES = 10_000
_PREPARED = (5, 4)  # the first with -DDD; --seccomp-bpf came before


@dataclass(frozen=True, slots=True)
class Tracing:
    """How a run is traced.

    Attributes:
        strace: the program.
        records: folder that what it wrote is brought to, one file a command.
        most: bytes that it may write.
        maps: whether the parts of files that are mapped are recorded.
        sites: site folders of the image's Pythons, whose imports are recorded; real paths.
    """

    strace: "Strace"
    records: Path
    most: int = MOST
    maps: bool = False
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strace:
    """The machine's strace.

    Attributes:
        program: its path.
        version: as it says, ``6.1``.
        files: the program, what loads it and its libraries: paths of the machine.
    """

    program: Path
    version: str
    files: tuple[Path, ...]


def find_strace() -> Strace:
    """Return the machine's strace.

    Raises:
        MachineError: it is not here, or too old (before 5.4), or does not say what it needs.
    """
    found = shutil.which("strace")
    hint = "install it (Debian, Ubuntu: apt-get install strace)"
    if found is None:
        raise MachineError("a trace needs strace, which is not here", hint=hint)
    program = Path(found).resolve()
    match = re.search(r"version (\d+)\.(\d+)", _ask(str(program), "--version"))
    if match is None or (int(match[1]), int(match[2])) < _PREPARED:
        raise MachineError(f"{program} is too old for a trace: it needs -DDD, of strace 5.4", hint=hint)
    libraries = tuple(Path(path) for path in _LIBRARY.findall(_ask("ldd", str(program))))
    return Strace(program, f"{match[1]}.{match[2]}", (program, *libraries))


def _ask(*command: str) -> str:
    """Return what a program prints, its complaints as well: ldd says by them that a program is linked statically."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)  # noqa: S603 -- the machine's strace, ldd
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"{command[0]} cannot be run: {error}") from error
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def lay_out(strace: Strace, folder: Path) -> None:
    """Make a folder that becomes :data:`TOOLS`: strace with what it needs; whoever runs commands may write records.

    Raises:
        MachineError: a file cannot be read.
    """
    records = folder / RECORDS
    records.mkdir(parents=True)
    folder.chmod(0o755)
    records.chmod(0o1777)
    for path in strace.files:
        name = "strace" if path == strace.program else "loader" if _LOADER.match(path.name) else path.name
        try:
            shutil.copyfile(path, folder / name)
        except OSError as error:
            raise MachineError(f"strace cannot be laid into the container: {path}: {error.strerror}") from error
        (folder / name).chmod(0o755)


def tracer_of(tracing: Tracing) -> tuple[str, ...]:
    """Return the words that go before a command in a container which has :data:`TOOLS`, but for record and command."""
    static = len(tracing.strace.files) == 1
    load = () if static else (f"{TOOLS}/loader", "--library-path", TOOLS)
    return (*load, f"{TOOLS}/strace", *_OPTIONS, "-e", f"trace={CALLS}{',mmap' if tracing.maps else ''}")


@contextmanager
def recorded(tracing: Tracing, tools: Path, stop: Callable[[], None]) -> Iterator[None]:
    """Watch what strace writes while a container runs, and bring it out once it is gone.

    What is in the folder then may have been made by the container: only regular files are taken, through a descriptor
    that was opened before.

    Args:
        tracing: where to.
        tools: the folder of :func:`lay_out`, with the folder for records.
        stop: ends the container, when too much was written.

    Raises:
        RefusedError: too much was written.
    """
    folder = os.open(tools / RECORDS, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    over, ended = threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.wait(_PAUSE):
            if _size(folder) > tracing.most or _full(folder):
                over.set()
                stop()
                return

    thread = threading.Thread(target=watch, name="size of the trace", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        try:
            if over.is_set():
                raise _too_much(tracing)
            _bring(folder, tracing)
        finally:
            os.close(folder)


def _size(folder: int) -> int:
    total = 0
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):
            total += os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
    return total


def _full(folder: int) -> bool:
    """Whether there is hardly any room left where records are: strace goes on without, and leaves lines out."""
    room = os.fstatvfs(folder)
    return room.f_bavail * room.f_frsize < min(_RESERVE, room.f_blocks * room.f_frsize // 10)


def _too_much(tracing: Tracing) -> RefusedError:
    return RefusedError(
        f"the trace has more than {tracing.most >> 20} MB, or there is no room for it: the workload does too much",
        hint="give it less to do: each kind of request once is enough",
    )


def _bring(folder: int, tracing: Tracing) -> None:
    """Copy what strace wrote; a container may have put anything there, of any size."""
    left, names = tracing.most, sorted(os.listdir(folder))
    for name in names[:_MOST_FILES]:
        if not name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                if stat.S_ISREG(os.fstat(fd).st_mode):
                    left -= _copy(fd, tracing.records / name, left)
            finally:
                os.close(fd)
        if left < 0:
            raise _too_much(tracing)


def _copy(fd: int, target: Path, most: int) -> int:
    """Copy a file; return its bytes, or more than ``most`` where it has more."""
    size = 0
    with open(target, "wb") as file:
        while size <= most and (piece := os.read(fd, _COPY)):
            file.write(piece)
            size += len(piece)
    return size
