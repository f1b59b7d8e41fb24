"""Why a path stays or goes."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jettison.errors import UsageError
from jettison.files.record import File, FileTable
from jettison.plan.make import prepare
from jettison.plan.options import DEFAULTS, PlanOptions
from jettison.rules.commands import trail
from jettison.rules.inside import NEVER, never
from jettison.rules.reach import Reach


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a path of an image stays or goes.

    Attributes:
        path: as the container sees it, symlinks in its parents followed, no leading slash.
        owner: key of who brought it; ``""`` for nobody.
        kind: what it is.
        size: bytes; of a directory, of all that lies in it.
        layer: index of the layer that brings it.
        verdict: ``goes`` (all of it), ``stays``, or ``partly`` for a directory.
        step: id of the step that takes it; ``""`` when it stays.
        rule: of that step.
        reason: one sentence.
        evidence: for what stays: sentences, each the reason of the one before, up to what the container starts.
    """

    path: str
    owner: str
    kind: str
    size: int
    layer: int
    verdict: Literal["goes", "stays", "partly"]
    step: str
    rule: str
    reason: str
    evidence: tuple[str, ...]


def explain(table: FileTable, path: str, options: PlanOptions = DEFAULTS) -> Explanation:
    """Tell why a path stays or goes.

    Args:
        table: of the image.
        path: as the container sees it; a leading slash and symlinks in its parents are fine.
        options: of the plan that is explained.

    Raises:
        UsageError: the container sees nothing there, or an argument is wrong.
    """
    draft, scene, reach, _ = prepare(table, options)
    wanted = path.strip("/")
    file = table.visible.get(wanted)
    if file is None:
        steps = trail(scene, wanted)
        if not steps:
            raise UsageError(f"{path} is not in the image", hint="give a path as the container sees it")
        file = table.visible[steps[-1]]
    below = [other for name, other in table.visible.items() if name.startswith(f"{file.path}/")]
    size = sum(other.entry.size for other in (file, *below))
    if part := draft.taken.get((file.layer, file.index)):
        verb: Literal["goes", "stays"] = "stays" if part.action == "link" else "goes"
        return _made(file, size, verb, (part.id, part.rule, part.reason), ())
    gone = sum(draft.part_of(other.path) is not None for other in below)
    if gone:
        reason = f"{gone} of the {len(below)} entries in it go; ask about one of them"
        return _made(file, size, "partly", ("", "", reason), ())
    reason, evidence = _why_it_stays(table, file, reach, draft.keeps)
    return _made(file, size, "stays", ("", "", reason), evidence)


def _made(
    file: File,
    size: int,
    verdict: Literal["goes", "stays", "partly"],
    because: tuple[str, str, str],
    evidence: tuple[str, ...],
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
