"""Start a program in the container as an engine would: its user, capabilities, limits, environment and directory."""

import errno
import json
import os
import resource
import signal
import struct
from collections.abc import Mapping
from typing import NoReturn

from jettison.run import syscalls
from jettison.run.spec import RECORDS, TOOLS, Spec

# Docker's default set (moby, oci/caps/defaults.go), by number (include/uapi/linux/capability.h): CHOWN DAC_OVERRIDE
# FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP
CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31})
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOT_FOUND = 127
NOT_EXECUTABLE = 126
_OPEN_FILES = 65_536
_PROCESSES = 16_384
_HEAD = 256
_PT_INTERP = 3
_LONGEST_NAME = 4_096


class StartError(Exception):
    """A program could not be started.

    Args:
        code: the exit code that engines give: 127 not found, 126 not executable.
        message: why.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def start(spec: Spec, argv: tuple[str, ...], stdin: int, stdout: int, stderr: int) -> int:
    """Start a program of the container; the caller is in its namespaces, with its root.

    This is the one place where commands are started: what should run around a command goes in front of ``argv`` here.

    Args:
        spec: the container.
        argv: the program, looked up in the PATH of the container's environment.
        stdin: descriptor.
        stdout: likewise.
        stderr: likewise.

    Returns:
        The process's id; it leads a session of its own.

    Raises:
        StartError: it cannot be executed.
    """
    told, tell = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _child(spec, argv, (stdin, stdout, stderr), tell)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        failure = pipe.read()
    if failure:
        os.waitpid(pid, 0)
        raise StartError(**json.loads(failure))
    return pid


def _child(spec: Spec, argv: tuple[str, ...], streams: tuple[int, int, int], tell: int) -> NoReturn:
    code, message = NOT_EXECUTABLE, ""
    try:
        os.setsid()
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        os.chdir(spec.workdir)
        _limit(spec)
        _become(spec)
        for each in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores both, and an ignored signal outlives execve
            signal.signal(each, signal.SIG_DFL)
        env = dict(pair.split("=", 1) for pair in spec.env)
        try:
            if spec.tracer:
                argv, env = _traced(spec.tracer, argv, env)
            os.execvpe(argv[0], argv, env)  # noqa: S606 -- the container's own command, and no shell
        except OSError as error:
            code, message = _explain(argv[0], env, error)
    except BaseException as error:  # noqa: BLE001 -- nothing may return into the parent's code
        message = f"{type(error).__name__}: {error}"
    os.write(tell, json.dumps({"code": code, "message": message}).encode())
    os._exit(code)


def _traced(
    tracer: tuple[str, ...], argv: tuple[str, ...], env: dict[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return command line and environment under strace, which is not to load what is meant for the command.

    Raises:
        OSError: there is no such command; strace would end as if the command had.
    """
    _check_executable(argv[0], env)
    record = ("-o", f"{TOOLS}/{RECORDS}/{os.getpid()}")
    loading = {name: value for name, value in env.items() if name.startswith("LD_")}
    back = (word for name, value in loading.items() for word in ("-E", f"{name}={value}"))
    rest = {name: value for name, value in env.items() if name not in loading}
    return (*tracer, *record, *back, "--", *argv), rest


def _check_executable(name: str, env: Mapping[str, str]) -> None:
    """Raise what executing a command raises (execve(2), execvp(3)), of what can be told without doing it."""
    folders = [""] if "/" in name else env.get("PATH", DEFAULT_PATH).split(":")
    wrong = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) if folders else None
    denied: OSError | None = None
    for folder in folders:
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            continue
        if not os.path.isfile(path) or not os.access(path, os.X_OK):
            denied = denied or PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            continue
        loader = _loader(path)
        if loader is None:
            raise OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC))
        if loader and not os.path.exists(loader):
            continue  # ENOENT, as if it were not there itself
        return
    if failure := denied or wrong:
        raise failure


def _loader(path: str) -> str | None:
    """Return what loads a program: its interpreter, its dynamic linker; empty for none; None for what is no program."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
        if head.startswith(b"#!"):
            return os.fsdecode(head[2:].split(b"\n")[0].strip().split(b" ")[0])
        if not head.startswith(b"\x7fELF"):
            return None
        if head[4:6] != b"\x02\x01":
            return ""  # of another width or order of bytes: the kernel knows
        offset, size, count = *struct.unpack_from("<Q", head, 32), *struct.unpack_from("<HH", head, 54)
        for number in range(count):
            file.seek(offset + number * size)
            kind, _, start, _, _, length = struct.unpack("<IIQQQQ", file.read(40).ljust(40, b"\0"))
            if kind == _PT_INTERP and length <= _LONGEST_NAME:
                file.seek(start)
                return os.fsdecode(file.read(length).rstrip(b"\0"))
    return ""


def _limit(spec: Spec) -> None:
    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: _OPEN_FILES, resource.RLIMIT_NPROC: _PROCESSES}
    if spec.memory:
        wanted[resource.RLIMIT_AS] = spec.memory
    for which, value in wanted.items():
        hard = resource.getrlimit(which)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (most, most))


def _become(spec: Spec) -> None:
    if spec.ranged:
        os.setgroups(spec.groups)
        os.setresgid(spec.gid, spec.gid, spec.gid)
        os.setresuid(spec.uid, spec.uid, spec.uid)
    syscalls.no_new_privileges()
    syscalls.set_capabilities(CAPABILITIES if spec.uid == 0 else frozenset())


def _explain(name: str, env: Mapping[str, str], error: OSError) -> tuple[int, str]:
    """Return exit code and message for a program that could not be executed, as engines word it."""
    if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
        return NOT_EXECUTABLE, f'exec: "{name}": {(error.strerror or "").lower()}'
    folders = [""] if "/" in name else env.get("PATH", DEFAULT_PATH).split(":")
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return NOT_FOUND, f'exec: "{path}" is there, and {_interpreter(path)}'
        if os.path.lexists(path):
            return NOT_FOUND, f'exec: "{path}" is a symlink to "{os.readlink(path)}", which is not there'
    where = "no such file or directory" if "/" in name else "executable file not found in $PATH"
    return NOT_FOUND, f'exec: "{name}": {where}'


def _interpreter(path: str) -> str:
    """Say what a program that exists lacks."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError:
        head = b""
    if head.startswith(b"#!"):
        line = head[2:].split(b"\n")[0].strip()
        return f'its interpreter "{os.fsdecode(line.split(b" ")[0])}" is not'
    return "the dynamic linker that it names is not"
