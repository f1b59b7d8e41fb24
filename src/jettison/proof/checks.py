"""How a check is told: held, or failed with every counter-example."""

from collections.abc import Iterable

from jettison.proof.record import Check

MAX_PROBLEMS = 1000


def told(name: str, detail: str, problems: Iterable[str]) -> Check:
    """Return a check that held when there are no counter-examples.

    Args:
        name: of the check.
        detail: one sentence with figures, true either way.
        problems: counter-examples; the first :data:`MAX_PROBLEMS` are kept, all are counted.
    """
    found = list(problems)
    return Check(name, "failed" if found else "held", detail, tuple(found[:MAX_PROBLEMS]), len(found))


def not_tried(name: str, reason: str) -> Check:
    """Return a check that could not be run."""
    return Check(name, "not-tried", reason)
