"""Why a path stays or goes."""

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from jettison.errors import UsageError
from jettison.files.kinds.table import DIRECTORY
from jettison.files.record import File, FileTable
from jettison.files.resolve import real_path
from jettison.finding import Skip
from jettison.plan.draft import Draft
from jettison.plan.make import Prepared, prepare
from jettison.plan.options import DEFAULTS, PlanOptions
from jettison.rules.commands import trail
from jettison.rules.inside import NEVER, never
from jettison.rules.reach import Reach

Verdict = Literal["goes", "stays", "partly"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a path of an image stays or goes.

    Attributes:
        path: as the container sees it, symlinks in its parents followed, no leading slash; ``""`` for the root.
        owner: key of who brought it; ``""`` for nobody.
        kind: what it is.
        size: bytes; of a directory, of all that lies in it; of what no container sees, of all its layers.
        layer: index of the layer that brings it; of a directory without an entry, the lowest that puts something in it.
        verdict: ``goes`` (all of it), ``stays``, or ``partly`` for a directory, and for a library that is pruned.
        step: id of the step that takes it; ``""`` when it stays.
        rule: of that step.
        reason: one sentence.
        evidence: for what stays: sentences, each the reason of the one before, up to what the container starts.
        skips: keep and drop patterns that name nothing in the image.
    """

    path: str
    owner: str
    kind: str
    size: int
    layer: int
    verdict: Verdict
    step: str
    rule: str
    reason: str
    evidence: tuple[str, ...]
    skips: tuple[Skip, ...] = ()


def explain(table: FileTable, path: str, options: PlanOptions = DEFAULTS) -> Explanation:
    """Tell why a path stays or goes.

    Args:
        table: of the image.
        path: as the container sees it, or once saw it; a leading slash and symlinks in its parents are fine.
        options: of the plan that is explained.

    Raises:
        UsageError: no layer has anything there, or an argument is wrong.
    """
    made = prepare(table, options)
    draft, scene = made.draft, made.scene
    wanted = "/".join(part for part in path.split("/") if part not in ("", "."))
    names = (wanted, *trail(scene, wanted)[-1:], *_real(table, wanted))
    file = next((table.visible[name] for name in names if name in table.visible), None)
    if file is not None:
        found = _seen(table, file, made)
    else:
        tries = (_implied(name, draft) or _hidden(name, draft) for name in dict.fromkeys(names))
        answer = next((each for each in tries if each is not None), None)
        if answer is None:
            raise UsageError(f"{path} is not in the image", hint="give a path as the container sees it")
        found = answer
    return replace(found, skips=made.skips)


def _real(table: FileTable, path: str) -> Iterator[str]:
    """Give a path with the symlinks in its parents followed, then with its last part followed too."""
    parent, _, name = path.rpartition("/")
    yield f"{real_path(table.visible, parent) or ''}/{name}".lstrip("/")
    if (real := real_path(table.visible, path)) is not None:
        yield real


def _seen(table: FileTable, file: File, made: Prepared) -> Explanation:
    """Tell of what has an entry and is seen."""
    draft = made.draft
    below = _below(table, file.path)
    size = sum(other.entry.size for other in (file, *below))
    if part := draft.taken.get((file.layer, file.index)):
        verb: Verdict = "goes" if part.action == "drop" else "partly" if part.action in ("prune", "stub") else "stays"
        return _made(file, size, verb, (part.id, part.rule, part.reason), ())
    gone = sum(draft.part_of(other.path) is not None for other in below)
    if gone:
        reason = f"{gone} of the {len(below)} entries in it go; ask about one of them"
        return _made(file, size, "partly", ("", "", reason), ())
    if made.kept and (chain := made.kept.chain(file.path)):
        return _made(file, size, "stays", ("", "", made.kept.because[file.path].reason), chain)
    reason, evidence = _why_it_stays(table, file, made.reach, draft.keeps)
    return _made(file, size, "stays", ("", "", reason), evidence)


def _below(table: FileTable, path: str) -> list[File]:
    start = f"{path}/" if path else ""
    return [other for name, other in table.visible.items() if name.startswith(start) and name != path]


def _implied(path: str, draft: Draft) -> Explanation | None:
    """Tell of a directory that only follows from what lies in it; None when nothing is seen there."""
    below = _below(draft.table, path)
    if not below:
        return None
    gone = sum(draft.part_of(other.path) is not None for other in below)
    verdict: Verdict = "goes" if gone == len(below) else "partly" if gone else "stays"
    entry = "" if path == "" else "no layer has an entry for it; "
    reason = f"{entry}{gone or 'none'} of the {len(below)} entries in it {'goes' if gone in (0, 1) else 'go'}"
    size, layer = sum(other.entry.size for other in below), min(other.layer for other in below)
    return Explanation(path, "", DIRECTORY, size, layer, verdict, "", "", reason, ())


def _hidden(path: str, draft: Draft) -> Explanation | None:
    """Tell of what later layers delete; None when no layer has anything there."""
    files = [other for other in draft.table.files if other.hidden_by >= 0]
    named = [other for other in files if other.path == path]
    files = named + [other for other in files if path and other.path.startswith(f"{path}/")]
    if not files:
        return None
    last = max(named or files, key=lambda other: (other.layer, other.index))
    parts = [part for other in files if (part := draft.taken.get((other.layer, other.index)))]
    size, holders = sum(other.entry.size for other in files), sorted({other.layer for other in files})
    verdict: Verdict = "goes" if len(parts) == len(files) else "partly" if parts else "stays"
    where = f"its bytes lie in layer {', '.join(map(str, holders))}"
    rest = "a step takes them" if verdict == "goes" else f"a step takes {len(parts)} of its {len(files)} entries"
    reason = f"the container does not see it, because layer {last.hidden_by} deletes it; {where}, and {rest}"
    step, rule = (parts[0].id, parts[0].rule) if verdict == "goes" else ("", "")
    kind = last.kind if named else DIRECTORY
    return Explanation(path, last.owner, kind, size, last.layer, verdict, step, rule, reason, ())


def _made(
    file: File, size: int, verdict: Verdict, because: tuple[str, str, str], evidence: tuple[str, ...]
) -> Explanation:
    step, rule, reason = because
    return Explanation(file.path, file.owner, file.kind, size, file.layer, verdict, step, rule, reason, evidence)


def _why_it_stays(table: FileTable, file: File, reach: Reach, keeps: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    evidence = reach.chain(file.path) or reach.chain(file.owner)
    if file.path in keeps:
        return keeps[file.path], evidence
    if file.path in reach.because:
        return reach.because[file.path].reason, evidence
    if file.owner in reach.because:
        return f"it is part of {file.owner}, which stays: {reach.because[file.owner].reason}", evidence
    if never(file.path):
        reasons = [why for pattern, why in NEVER if fnmatch.fnmatchcase(file.path, pattern)]
        return (reasons or ["licences stay"])[0], evidence
    if file.owner in table.owners:
        return f"it is part of {file.owner}, and no rule takes it", evidence
    return "no package owns it, and no rule takes it", evidence
