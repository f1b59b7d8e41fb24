"""What bringing an image from one place to another did."""

from dataclasses import dataclass
from typing import Literal

How = Literal["written", "sent", "mounted", "there"]


@dataclass(frozen=True, slots=True)
class CopiedBlob:
    """A blob of an image that was copied.

    Attributes:
        digest: of it.
        size: bytes.
        how: ``written`` to a file; ``sent`` to a registry, ``mounted`` there from another repository, or ``there``.
    """

    digest: str
    size: int
    how: How


@dataclass(frozen=True, slots=True)
class CopyResult:
    """An image that was copied, byte for byte but for the codec of its layers, where another was asked for.

    Attributes:
        source: reference of the original.
        out: reference of the copy.
        digest: of the manifest.
        made: whether the manifest was made here: the original has none (old docker archives), or layers were packed
            anew. Else it is that of the original.
        blobs: config and layers, each once.
        size: bytes of all of them.
        sent: bytes written or sent.
        papers: names of the papers that came along (plan, removal list, proof).
        seconds: wall time.
        notes: what is to be said of layers packed for pulling lazily: which could not be, and why; what goes first.
    """

    source: str
    out: str
    digest: str
    made: bool
    blobs: tuple[CopiedBlob, ...]
    size: int
    sent: int
    papers: tuple[str, ...]
    seconds: float
    notes: tuple[str, ...] = ()
