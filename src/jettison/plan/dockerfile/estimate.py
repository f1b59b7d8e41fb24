"""What an image will weigh, layer by layer, before it is built: records that are saved and drawn."""

from dataclasses import dataclass

from jettison.finding import Skip


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a layer.

    Attributes:
        what: in a few words: ``numpy 1.26.4 and 3 more``, ``files of the build context``.
        disk: bytes on disk.
        pull: bytes in the pull.
        source: where the numbers are from.
        estimated: whether they are guesses from ratios or neighbours.
    """

    what: str
    disk: int
    pull: int
    source: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class LayerEstimate:
    """A layer, or the layers of the base image together.

    Attributes:
        line: of its instruction.
        instruction: its beginning.
        disk: bytes on disk, of what is known.
        pull: bytes in the pull, of what is known.
        estimated: whether a part of it is a guess.
        parts: what is in it.
        unknown: what of it is not in the numbers, and why.
    """

    line: int
    instruction: str
    disk: int
    pull: int
    estimated: bool
    parts: tuple[Part, ...]
    unknown: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What ``jettison estimate`` says.

    Attributes:
        name: of the Dockerfile.
        layers: of the image that is shipped, the base first; instructions without a layer are left out.
        disk: their sum.
        pull: their sum.
        estimated: whether a part of it is a guess.
        whole: whether nothing is unknown.
        offline: whether nobody was asked.
    """

    name: str
    layers: tuple[LayerEstimate, ...]
    disk: int
    pull: int
    estimated: bool
    whole: bool
    offline: bool
