"""The records of weighing: what a thing costs on disk and in the pull, and where the number comes from."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from jettison.errors import JettisonError
from jettison.finding import Skip

Libc = Literal["glibc", "musl"]
NOTHING_SAID = "nothing to weigh"
MAX_SOURCES = 4


class NoAnswerError(JettisonError):
    """A size could not be had: nobody was asked, or nobody answered. Callers turn it into a reason, never a failure.

    The message is one sentence that can stand in a report: it holds host names, never passwords or query strings.
    """

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Weight:
    """What something weighs, in bytes.

    Attributes:
        disk: the sum of its files' sizes once unpacked.
        pull: what it adds to a gzip-compressed layer.
        source: where the numbers come from, one short sentence.
        estimated: whether any part of it is a guess from a ratio or from a neighbour, and not that thing's own number.
    """

    disk: int = 0
    pull: int = 0
    source: str = ""
    estimated: bool = False

    def __add__(self, other: "Weight") -> "Weight":
        return total((self, other))


def total(weights: Iterable[Weight]) -> Weight:
    """Return the sum of weights: its sources are theirs, each once; it is estimated when one of them is."""
    found = list(weights)
    sources = list(dict.fromkeys(part for weight in found for part in weight.source.split("; ") if part))
    more = len(sources) - MAX_SOURCES
    said = "; ".join([*sources[:MAX_SOURCES], *([f"and {more} more"] if more > 0 else [])])
    return Weight(
        sum(weight.disk for weight in found),
        sum(weight.pull for weight in found),
        said,
        any(weight.estimated for weight in found),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One thing on a bill.

    Attributes:
        name: of the distribution or package, in its canonical form.
        version: as its index writes it.
        weight: what it weighs alone.
        needed_by: what asked for it; empty when the caller did.
    """

    name: str
    version: str
    weight: Weight
    needed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bill:
    """What a list of wanted things comes to.

    Attributes:
        lines: one for each thing, heaviest first.
        total: the sum of the lines.
        unresolved: what is not in the sum, or not whole, and why.
    """

    lines: tuple[Line, ...] = ()
    total: Weight = field(default_factory=lambda: Weight(source=NOTHING_SAID))
    unresolved: tuple[Skip, ...] = ()

    def weight_of(self, name: str) -> Weight | None:
        """Return what one thing weighs alone; None when it is not on the bill."""
        return next((line.weight for line in self.lines if line.name == name), None)


def bill(lines: Iterable[Line], unresolved: Iterable[Skip]) -> Bill:
    """Return a bill with its lines in order and its sum made."""
    ordered = tuple(sorted(lines, key=lambda line: (-line.weight.disk, line.name)))
    summed = total(line.weight for line in ordered) if ordered else Weight(source=NOTHING_SAID)
    return Bill(ordered, summed, tuple(dict.fromkeys(unresolved)))


def guessed(weight: Weight, source: str) -> Weight:
    """Return a weight marked as a guess, with what it rests on."""
    return replace(weight, source=source, estimated=True)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a base image without having it; None and empty mean that it is not known.

    Attributes:
        user: the default user; ``root`` where the image names none.
        python: minor version of the interpreter on the PATH, such as ``3.11``.
        python_path: where it is.
        shell: whether there is ``/bin/sh``.
        compiler: whether there is a C compiler on the PATH.
        curl: whether there is ``curl``.
        packages: the system's package manager: ``apt``, ``apk``; empty when none.
        conda: whether ``conda`` or ``micromamba`` is there.
        cuda: version of the CUDA toolkit's libraries.
        flavour: of a CUDA image: ``base`` (cudart only), ``runtime`` (libraries), ``devel`` (compiler and headers).
        cudnn: whether cuDNN is in it.
        distribution: ``debian``, ``ubuntu``, ``alpine``, ``rockylinux`` …
        release: its codename or number: ``bookworm``, ``22.04``, ``3.20``.
        eol: date (ISO) on which regular security support of the release ends.
        lts: date (ISO) on which the distribution's long-term support ends, where it is another.
        seeds: packages that the image installs beyond the distribution's minimum.
    """

    user: str = ""
    python: str = ""
    python_path: str = ""
    shell: bool | None = None
    compiler: bool | None = None
    curl: bool | None = None
    packages: str = ""
    conda: bool | None = None
    cuda: str = ""
    flavour: str = ""
    cudnn: bool | None = None
    distribution: str = ""
    release: str = ""
    eol: str = ""
    lts: str = ""
    seeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BaseWeight:
    """A base image: its size where that is known, and what is known of it.

    Attributes:
        image: the name as it was given.
        weight: None when nothing is known.
        facts: empty where nothing is known.
        reason: why the weight is not the image's own exact one, or is not known; empty when it is exact.
    """

    image: str
    weight: Weight | None
    facts: Facts = field(default_factory=Facts)
    reason: str = ""
