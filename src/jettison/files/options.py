"""How an image is read."""

from dataclasses import dataclass, field

from jettison.layers.limits import Limits


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How an image is read.

    Attributes:
        limits: what is accepted of a layer.
        cache: whether results are kept in, and taken from, the user's cache.
        recompute: take a layer from the cache only when its bytes still have the digest, which are read for that.
    """

    limits: Limits = field(default_factory=Limits)
    cache: bool = True
    recompute: bool = False
