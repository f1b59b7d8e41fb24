"""The records of a cold start."""

from dataclasses import dataclass
from typing import Literal

from jettison.run.imports import Imported
from jettison.run.link import How

PhaseName = Literal["pull", "network", "unpack", "create", "imports", "load", "first answer"]
Risk = Literal["none", "low", "medium"]


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the time from "pod created" to "first good answer"; phases follow one another, and add up.

    Attributes:
        name: ``pull`` where an engine does not tell its parts, else ``network`` (until the last byte is there) and
            ``unpack`` (what is left of the pull then); ``create`` (the container made), ``imports`` (of Python),
            ``load`` (the rest until ready: model, server), ``first answer``.
        seconds: wall time, of the pass whose total is the median.
        least: of the passes.
        most: of the passes.
    """

    name: PhaseName
    seconds: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """A pull that was worked out for a link.

    Attributes:
        bandwidth: bytes a second.
        download: seconds until the last byte is there.
        unpack: seconds in which layers are unpacked, while others come as well.
        total: seconds until the last layer is unpacked.
    """

    bandwidth: int
    download: float
    unpack: float
    total: float


@dataclass(frozen=True, slots=True)
class Lever:
    """Something that would make the cold start shorter.

    Attributes:
        name: what is done.
        seconds: saved, worked out; None when that is not known before.
        risk: ``none`` (nothing but the image's form changes, or a proof covers it), ``low``, ``medium`` (code changes).
        how: the next step.
        basis: what the figure rests on.
    """

    name: str
    seconds: float | None
    risk: Risk
    how: str
    basis: str


@dataclass(frozen=True, slots=True)
class ColdStart:
    """A cold start: measured, explained, and what would change it.

    Attributes:
        reference: of the image, as the user wrote it.
        digest: of its manifest.
        stored: bytes in the pull.
        disk: bytes of its layers' tars.
        engine: what pulled and ran it: ``embedded`` or an engine's name.
        bandwidth: bytes a second of the link that was asked for; 0 for none.
        rtt: seconds of a round trip that were asked for.
        link: how the link was made slow; empty when nothing was measured.
        passes: how many cold starts were measured.
        phases: in their order; empty when nothing was measured.
        total: seconds to the first answer, or as far as was measured; the sum of the phases.
        warm: seconds from the request to the first answer where the node has the image; None when not measured.
        second_answer: seconds of the second answer; None when nothing was asked twice.
        unpack_rate: bytes of tar that are unpacked a second (of gzip layers; others count for less).
        disk_rate: bytes a second that the disk of the node writes which predictions and levers are for: no layer is
            unpacked faster than its bytes are written there; 0 for one that is no limit.
        measured: whether ``unpack_rate`` is from this very measurement.
        checked: how far the model was from the pull measured, with the rate known before, as a share of it (0.05: 5 %
            more); None when nothing was known, or measured.
        predictions: of the pull, for the link asked for and usual ones.
        imports: packages that Python imports until ready, slowest first; from a run of its own.
        levers: the one that saves most for its risk first.
        bottleneck: the longest phase; empty when nothing was measured.
        verdict: what it comes to, in a few sentences.
        notes: what could not be emptied, shaped or measured.
    """

    reference: str
    digest: str
    stored: int
    disk: int
    engine: str
    bandwidth: int
    rtt: float
    link: How | Literal[""]
    passes: int
    phases: tuple[Phase, ...]
    total: float
    warm: float | None
    second_answer: float | None
    unpack_rate: int
    disk_rate: int
    measured: bool
    checked: float | None
    predictions: tuple[Prediction, ...]
    imports: tuple[Imported, ...]
    levers: tuple[Lever, ...]
    bottleneck: str
    verdict: str
    notes: tuple[str, ...]
