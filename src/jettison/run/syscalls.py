"""The few system calls that Python's standard library lacks, through the C library.

Each raises :class:`OSError` with the call's errno, as functions of :mod:`os` do. Numbers are from the kernel's
``include/uapi/linux`` headers (``sched.h``, ``mount.h``, ``prctl.h``, ``capability.h``) and the same on every
architecture, except that of ``pivot_root``, which glibc and musl do not wrap.
"""

import ctypes
import os
import platform
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAPABILITY_VERSION_3 = 0x20080522
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "loongarch64": 41, "ppc64le": 203, "s390x": 217}

_OPENAT2 = 437  # the same everywhere
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


def _check(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def unshare(flags: int) -> None:
    """Move this process into new namespaces (``unshare(2)``)."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount ``source`` of file system ``kind`` at ``target`` (``mount(2)``)."""
    arguments = (os.fsencode(source), os.fsencode(target), kind.encode(), flags, os.fsencode(options))
    _check(_libc.mount(*arguments), f"mount {target}")


def unmount(target: str) -> None:
    """Take a mount away from the tree, now, even when something in it is open (``umount2(2)``)."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make ``new`` the root of the mount namespace and put the old root at ``old`` (``pivot_root(2)``)."""
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(38, f"the number of pivot_root on {platform.machine()} is not known", "pivot_root")
    _check(_libc.syscall(ctypes.c_long(number), os.fsencode(new), os.fsencode(old)), "pivot_root")


def open_beneath(directory: int, path: str, flags: int) -> int:
    """Open a path below a directory, refusing every symlink on it (``openat2(2)``, Linux 5.6).

    Args:
        directory: descriptor.
        path: relative to it.
        flags: as of :func:`os.open`.

    Raises:
        OSError: ELOOP for a symlink, EXDEV for a way out; ENOSYS or EPERM where the call is not to be had.
    """
    how = struct.pack("QQQ", flags, 0, _RESOLVE_NO_SYMLINKS | _RESOLVE_BENEATH)
    number, size = ctypes.c_long(_OPENAT2), ctypes.c_size_t(len(how))
    fd = int(_libc.syscall(number, ctypes.c_int(directory), os.fsencode(path), how, size))
    _check(fd, path)
    return fd


def die_with_parent(signal: int) -> None:
    """Have the kernel send ``signal`` to this process when the thread that started it ends. Cleared by setuid."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")


def hide_from_peers() -> None:
    """Make this process non-dumpable: its ``/proc/PID/exe``, ``root`` and ``mem`` are closed to its own user."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def no_new_privileges() -> None:
    """Make set-id bits and file capabilities have no effect on this process and all it starts."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def limit_capabilities(keep: frozenset[int]) -> None:
    """Drop every capability but ``keep`` from the bounding set, and all ambient ones. Needs CAP_SETPCAP."""
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)  # absent before Linux 4.3: nothing to clear
    for number in range(64):
        if number not in keep and _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            break  # EINVAL: the kernel knows no more


def set_capabilities(keep: frozenset[int]) -> None:
    """Set the permitted and effective capabilities to ``keep``, and the inheritable ones to none."""
    mask = sum(1 << number for number in keep)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    data = struct.pack("6I", low, low, 0, high, high, 0)
    _check(_libc.capset(header, data), "capset")
