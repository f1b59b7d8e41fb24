"""An error as a record, so that ``--json`` tells errors in the same way as results."""

from dataclasses import dataclass
from typing import Literal

from jettison.errors import EXIT_BUG, EXIT_INTERRUPTED, JettisonError

FailureKind = Literal["usage", "bad-input", "refused", "machine", "not-tried", "bug", "interrupted"]

_KINDS: dict[int, FailureKind] = {
    2: "usage",
    3: "bad-input",
    4: "refused",
    5: "machine",
    6: "not-tried",
    EXIT_BUG: "bug",
    EXIT_INTERRUPTED: "interrupted",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command gave no result.

    Attributes:
        kind: the family: ``usage`` (the command line or a file the user wrote), ``bad-input``, ``refused``,
            ``machine``, ``not-tried``, ``interrupted``, or ``bug`` (in Jettison).
        exit_code: what the process exits with.
        message: one sentence.
        hint: what to do next; empty when the message says it all.
    """

    kind: FailureKind
    exit_code: int
    message: str
    hint: str = ""


def failure_of(error: JettisonError) -> Failure:
    """Return ``error`` as a record."""
    return Failure(_KINDS.get(error.exit_code, "bug"), error.exit_code, error.message, error.hint)
