"""A ladder's folders: the project, which is not changed, and the one for images and figures."""

import os
from pathlib import Path

from jettison.errors import UsageError
from jettison.oci.digest import sha256

MARK = ".jettison-ladder"
"""File by which a work folder is known as one."""


def check_inside(project: Path, name: str) -> None:
    """Refuse a file that is none of the project's own: a copy of the project would not have a copy of it."""
    path = project / name
    if not path.is_file():
        raise UsageError(f"{project} has no {name}", hint="name the project's folder, and its file with -f")
    if path.is_symlink() or not path.resolve().is_relative_to(project.resolve()):
        raise UsageError(f"{path} is a link, or lies outside of the project", hint="make it a file of the project")


def check_work(work: Path, project: Path) -> None:
    """Refuse a work folder in the project, or with files of anybody but an earlier run."""
    if work.resolve().is_relative_to(project.resolve()):
        hint = "choose a folder beside it with --work"
        raise UsageError(f"{work} lies in the project, and would be part of each build", hint=hint)
    if work.exists() and not (work / MARK).exists() and (not work.is_dir() or any(work.iterdir())):
        raise UsageError(f"{work} is there, and not a ladder's", hint="choose another folder with --work")


def listing(folder: Path) -> str:
    """Return what a folder is, by name, size and time of every file, links not followed."""
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            status = os.lstat(path)
            found.append((os.path.relpath(path, folder), status.st_size, status.st_mtime_ns))
    return sha256(repr(found).encode())
