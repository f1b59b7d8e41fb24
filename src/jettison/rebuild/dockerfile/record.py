"""What a rewrite made."""

from dataclasses import dataclass

from jettison.finding import Skip
from jettison.plan.dockerfile.rewrite_record import Choice, Refusal
from jettison.rules.dockerfile.finding import Change, RecipeFinding


@dataclass(frozen=True, slots=True)
class RewrittenFile:
    """One file of a rewrite.

    Attributes:
        name: in the output folder.
        text: the whole.
        purpose: what it is for.
    """

    name: str
    text: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a rewrite made.

    Attributes:
        source: the Dockerfile that was rewritten.
        target: what for.
        whole: whether the stages were split; else ``refusals`` say why not, and only findings were mended.
        files: what was written.
        changes: what became of every instruction.
        choices: the decisions, with their reasons.
        refusals: why the stages were not split.
        findings: what is left in the new Dockerfile.
        skips: what was not looked at or not done.
        proof: what shows that the result does the same: ``structure`` (parsed and accounted for, not built).
    """

    source: str
    target: str
    whole: bool
    files: tuple[RewrittenFile, ...]
    changes: tuple[Change, ...]
    choices: tuple[Choice, ...]
    refusals: tuple[Refusal, ...]
    findings: tuple[RecipeFinding, ...]
    skips: tuple[Skip, ...]
    proof: str = "structure"
