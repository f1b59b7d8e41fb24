"""What a check found, and what it left out and why: the two records every report is made of."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact worth acting on.

    Attributes:
        rule: the rule's identifier, for example ``hidden-bytes``.
        severity: how much it matters.
        message: one sentence for a person.
        size: bytes on disk that acting on it would save; 0 when it is not about size.
        paths: the paths it is about, at most a few dozen; ``count`` says how many there are in all.
        count: number of paths concerned.
    """

    rule: str
    severity: Severity
    message: str
    size: int = 0
    paths: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that was not looked at or not done, and the reason: a result like any other.

    Attributes:
        subject: what was skipped (a path, a database, a tier).
        reason: one sentence.
    """

    subject: str
    reason: str
