"""What a rule of Dockerfiles is, and what it finds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jettison.dockerfile.edit import Edit
from jettison.finding import Severity
from jettison.rules.dockerfile.case import Case

Confidence = Literal["low", "medium", "high"]
Safety = Literal["safe", "unsafe"]
ClaimKind = Literal["wheels", "downloads", "debs", "recommends", "base", "bytes", "rebuild"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What acting on a finding would save, as a question that indexes answer: rules know names, not sizes.

    Attributes:
        kind: ``wheels``: requirements, as installed; ``downloads``: the files that these requirements are downloaded as
            (a cache of them); ``debs``: packages; ``recommends``: what these packages recommend; ``base``: an
            image; ``bytes``: a size that the rule knows; ``rebuild``: what is fetched and installed again at each
            change of the code (requirements).
        of: the names that weigh.
        instead: the names that weigh instead of them.
        size: for ``bytes``: bytes on disk.
        index: for ``wheels``: the index that the recipe names; empty: pip's own.
        base: the image that ``debs`` and ``recommends`` are added to.
        times: how often the weight is stored (a copied layer: 1).
        source: for ``bytes``: where the number is from.
    """

    kind: ClaimKind
    of: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    size: int = 0
    index: str = ""
    base: str = ""
    times: int = 1
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """How a finding is mended.

    Attributes:
        safety: ``safe``: the build gives an image that does the same; ``unsafe``: it may not, and a person should look.
        edits: of the Dockerfile; they do not overlap, and are made together or not at all.
        description: what is done, in a few words.
        files: other files to write beside the Dockerfile (``.dockerignore``): by name, their whole text.
    """

    safety: Safety
    edits: tuple[Edit, ...]
    description: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Find:
    """What a rule found at one place.

    Attributes:
        message: one sentence for a person: what is wrong here, by name, and what it does.
        span: the place in the file.
        fix: how it is mended; None when it is not by machine.
        claims: what it would save.
        severity: when it is another than the rule's.
        confidence: when it is another than the rule's.
    """

    message: str
    span: tuple[int, int]
    fix: Fix | None = None
    claims: tuple[Claim, ...] = ()
    severity: Severity | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A Dockerfile that a rule finds something in.

    Attributes:
        before: its text.
        after: the text that the rule's fix makes of it; None when there is no fix.
        files: files of the build context that the rule looks at, by name; empty: no context is given.
        log: the output of :data:`jettison.dockerfile.project.history.GIT_LOG`; empty: no history is given.
    """

    before: str
    after: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    log: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: a file of this package each.

    Attributes:
        name: what is found, as in findings and on its page (``cuda-twice``).
        title: the same in a few words.
        severity: how much it matters.
        confidence: how sure a finding is.
        why: what happens if it stays, and what the rule takes care not to say; Markdown.
        sources: where that is from: a section of a specification, a measurement, an issue.
        check: gives what it finds.
        fixes: the best it can do: ``safe``, ``unsafe``, or ``none``.
        bad: examples that it finds one thing or more in.
        good: examples that it finds nothing in.
        aliases: names that other tools give to the same (``DL3009``, ``JSONArgsRecommended``).
    """

    name: str
    title: str
    severity: Severity
    confidence: Confidence
    why: str
    sources: tuple[str, ...]
    check: Callable[[Case], Iterable[Find]]
    fixes: Literal["safe", "unsafe", "none"]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    aliases: tuple[str, ...] = ()
