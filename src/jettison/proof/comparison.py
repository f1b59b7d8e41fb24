"""What a comparison of images gives."""

from dataclasses import dataclass

from jettison.proof.result import ImageSize


@dataclass(frozen=True, slots=True)
class Compared:
    """One image of a comparison.

    Attributes:
        size: the image in figures.
        pull_seconds: estimated time to fetch it.
        unpack_seconds: estimated time to unpack it.
        ready_seconds: measured time from start to ready; None when no workload was given.
        memory: peak resident bytes of the process tree; None likewise.
        cold_seconds: of a cold start over the link, to the first answer; None when it was not measured.
    """

    size: ImageSize
    pull_seconds: float
    unpack_seconds: float
    ready_seconds: float | None
    memory: int | None
    cold_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Images side by side.

    Attributes:
        bandwidth: of the link that pull times are estimated for, bytes a second.
        unpack_speed: uncompressed bytes a second that this machine unpacks.
        images: in the order asked for.
    """

    bandwidth: int
    unpack_speed: int
    images: tuple[Compared, ...]
