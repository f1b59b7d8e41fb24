"""What lint says of a Dockerfile: records that are saved and drawn."""

from dataclasses import dataclass, field

from jettison.finding import Severity, Skip
from jettison.rules.dockerfile.record import Claim, Confidence


@dataclass(frozen=True, slots=True)
class Cost:
    """What acting on a finding saves.

    Attributes:
        disk: bytes on disk; 0 when it is not about size.
        pull: bytes in the pull.
        rebuild_s: seconds of each rebuild after a change of the code; 0 when it is not about time.
        source: where the numbers are from, in a few words.
        estimated: whether they were estimated rather than asked for.
    """

    disk: int
    pull: int
    rebuild_s: float
    source: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class RecipeFinding:
    """One finding in a Dockerfile.

    Attributes:
        rule: its name.
        severity: how much it matters.
        confidence: how sure it is.
        message: one sentence.
        line: the first line that it is about, from 1.
        column: from 1, in characters.
        last_line: the last line that it is about.
        last_column: behind the last character.
        excerpt: the first of these lines, without their endings; at most four.
        fix: how ``lint --fix`` mends it, in a few words; empty when it does not.
        safety: ``safe``, ``unsafe``, or empty.
        cost: what acting on it saves; None when that is not known, or nothing.
        claims: the questions that ``cost`` answers.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    line: int
    column: int
    last_line: int
    last_column: int
    excerpt: tuple[str, ...] = ()
    fix: str = ""
    safety: str = ""
    cost: Cost | None = None
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one instruction.

    Attributes:
        line: in the old file; 0 for one that was added.
        new_line: in the new file; 0 for one that was dropped.
        instruction: its keyword, and the beginning of its text.
        what: ``kept``, ``moved``, ``changed``, ``added`` or ``dropped``.
        rules: the rules whose fixes did it.
        reason: what they did.
    """

    line: int
    new_line: int
    instruction: str
    what: str
    rules: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LintedFile:
    """One Dockerfile.

    Attributes:
        name: as the user gave it.
        findings: by line; after ``--fix`` those that are left.
        ignored: how many findings comments silence.
        changes: after ``--fix``: every instruction that was not kept.
        written: the files that ``--fix`` wrote.
        diff: after ``--fix``: what was changed, or with ``--diff`` what would be, as ``diff -u`` has it; with the files
            beside it.
        saves: what acting on all findings saves at most; rebuilds apart. None when nothing is known.
    """

    name: str
    findings: tuple[RecipeFinding, ...]
    ignored: int = 0
    changes: tuple[Change, ...] = ()
    written: tuple[str, ...] = ()
    diff: str = ""
    saves: Cost | None = None


@dataclass(frozen=True, slots=True)
class LintReport:
    """What ``jettison lint`` found.

    Attributes:
        files: in the order given.
        skips: what was not looked at, with reasons; fixes that were not made among them.
        offline: whether sizes were estimated from what ships and is cached.
    """

    files: tuple[LintedFile, ...]
    skips: tuple[Skip, ...] = field(default=())
    offline: bool = False
