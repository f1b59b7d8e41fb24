"""The user an image runs as: names and numbers resolved in the image's own ``/etc/passwd`` and ``/etc/group``.

The rules are those of the engines (moby's ``user`` package, ``GetExecUser``): ``user[:group]``, each a name or a
number; a number needs no entry; a group that is named takes the place of all the user's groups.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from jettison.errors import BadInputError, UsageError
from jettison.oci.image import Process
from jettison.run.scoped import read_file
from jettison.run.workload import Workload

_LIMIT = 4_000_000
_MOST_GROUPS = 1_000
_LAST_ID = (1 << 31) - 1
_ID_DIGITS = 10


@dataclass(frozen=True, slots=True)
class User:
    """A user as the kernel and programs want it.

    Attributes:
        uid: number.
        gid: of the primary group.
        groups: supplementary groups, by number.
        home: home directory.
    """

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def user_of(rootfs: Path, process: Process, workload: Workload) -> User:
    """Return the user that a workload runs as; that the image lacks it is the fault of whoever names it.

    Args:
        rootfs: the unpacked image.
        process: what the image's config says.
        workload: its user, if it names one, takes the place of the image's.

    Raises:
        BadInputError: the image names a user that it does not have.
        UsageError: the workload does.
    """
    if not workload.user:
        return find_user(rootfs, process.user)
    try:
        return find_user(rootfs, workload.user)
    except BadInputError as error:
        raise UsageError(
            f"workload {workload.name}: [start] user {workload.user[:80]!r}: the image has no such user or group",
            hint="name those of its /etc/passwd and /etc/group, or give numbers",
        ) from error


def find_user(rootfs: Path, text: str) -> User:
    """Resolve ``user[:group]`` in a rootfs.

    Args:
        rootfs: the unpacked image.
        text: from the image's config or the workload; empty means root.

    Raises:
        BadInputError: a name that the image does not have, or a number out of range.
    """
    root = os.open(rootfs, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        passwd = _rows(read_file(root, "etc/passwd", _LIMIT), 7)
        group = _rows(read_file(root, "etc/group", _LIMIT), 4)
    finally:
        os.close(root)
    name, _, group_name = text.partition(":")
    user, login = _user(passwd, name or "0")
    if group_name:
        return User(user.uid, _group(group, group_name), (), user.home)
    held = [int(row[2]) for row in group if login and login in row[3].split(",")]
    return User(user.uid, user.gid, tuple(dict.fromkeys(held))[:_MOST_GROUPS], user.home)


def _user(passwd: list[list[str]], name: str) -> tuple[User, str]:
    """Return the user and the name of its entry, which is empty when it has none."""
    for row in passwd:
        if name in {row[0], row[2]}:
            return User(int(row[2]), int(row[3]) if _is_id(row[3]) else 0, (), row[5] or "/"), row[0]
    if not _is_id(name):
        raise BadInputError(f"the image runs as user {name[:80]!r}, which its /etc/passwd does not have")
    return User(int(name)), ""


def _group(group: list[list[str]], name: str) -> int:
    for row in group:
        if name in {row[0], row[2]}:
            return int(row[2])
    if not _is_id(name):
        raise BadInputError(f"the image runs as group {name[:80]!r}, which its /etc/group does not have")
    return int(name)


def _rows(data: bytes, columns: int) -> list[list[str]]:
    """Return the well-formed lines of a colon-separated file whose third column is an id."""
    rows = (line.split(":") for line in data.decode(errors="surrogateescape").split("\n"))
    return [row for row in rows if len(row) >= columns and _is_id(row[2])]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS and int(text) <= _LAST_ID
