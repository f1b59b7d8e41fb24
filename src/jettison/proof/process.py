"""What the image starts must still be there: entrypoint, command, health check, working directory, user."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from jettison.files.record import FileTable
from jettison.files.resolve import resolve
from jettison.oci.image import Image, Process
from jettison.proof.checks import told
from jettison.proof.record import Check

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # what engines set where an image does not
_SHELL = "/bin/sh"
_CHANGING = ("rootfs", "history")


def check_process(old: FileTable, new: FileTable) -> Check:
    """Check that everything the config names, and that was there, still is.

    Args:
        old: of the original.
        new: of the new image.
    """
    process = old.image.config.process
    named = list(_named(process))
    problems = [
        f"{what} {name!r} is gone" for what, name in named if _found(old, what, name) and not _found(new, what, name)
    ]
    return told("process", f"{len(named)} things that the config names are there as before", problems)


def _named(process: Process) -> Iterator[tuple[str, str]]:
    """Give what a config names, as pairs of role and name."""
    if process.entrypoint:
        yield "entrypoint", process.entrypoint[0]
    if process.cmd and not process.entrypoint:
        yield "command", process.cmd[0]
    match process.healthcheck:
        case ("CMD", program, *_):
            yield "health check", program
        case ("CMD-SHELL", *_):
            yield "health check", _SHELL
    if process.workdir:
        yield "working directory", process.workdir
    user, _, group = process.user.partition(":")
    if user:
        yield "user", user
    if group:
        yield "group", group


def _found(table: FileTable, what: str, name: str) -> bool:
    if what in ("user", "group"):
        return name.isdigit() or _listed(table, "etc/passwd" if what == "user" else "etc/group", name)
    if what == "working directory":
        return resolve(table, name) is not None
    return _program(table, name)


def _listed(table: FileTable, database: str, name: str) -> bool:
    lines = table.texts.get(database, b"").splitlines()
    return any(line.partition(b":")[0] == name.encode("utf-8", "surrogateescape") for line in lines)


def _program(table: FileTable, name: str) -> bool:
    process = table.image.config.process
    if name.startswith("/"):
        candidates = [name]
    elif "/" in name:
        candidates = [f"{process.workdir}/{name}"]
    else:
        env = dict(item.split("=", 1) for item in process.env if "=" in item)
        candidates = [f"{folder}/{name}" for folder in env.get("PATH", _PATH).split(":") if folder]
    return any(_executable(table, path) for path in candidates)


def _executable(table: FileTable, path: str) -> bool:
    real = resolve(table, path)
    return real is not None and table.visible[real].entry.type != "dir" and bool(table.visible[real].entry.mode & 0o111)


def check_config(old: Image, new: Image, *, cut: bool = False) -> Check:
    """Check that the config is the same but for its ``rootfs`` and ``history``.

    Args:
        old: the original.
        new: the new image.
        cut: whether layers were cut anew: an instruction then stands in the history once a piece.
    """
    before, after = old.config.document, new.config.document
    keys = sorted({*before, *after} - set(_CHANGING))
    problems = [f"config: {key} differs" for key in keys if not _same(before.get(key), after.get(key))]
    created = [[entry.created_by for entry in image.config.history] for image in (old, new)]
    if cut:
        created = [[text for text, _ in itertools.groupby(texts)] for texts in created]
    if created[0] != created[1]:
        problems.append("config: the history names other instructions")
    return told("config", f"{len(keys)} fields are the same", problems)


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; to Python 1, 1.0 and true would be."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
