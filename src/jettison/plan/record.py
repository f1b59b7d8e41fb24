"""The plan's records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jettison.finding import Skip

Action = Literal["drop", "link", "prune", "stub", "update", "add"]
MOST_LAYERS = 127
"""Layers that engines can stack."""
TIERS: Mapping[int, str] = {0: "lossless", 1: "build-only", 2: "gpu", 3: "traced"}


@dataclass(frozen=True, slots=True)
class Target:
    """One entry that a step touches.

    Attributes:
        layer: index of the layer.
        path: the entry's path as stored in that layer's tar.
        to: for ``link``: the entry path, in the same layer, of the copy that stays; for ``prune``: how, as
            :func:`jettison.elf.treatment.treatment_text` writes it; for ``update``, and a file that ``add`` makes:
            digest of the new content; else ``""``.
    """

    layer: int
    path: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One reasoned change.

    Attributes:
        id: unique in the plan, stable for the same image: ``<rule>/<owner or area>``.
        action: ``drop`` the entries, ``link`` them to an identical one, ``prune`` libraries: take parts of them out
            while they still load and answer as before, leave each as an empty file, a ``stub`` that keeps a name in
            its directory, ``update`` their content so that a database
            stays truthful, ``add`` a file and the folders to it. The last two are worked out when the plan is applied,
            never edited.
        tier: 0 to 3, see :data:`TIERS`.
        rule: which rule asks for it.
        reason: one sentence for a person, with its evidence.
        owner: whose files; ``""`` when nobody's or mixed.
        targets: what it touches, sorted.
        disk: bytes of content that go.
        pull: bytes that go from the pull (an estimate: entries' shares of their layers).
    """

    id: str
    action: Action
    tier: int
    rule: str
    reason: str
    owner: str
    targets: tuple[Target, ...]
    disk: int
    pull: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How the layers are to be cut and ordered.

    Attributes:
        layers: how many there may be at most; an image that has more keeps them.
        order: paths of the rootfs that are read at the start, the first one first; they go in layers of their own.
    """

    layers: int
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to an image: made, printed, saved, edited, applied or refused.

    Attributes:
        image: digest of the manifest (config for an old docker archive) it was made for.
        layers: diff_ids of the image's layers, lowest first: what the targets' layer indices mean.
        tier: highest tier it goes to.
        steps: by tier, then by bytes, largest first.
        keeps: rootfs paths that a rule would drop and a keep rule holds, with the reason.
        skips: what was left alone, and why.
        layout: how layers are cut anew once all steps were taken; None leaves them as they are.
    """

    image: str
    layers: tuple[str, ...]
    tier: int
    steps: tuple[Step, ...]
    keeps: Mapping[str, str]
    skips: tuple[Skip, ...]
    layout: Layout | None = None
