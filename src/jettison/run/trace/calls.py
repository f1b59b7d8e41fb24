"""What each system call does to which path: a table, and how its arguments are taken apart."""

import re
from dataclasses import dataclass
from typing import Literal

from jettison.run.trace.record import How
from jettison.run.trace.strace import Call, number_of, unescape

Form = Literal["at", "path", "fd"]
_AT = re.compile(r'(AT_FDCWD|-?\d+)(?:<([^>]*)>)?(?:\([^)]*\))?, (?:"((?:[^"\\]|\\.)*)"|NULL)(.*)', re.DOTALL)
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"(.*)', re.DOTALL)
_FD = re.compile(r"(-?\d+)(?:<([^>]*)>)?(.*)", re.DOTALL)
_MAP = re.compile(r"\S+, (\d{1,20}), [A-Z_|0-9x]+, [^,]+, \d+<([^>]*)>(?:\([^)]*\))?, (0x[0-9a-f]{1,16}|\d{1,20})")
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\.\.\.)?')
_MOST_WORDS = 32
_WORD = 200
_SHOWN = 8_192  # letters of a command line that are looked at


@dataclass(frozen=True, slots=True)
class Shape:
    """How a call's arguments are laid out, and what it does.

    Attributes:
        forms: of each path in turn: ``at`` (a descriptor of a directory, then a path), ``path``, ``fd`` (a
            descriptor that stands for the path itself).
        how: what is done to each path.
        follow: whether a symlink in the last place is followed; None where flags say so.
    """

    forms: tuple[Form, ...]
    how: tuple[How, ...]
    follow: bool | None = True


def _one(form: Form, how: How, *names: str, follow: bool | None = True) -> dict[str, Shape]:
    return {name: Shape((form,), (how,), follow) for name in names}


CALLS: dict[str, Shape] = {
    **_one("at", "open", "openat", "openat2", follow=None),
    **_one("path", "open", "open", follow=None),
    **_one("path", "create", "creat"),
    **_one("at", "stat", "newfstatat", "fstatat64", "statx", follow=None),
    **_one("path", "stat", "stat", "stat64", "statfs", "statfs64", "getxattr", "listxattr"),
    **_one("path", "stat", "lstat", "lstat64", "lgetxattr", "llistxattr", follow=False),
    **_one("at", "stat", "name_to_handle_at", follow=False),
    **_one("path", "access", "access"),
    **_one("at", "access", "faccessat", "faccessat2", follow=None),
    **_one("path", "readlink", "readlink", follow=False),
    **_one("at", "readlink", "readlinkat", follow=False),
    **_one("at", "stat", "inotify_add_watch", follow=None),
    **_one("path", "exec", "execve", "uselib"),
    **_one("at", "exec", "execveat", follow=None),
    **_one("path", "stat", "chdir", "chroot", "umount2", "swapon", "acct"),
    **_one("path", "delete", "unlink", "rmdir", follow=False),
    **_one("at", "delete", "unlinkat", follow=False),
    **_one("path", "create", "mkdir", "mknod", follow=False),
    **_one("at", "create", "mkdirat", "mknodat", follow=False),
    **_one("path", "write", "chmod", "chown", "truncate", "truncate64", "utime", "utimes", "setxattr", "removexattr"),
    **_one("path", "write", "lchown", "lsetxattr", "lremovexattr", follow=False),
    **_one("at", "write", "fchmodat", "fchmodat2", "fchownat", "utimensat", "futimesat", follow=None),
    **_one("fd", "write", "fchmod", "fchown", "fsetxattr", "ftruncate"),
    **_one("fd", "list", "getdents", "getdents64"),
    **_one("fd", "stat", "fchdir"),
    "rename": Shape(("path", "path"), ("rename", "create"), follow=False),
    "renameat": Shape(("at", "at"), ("rename", "create"), follow=False),
    "renameat2": Shape(("at", "at"), ("rename", "create"), follow=False),
    "link": Shape(("path", "path"), ("open", "create"), follow=False),
    "linkat": Shape(("at", "at"), ("open", "create"), follow=False),
    "symlink": Shape(("path", "path"), ("readlink", "create"), follow=False),
    "symlinkat": Shape(("path", "at"), ("readlink", "create"), follow=False),
    "mount": Shape(("path", "path"), ("open", "stat")),
    "pivot_root": Shape(("path", "path"), ("stat", "stat")),
}
TARGET_ONLY = frozenset({"symlink", "symlinkat"})
"""Their first text is what the link says, and is not looked up."""
LINKING = TARGET_ONLY | {"unlink", "unlinkat", "rename", "renameat", "renameat2"}
"""What makes, moves and takes away symlinks."""
MAKING = frozenset({"clone", "clone3", "fork", "vfork"})


@dataclass(frozen=True, slots=True)
class Named:
    """A path in a call.

    Attributes:
        text: as the program wrote it; empty where a descriptor stands for it.
        base: directory that it is relative to, as strace knows it; empty for the working directory that is not known.
        known: whether ``base`` could be had; False for a descriptor that strace did not resolve.
        flags: the arguments behind it.
    """

    text: str
    base: str
    known: bool
    flags: str


def named(call: Call, shape: Shape) -> list[Named] | None:
    """Take the paths out of a call's arguments; None when they cannot be (strace could not read the memory)."""
    rest, found = call.arguments, []
    for form in shape.forms:
        match = {"at": _AT, "path": _PATH, "fd": _FD}[form].match(rest.lstrip(", "))
        if match is None:
            return None
        rest = match[match.lastindex or 0]
        if form == "path":
            found.append(Named(unescape(match[1]), "", True, rest))
        elif form == "fd":
            found.append(Named("", unescape(match[2] or ""), match[2] is not None, rest))
        else:
            known = match[2] is not None or match[1] == "AT_FDCWD"
            found.append(Named(unescape(match[3] or ""), unescape(match[2] or ""), known, rest))
    return found


def follows(shape: Shape, flags: str) -> bool:
    """Whether the last part of a path is followed when it is a symlink."""
    if shape.follow is not None:
        return shape.follow
    return "NOFOLLOW" not in flags


def opened_how(flags: str) -> How:
    """Return what an open is for, by its flags."""
    if "O_PATH" in flags:
        return "stat"
    if "O_CREAT" in flags or "O_TRUNC" in flags:
        return "create" if "O_TRUNC" in flags or "O_EXCL" in flags else "write"
    return "write" if "O_WRONLY" in flags or "O_RDWR" in flags else "open"


def mapped(call: Call) -> tuple[str, int, int] | None:
    """Return path, offset and bytes of what an ``mmap`` maps; None where that is no file."""
    match = _MAP.match(call.arguments)
    return (unescape(match[2]), number_of(match[3]), int(match[1])) if match else None


def command_line(call: Call) -> tuple[str, ...]:
    """Return the words of an ``execve`` or ``execveat``."""
    start = call.arguments.find("[")
    words = _WORDS.findall(call.arguments[:_SHOWN], start) if start >= 0 else []
    return tuple(unescape(word)[:_WORD] for word in words[:_MOST_WORDS])
