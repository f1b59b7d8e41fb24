"""What a rewrite will be, as data: stages made of pieces, each with what it was and why it is so."""

from dataclasses import dataclass, field
from typing import Literal

from jettison.dockerfile.record import Instruction

Target = Literal["inference", "training", "distroless", "debug"]
What = Literal["kept", "moved", "changed", "added"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the service around the recipe; see :mod:`jettison.dockerfile.project`.

    Attributes:
        requirements: normalized names of the distributions that are asked for; None: not all are known.
        programs: programs that the code starts.
        compiles: sentences that say what compiles at run time (Triton, torch.compile, numba.cuda …).
        port: that the service listens on; 0: not known.
        health: path of its health endpoint; empty: none seen.
        home: sentences that say what in the code depends on root's home or rights.
        weights: files of the context that are weights, with their bytes.
        gpu: ``required``, ``optional`` or ``none``.
    """

    requirements: frozenset[str] | None = None
    programs: frozenset[str] = frozenset()
    compiles: tuple[str, ...] = ()
    port: int = 0
    health: str = ""
    home: tuple[str, ...] = ()
    weights: tuple[tuple[str, int], ...] = ()
    gpu: str = "none"


@dataclass(frozen=True, slots=True)
class Piece:
    r"""Some lines of the new recipe.

    Attributes:
        text: the lines, each with ``\n``.
        origin: index of the old instruction that they are from; None for new ones.
        what: what became of it here.
        reason: why, where it is not ``kept``.
    """

    text: str
    origin: int | None
    what: What = "kept"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision, with its reasons.

    Attributes:
        about: ``runtime base``, ``user``, ``health check`` …
        chosen: what was decided.
        reasons: why, in sentences.
    """

    about: str
    chosen: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewStage:
    """A stage of the new recipe."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A single-stage recipe as several stages.

    Attributes:
        head: what stands before the first FROM.
        stages: in order; the last but for a debug stage is what is shipped.
        dropped: old instructions that are in no stage, with the reason.
        choices: the decisions.
    """

    head: tuple[Piece, ...]
    stages: tuple[NewStage, ...]
    dropped: dict[int, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a recipe is not split, and what the user could do about it.

    Attributes:
        reason: one sentence, with the line.
        advice: one sentence.
    """

    reason: str
    advice: str


def refused_at(instruction: Instruction, reason: str, advice: str) -> Refusal:
    """Return a refusal for what one instruction says."""
    return Refusal(f"line {instruction.line}: {reason}", advice)
