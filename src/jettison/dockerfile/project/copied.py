"""What a COPY or ADD takes from the build context: BuildKit's wildcards, ``--exclude``, ``--parents``, symlinks."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jettison.dockerfile.project.context import Context, ContextEntry
from jettison.dockerfile.project.patterns import Pattern, compile_pattern, decide_alone, glob, has_wildcards
from jettison.finding import Skip

MAX_LINKS = 40


@dataclass(frozen=True, slots=True)
class Copied:
    """What an instruction takes.

    Attributes:
        files: paths relative to the context, each once, symlinks among them.
        size: bytes of them all.
        missing: sources without wildcards that are not there or are ignored: the build fails.
        empty: sources with wildcards that match nothing, which BuildKit passes over.
        skips: sources that could not be followed, and why.
    """

    files: tuple[str, ...]
    size: int
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()


def copied(context: Context, sources: Sequence[str], *, exclude: Sequence[str] = (), parents: bool = False) -> Copied:
    """Return what a COPY takes from the context.

    A folder gives all that is in it. ``--exclude`` is relative to each source that is a folder; a file that a source
    names itself is taken all the same (fsutil's copier asks no pattern about the source). With ``--parents`` a source
    is a pattern as in an ignore file, ``**`` included, from the ``/./`` on.

    Args:
        context: what was read.
        sources: as they stand once variables are replaced; addresses and heredocs are not sources here.
        exclude: values of ``--exclude``.
        parents: whether ``--parents`` was given.
    """
    found, missing, empty, skips = dict[str, int](), list[str](), list[str](), list[Skip]()
    for source in sources:
        try:
            leave = tuple(compile_pattern(pattern) for pattern in exclude)
            taken = _with_parents(context, source, leave) if parents else _plain(context, source, leave)
        except ValueError as error:
            skips.append(Skip(source, str(error)))
            continue
        if taken is None:
            missing.append(source)
            continue
        before = len(found)
        found.update((entry.path, entry.size) for entry in taken)
        if len(found) == before and (parents or has_wildcards(source)):
            empty.append(source)
    return Copied(tuple(found), sum(found.values()), tuple(missing), tuple(empty), tuple(skips))


def _rooted(source: str) -> str:
    """Return a source relative to the context; what climbs out of it ends at its top, as in BuildKit."""
    return os.path.normpath("/" + source).lstrip("/")


def _plain(context: Context, source: str, leave: Sequence[Pattern]) -> list[ContextEntry] | None:
    path = _rooted(source)
    if not has_wildcards(path):
        real = _followed(context, path)
        return None if real is None else list(_tree(context, real, leave))
    tops = _matching(context, path)
    return [
        entry for top in tops if (real := _followed(context, top)) is not None for entry in _tree(context, real, leave)
    ]


def _matching(context: Context, path: str) -> Iterator[str]:
    """Give what a source with wildcards names; nothing inside of what it named already."""
    parts = path.split("/")
    fixed = next(place for place, part in enumerate(parts) if has_wildcards(part))
    base = _followed(context, "/".join(parts[:fixed]))
    if base is None:
        return
    matches, begin, last = glob("/".join(parts[fixed:])), f"{base}/" if base else "", ""
    for entry in context.entries.values():
        if not entry.path.startswith(begin) or (last and entry.path.startswith(last)):
            continue
        if matches(entry.path[len(begin) :]) and _is_sent(context, entry):
            yield entry.path
            if entry.type == "folder":
                last = entry.path + "/"


def _with_parents(context: Context, source: str, leave: Sequence[Pattern]) -> list[ContextEntry] | None:
    before, pivot, after = source.partition("/./")
    base = _followed(context, _rooted(before)) if pivot else ""
    if base is None:
        return None
    wanted = (compile_pattern(_rooted(after if pivot else source)),)
    return [
        entry
        for entry in _tree(context, base, leave)
        if decide_alone(wanted, entry.path.removeprefix(f"{base}/") if base else entry.path)
    ]


def _tree(context: Context, path: str, leave: Sequence[Pattern]) -> Iterator[ContextEntry]:
    entry = context.entries.get(path)
    if entry is not None and entry.type != "folder":
        yield entry
        return
    begin = f"{path}/" if path else ""
    kept: Callable[[str], bool] = (lambda _: True) if not leave else lambda name: not decide_alone(leave, name)
    for under in context.entries.values():
        sent = under.path.startswith(begin) and not under.ignored and under.type in {"file", "symlink"}
        if sent and kept(under.path[len(begin) :]):
            yield under


def _is_sent(context: Context, entry: ContextEntry) -> bool:
    if entry.type != "folder" or not entry.ignored:
        return not entry.ignored and entry.type != "other"
    begin = entry.path + "/"  # an ignored folder is sent when an exception brings back something in it
    return any(under.path.startswith(begin) and not under.ignored for under in context.entries.values())


def _followed(context: Context, path: str) -> str | None:
    """Return where a path leads once symlinks are followed inside the context; None when nothing is sent there."""
    waiting, done, links = [part for part in path.split("/") if part not in {"", "."}], "", 0
    while waiting:
        part = waiting.pop(0)
        if part == "..":
            done = os.path.dirname(done)
            continue
        here = f"{done}/{part}" if done else part
        entry = context.entries.get(here)
        if entry is None or not _is_sent(context, entry):
            return None
        if entry.type != "symlink":
            done = here
            continue
        links += 1
        if links > MAX_LINKS:
            return None
        waiting = [step for step in entry.target.split("/") if step not in {"", "."}] + waiting
        done = "" if entry.target.startswith("/") else done
    return done
