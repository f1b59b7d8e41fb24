"""Triton where nothing can compile with it."""

import re
from collections.abc import Iterator

from jettison.rules.record import Case, Proposal, Rule

_KEY = "python:triton"
_OWN = re.compile(r"(?:.*/)?(?:torch|triton|torchgen|functorch)/")
_IMPORTS = re.compile(r"\s*(?:from|import)\s+triton\b")
_COMPILES = re.compile(r"\btorch\.compile\b")


def _propose(case: Case) -> Iterator[Proposal]:
    table = case.scene.table
    if _KEY not in table.owners or case.reach.compilers or _needed(case):
        return
    files = tuple(file for file in case.left() if file.owner == _KEY and file.path not in case.scene.held)
    reason = (
        "Triton compiles kernels for torch.compile: no C compiler is left that it could start, no module outside of "
        "torch imports it, the application does not call torch.compile, and only torch depends on it"
    )
    yield Proposal(_KEY, reason, files, _KEY)


def _needed(case: Case) -> bool:
    table = case.scene.table
    for owner in table.owners.values():
        if owner.key not in (_KEY, "python:torch") and any("triton" in group for group in owner.depends):
            return True
    return any(_uses(case, path, line) for path, lines in table.hints.items() for line in lines)


def _uses(case: Case, path: str, line: str) -> bool:
    """Whether a line imports Triton, or, in a file that no distribution brought, compiles with it."""
    file = case.scene.table.visible.get(path)
    if file is None or _OWN.match(path) or (file.layer, file.index) in case.gone:
        return False
    return bool(_IMPORTS.match(line) or (not file.owner and _COMPILES.search(line)))


TRITON = Rule(
    "triton",
    2,
    "Triton where nothing can compile with it",
    "torch imports Triton only when torch.compile or a kernel written in it is used, and then a C compiler must be "
    "there. Triton stays when the image keeps a compiler, when a module outside of torch imports it, when the "
    "application calls torch.compile, and when another distribution depends on it. "
    "torch's metadata still names it as a requirement, so pip check tells of that.",
    (
        "…/triton/_C/libtriton.so goes from a service that only runs a model",
        "…/triton/… stays beside gcc, or when app.py calls torch.compile",
    ),
    _propose,
)
