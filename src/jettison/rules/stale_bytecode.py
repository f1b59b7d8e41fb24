"""Bytecode in ``__pycache__`` without its source: Python does not import it."""

from collections.abc import Iterator

from jettison.rules.record import Case, Proposal, Rule


def _propose(case: Case) -> Iterator[Proposal]:
    visible = case.scene.table.visible
    stale = []
    for file in case.left():
        parent, _, name = file.path.rpartition("/")
        if name.endswith(".pyc") and parent.endswith("/__pycache__"):
            module = name.partition(".")[0]
            folder = parent.removesuffix("__pycache__")
            if f"{folder}{module}.py" not in visible:
                stale.append(file)
    if stale:
        reason = "their sources are gone, and Python does not import bytecode in __pycache__ without its source"
        yield Proposal("pycache", reason, tuple(stale))


STALE_BYTECODE = Rule(
    "stale-bytecode",
    0,
    "bytecode in __pycache__ whose source is gone",
    "Python imports a file in __pycache__ only beside its source (PEP 3147). A .pyc that stands in the source's place "
    "stays, and so does bytecode with its source: without it every start compiles again.",
    (
        "app/__pycache__/old.cpython-311.pyc goes: app/old.py is not there",
        "app/core.pyc stays: it is imported as it is",
    ),
    _propose,
)
