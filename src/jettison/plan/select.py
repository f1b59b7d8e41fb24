"""What ``--keep`` and ``--drop`` name: path globs, owners, kinds."""

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from jettison.errors import UsageError
from jettison.files.kinds.table import KINDS
from jettison.files.record import File, FileTable, OwnerType
from jettison.files.resolve import real_path
from jettison.finding import Skip

_TYPES = tuple(name for name in get_args(OwnerType) if name != "none")
_MAGIC = re.compile(r"[*?\[]")


def select(table: FileTable, patterns: Sequence[str], option: str) -> tuple[Mapping[str, str], tuple[Skip, ...]]:
    """Find the visible paths that patterns name.

    Args:
        table: of the image.
        patterns: a path glob (``/opt/app/**``; a directory stands for all below it, and symlinks that lead to what
            the glob names are followed), ``owner:deb/libfoo`` or ``owner:python/numpy*``, ``kind:headers`` or
            ``kind:*tests*``.
        option: ``--keep`` or ``--drop``, for messages.

    Returns:
        Visible paths with the pattern that names each (the first that does); patterns that name nothing, as skips.

    Raises:
        UsageError: a pattern is empty, or no owner is of that type, or there is no such kind.
    """
    found: dict[str, str] = {}
    skips: list[Skip] = []
    for pattern in patterns:
        wanted = matcher(pattern, table)
        paths = [path for path, file in table.visible.items() if wanted(file)]
        for path in paths:
            found.setdefault(path, pattern)
        if not paths:
            skips.append(Skip(f"{option} {pattern}", "it names nothing in this image"))
    return found, tuple(skips)


def matcher(pattern: str, table: FileTable) -> Callable[[File], bool]:
    """Return what tells whether a pattern names a file of an image.

    Raises:
        UsageError: the pattern is empty, or no owner is of that type, or there is no such kind.
    """
    scheme, colon, rest = pattern.partition(":")
    if not pattern or (colon and not rest):
        raise UsageError(f"{pattern!r} names nothing", hint="use a path glob, owner:deb/NAME or kind:NAME")
    if scheme == "owner" and colon:
        key = _owner(rest)
        return lambda file: bool(file.owner) and fnmatch.fnmatchcase(file.owner, key)
    if scheme == "kind" and colon:
        kinds = _kinds(rest)
        return lambda file: file.kind in kinds
    glob = fnmatch.translate(_real(pattern, table).replace("**", "*")).removesuffix(r"\Z").removesuffix(r"\z")
    path = re.compile(rf"(?:{glob})(?:/.*)?\Z", re.DOTALL)
    return lambda file: path.match(file.path) is not None


def _owner(text: str) -> str:
    """Return the glob for owners' keys that a pattern means."""
    key = re.sub(r"^([^:/]+)/", r"\1:", text)
    named, colon, _ = key.partition(":")
    if not _MAGIC.search(named) and (named not in _TYPES or not colon):
        raise UsageError(
            f"owner:{text} names no owner: it begins with none of the types {', '.join(_TYPES)}",
            hint="write for example owner:deb/curl, owner:python/numpy* or owner:*curl*",
        )
    return key


def _kinds(text: str) -> frozenset[str]:
    """Return the kinds that a pattern means."""
    names = [kind.name for kind in KINDS]
    found = frozenset(fnmatch.filter(names, text))
    if not found:
        raise UsageError(f"there is no kind {text!r}", hint=f"kinds: {', '.join(names)}; globs such as *tests* do too")
    return found


def _real(pattern: str, table: FileTable) -> str:
    """Return a path glob with the symlinks on its way followed, as far as it is literal; its last part is a name."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    literal = next((place for place, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    literal = min(literal, len(parts) - 1)
    if literal <= 0:
        return "/".join(parts)
    real = real_path(table.visible, "/".join(parts[:literal]))
    return "/".join(part for part in (real, *parts[literal:]) if part) if real is not None else "/".join(parts)
