"""What ``--keep`` and ``--drop`` name: path globs, owners, kinds."""

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence

from jettison.errors import UsageError
from jettison.files.record import File, FileTable
from jettison.finding import Skip


def select(table: FileTable, patterns: Sequence[str], option: str) -> tuple[Mapping[str, str], tuple[Skip, ...]]:
    """Find the visible paths that patterns name.

    Args:
        table: of the image.
        patterns: a path glob (``/opt/app/**``; a directory stands for all below it), ``owner:deb/libfoo`` or
            ``owner:python/numpy*``, ``kind:header``.
        option: ``--keep`` or ``--drop``, for messages.

    Returns:
        Visible paths with the pattern that names each (the first that does); patterns that name nothing, as skips.

    Raises:
        UsageError: a pattern is empty.
    """
    found: dict[str, str] = {}
    skips: list[Skip] = []
    for pattern in patterns:
        wanted = matcher(pattern)
        paths = [path for path, file in table.visible.items() if wanted(file)]
        for path in paths:
            found.setdefault(path, pattern)
        if not paths:
            skips.append(Skip(f"{option} {pattern}", "it names nothing in this image"))
    return found, tuple(skips)


def matcher(pattern: str) -> Callable[[File], bool]:
    """Return what tells whether a pattern names a file.

    Raises:
        UsageError: the pattern is empty.
    """
    scheme, colon, rest = pattern.partition(":")
    if not pattern or (colon and not rest):
        raise UsageError(f"{pattern!r} names nothing", hint="use a path glob, owner:deb/NAME or kind:NAME")
    if scheme == "owner" and colon:
        return lambda file: bool(file.owner) and fnmatch.fnmatchcase(file.owner, re.sub(r"^(\w+)/", r"\1:", rest))
    if scheme == "kind" and colon:
        return lambda file: fnmatch.fnmatchcase(file.kind, rest)
    glob = fnmatch.translate(pattern.strip("/").replace("**", "*")).removesuffix(r"\Z").removesuffix(r"\z")
    path = re.compile(rf"(?:{glob})(?:/.*)?\Z", re.DOTALL)
    return lambda file: path.match(file.path) is not None
