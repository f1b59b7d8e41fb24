"""The project around a Dockerfile, gathered: what is cheap at once, the rest by functions that the caller may cache."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jettison.dockerfile.project.context import MAX_ENTRIES, Context, read_context, sent
from jettison.dockerfile.project.copied import Copied, copied
from jettison.dockerfile.project.ignore import IgnoreFile, read_ignore
from jettison.dockerfile.project.names import manifests
from jettison.finding import Skip

if TYPE_CHECKING:  # what reads manifests and code is loaded when it is asked for: half of the rules never do
    from jettison.dockerfile.project.dependencies import Dependencies
    from jettison.dockerfile.project.entry import Entry, Where
    from jettison.dockerfile.project.facts import Code

_FOREIGN = frozenset({"vcs", "venv", "cache"})


@dataclass(frozen=True, slots=True)
class Project:
    """What lies around a Dockerfile.

    Attributes:
        root: folder of the build context; "" when there is none.
        dockerfile: path of the Dockerfile, relative to the context where it lies in it.
        context: what is sent to the builder; empty when there is no context.
        manifests: path and kind of the files that say what the project depends on, those nearest to the top first;
            ignored ones too, for they may still tell what is meant.
        skips: why something is missing.
    """

    root: str
    dockerfile: str
    context: Context
    manifests: tuple[tuple[str, str], ...] = ()
    skips: tuple[Skip, ...] = ()


def read_project(root: str | None, dockerfile: str = "Dockerfile", *, limit: int = MAX_ENTRIES) -> Project:
    """Return the project around a Dockerfile: its context is walked, and no file but the ignore file is read.

    Args:
        root: folder of the build context; None when it is unknown (a Dockerfile from standard input).
        dockerfile: path of the Dockerfile, absolute or relative to the context.
        limit: entries of the context that are looked at.
    """
    if root is None or not os.path.isdir(root):
        reason = "no build context was given" if root is None else "the build context is not there"
        return Project("", dockerfile, Context("", {}, IgnoreFile()), (), (Skip(root or "context", reason),))
    ignore = read_ignore(root, dockerfile)
    context = read_context(root, ignore, limit=limit)
    found = manifests(entry.path for entry in context.entries.values() if entry.type in {"file", "symlink"})
    shown = os.path.relpath(os.path.join(root, dockerfile), root) if os.path.isabs(dockerfile) else dockerfile
    return Project(root, shown, context, found, (*ignore.skips, *context.skips))


def dependencies_of(project: Project, path: str, kind: str = "") -> "Dependencies":
    """Return what one of the project's files asks for or fixes."""
    from jettison.dockerfile.project.manifests import read_dependencies  # noqa: PLC0415 -- see above

    return read_dependencies(project.root, path, kind)


def copied_by(
    project: Project, sources: Sequence[str], *, exclude: Sequence[str] = (), parents: bool = False
) -> Copied:
    """Return what a COPY takes from the project's context."""
    return copied(project.context, sources, exclude=exclude, parents=parents)


def code_of(project: Project, paths: Iterable[str] | None = None) -> "Code":
    """Return what the project's code does.

    Args:
        project: what was read.
        paths: files that are looked into, those of other kinds passed over; by default all that is sent, but for
            environments and other folders whose code is not the project's.
    """
    from jettison.dockerfile.project.code import read_code  # noqa: PLC0415 -- see above

    return read_code(project.root, paths if paths is not None else _own(project.context))


def _own(context: Context) -> Iterator[str]:
    """Give the files that are sent and do not lie in a folder of somebody else's code."""
    foreign = tuple(
        f"{entry.path}/" for entry in context.entries.values() if entry.type == "folder" and entry.flag in _FOREIGN
    )
    return (entry.path for entry in sent(context) if not entry.path.startswith(foreign))


def entry_of(
    project: Project,
    command: Sequence[str] | str,
    *,
    where: "Where | None" = None,
    env: Mapping[str, str] | None = None,
    scripts: Mapping[str, str] | None = None,
) -> "Entry":
    """Return what ENTRYPOINT and CMD run, as files of the project's context; the arguments are ``read_entry``'s."""
    from jettison.dockerfile.project.entry import read_entry  # noqa: PLC0415 -- see above

    paths = {entry.path for entry in sent(project.context)}
    return read_entry(project.root, paths, command, where=where, env=env, scripts=scripts)
