"""The container's world: its namespaces, and the mounts that make its root.

Everything here runs in the agent or in the container's init, never in Jettison's own process.
"""

import contextlib
import fcntl
import os
import socket
import struct

from jettison.run import syscalls
from jettison.run.pyhook import pth_text
from jettison.run.spec import TOOLS, Spec
from jettison.run.syscalls import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, mount

_OTHERS = (
    syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWCGROUP
)
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEV_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_FILES = ("hosts", "hostname", "resolv.conf")
_SHM = "1g"  # engines give 64 MiB, which is known to break data loaders; it is memory only once it is used
_TTY_GROUP = 5


def enter_user() -> None:
    """Make a user namespace; its maps are still to be written from outside."""
    syscalls.unshare(syscalls.CLONE_NEWUSER)


def enter_others(*, ranged: bool) -> None:
    """Make the other namespaces; children of this process are in the new pid namespace, and the first is its init.

    Args:
        ranged: become root of a range of ids first; else this process's one id has its number already.
    """
    if ranged:
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    syscalls.unshare(_OTHERS)
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    _raise_loopback()


def _raise_loopback() -> None:
    request = struct.pack("16sH14x", b"lo", _IFF_UP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, _SIOCSIFFLAGS, request)


def build_root(spec: Spec) -> None:
    """Mount the container's root and make it this mount namespace's; the machine's own tree is gone afterwards.

    The working directory is the folder that the spec's paths are relative to. Targets are looked up from the new
    root, so symlinks of a hostile rootfs lead nowhere else; ``/proc`` comes last, since its magic links could.
    """
    _mount_root(spec)
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    outside = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.chdir(f"{spec.run}/root")
        syscalls.pivot_root(".", ".")
        os.chdir("/")
        for name in _FILES:
            _bind_file(folder, f"{spec.run}/{name}", f"/etc/{name}")
        _mount_dev(spec, outside)
        if spec.tracer:
            _bind_tools(folder, spec)
        os.makedirs(spec.workdir, exist_ok=True)
        _mount_sys()
        _directory("/proc")
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        os.fchdir(outside)
        syscalls.unmount(".")
        os.chdir("/")
    finally:
        os.close(folder)
        os.close(outside)
    _set_limits()


def _mount_root(spec: Spec) -> None:
    target = f"{spec.run}/root"
    if spec.root == "copy":
        mount(spec.lower, target, "", MS_BIND | MS_REC)
        return
    over = spec.run
    if spec.root == "overlay-tmpfs":
        over = f"{spec.run}/memory"
        mount("tmpfs", over, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
        os.mkdir(f"{over}/upper")
        os.mkdir(f"{over}/work")
    # volatile: without it the kernel writes the whole disk's pending data when the run ends
    layers = f"lowerdir={spec.lower},upperdir={over}/upper,workdir={over}/work,userxattr"
    try:
        mount("overlay", target, "overlay", MS_NODEV, f"{layers},volatile")
    except OSError:
        mount("overlay", target, "overlay", MS_NODEV, layers)


def _mount_dev(spec: Spec, outside: int) -> None:
    _directory("/dev")
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k")
    for name in _DEVICES:
        _bind_file(outside, f"dev/{name}", f"/dev/{name}")
    for name, target in _DEV_LINKS.items():
        os.symlink(target, f"/dev/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"/dev/{name}")
    group = f",gid={_TTY_GROUP}" if spec.ranged else ""
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, f"newinstance,ptmxmode=0666,mode=0620{group}")
    mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, f"mode=1777,size={_SHM}")  # noqa: S108 -- the container's own
    with contextlib.suppress(OSError):  # a kernel without POSIX queues
        mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _bind_tools(folder: int, spec: Spec) -> None:
    os.mkdir(TOOLS)
    os.fchdir(folder)
    try:
        mount(f"{spec.run}/tools", TOOLS, "", MS_BIND)
    finally:
        os.chdir("/")
    for path in spec.hooks:
        with contextlib.suppress(OSError), open(path, "x", encoding="utf-8") as file:
            file.write(pth_text())
            os.fchmod(file.fileno(), 0o644)


def _mount_sys() -> None:
    _directory("/sys")
    with contextlib.suppress(OSError):  # a container's masked /sys may not be mounted afresh: then there is none
        mount("sysfs", "/sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _directory(path: str) -> None:
    """Make a mount point where the image has none (or a dangling symlink)."""
    os.makedirs(os.path.realpath(path), exist_ok=True)


def _bind_file(base: int, source: str, target: str) -> None:
    """Bind a file of the tree outside over one of the container's, which is made when it is not there.

    Args:
        base: descriptor of the directory outside that ``source`` is relative to.
        source: path outside.
        target: absolute path in the container.
    """
    real = os.path.realpath(target)
    if not os.path.exists(real):
        os.makedirs(os.path.dirname(real), exist_ok=True)
        os.close(os.open(real, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    os.fchdir(base)
    try:
        mount(source, real, "", MS_BIND)
    finally:
        os.chdir("/")


def _set_limits() -> None:
    """Let ordinary users of the container open low ports, as engines do, and nobody make more user namespaces."""
    for name in ("net/ipv4/ip_unprivileged_port_start", "user/max_user_namespaces"):
        with contextlib.suppress(OSError), open(f"/proc/sys/{name}", "wb") as file:
            file.write(b"0")
