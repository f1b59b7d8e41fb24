"""The records of a ladder: the same service built step by step, each step measured and proved."""

from dataclasses import dataclass
from typing import Literal

State = Literal["first", "held", "failed", "left out"]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step.

    Attributes:
        name: as in the table: ``as written``, ``fixed``, ``rewritten``, ``slim``, ``slim gpu``, ``composed``.
        state: ``first`` (all others are held against it), ``held`` (it answers the same), ``failed`` (it does not
            build, or does not answer the same), ``left out``.
        detail: what the step does; or why it failed or was left out.
        image: reference of the image; empty where there is none.
        digest: of its manifest.
        disk: bytes of content over all layers.
        pull: bytes that a pull fetches (what plain layers would be as gzip).
        build_seconds: of a build with no cache; None where nothing was built by a builder.
        change_seconds: of a build after a change of code, everything else from the cache; None likewise.
        ready_seconds: from the start of the command to ready; None where the image was not run.
        cold_seconds: of a cold start to the first answer; None where it was not measured.
    """

    name: str
    state: State
    detail: str
    image: str = ""
    digest: str = ""
    disk: int = 0
    pull: int = 0
    build_seconds: float | None = None
    change_seconds: float | None = None
    ready_seconds: float | None = None
    cold_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """All steps.

    Attributes:
        project: folder, or empty for images that were there.
        builder: what built.
        engine: what ran.
        bandwidth: bytes a second of the link of the cold starts; 0 when none were measured.
        rungs: in their order.
        notes: what was not measured.
    """

    project: str
    builder: str
    engine: str
    bandwidth: int
    rungs: tuple[Rung, ...]
    notes: tuple[str, ...]
