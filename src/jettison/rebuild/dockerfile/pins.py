"""What pinning did: records that are saved and drawn."""

from dataclasses import dataclass
from typing import Literal

from jettison.finding import Skip

State = Literal["pinned", "moved", "current", "held", "unpinned", "outdated", "skipped"]


@dataclass(frozen=True, slots=True)
class Pin:
    """One reference.

    Attributes:
        line: where it stands.
        where: ``FROM``, ``COPY --from``, ``RUN --mount``, ``# syntax`` or ``uses``.
        reference: as it was written.
        state: ``pinned`` (a digest was put beside it), ``moved`` (to what the tag names now), ``current`` (the tag
            still names it), ``held`` (it has a digest, and nobody was asked), ``unpinned`` (it is not held, and with
            ``--check`` or for ``reason`` it stays so), ``outdated`` (with ``--check``), ``skipped`` (see ``reason``).
        digest: what the tag names now: of an image its digest, of an action a commit; empty when nobody was asked.
        index: of an image, whether that is an index of all platforms.
        reason: why it was skipped, or what to know of it.
    """

    line: int
    where: str
    reference: str
    state: State
    digest: str = ""
    index: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file.

    Attributes:
        name: as the user gave it.
        pins: by line.
        written: whether it was changed.
    """

    name: str
    pins: tuple[Pin, ...]
    written: bool = False


@dataclass(frozen=True, slots=True)
class PinReport:
    """What ``jettison pin`` did.

    Attributes:
        files: in the order given.
        skips: what could not be looked at, and why.
    """

    files: tuple[PinnedFile, ...]
    skips: tuple[Skip, ...] = ()
