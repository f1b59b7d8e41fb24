"""What a rule of images is given, and what it proposes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jettison.elf.treatment import Treatment
from jettison.files.record import File
from jettison.rules.kept import Kept
from jettison.rules.reach import Reach
from jettison.rules.scene import Scene

Key = tuple[int, int]
"""(layer, index) of an entry."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule looks at.

    Attributes:
        scene: the image.
        reach: what is needed at run time.
        gone: entries that earlier rules take.
        gpu: how GPU code is pruned; None when the deployment's GPUs are not known.
        gpu_everywhere: whether files may be pruned that their licence does not let one modify.
        kept: what stays at tier 3; None where there is no trace.
    """

    scene: Scene
    reach: Reach
    gone: frozenset[Key] = frozenset()
    gpu: Treatment | None = None
    gpu_everywhere: bool = False
    kept: Kept | None = None

    def left(self) -> Iterator[File]:
        """Give the visible entries that no earlier rule takes, directories left out, by path."""
        for file in self.scene.table.visible.values():
            if file.entry.type != "dir" and (file.layer, file.index) not in self.gone:
                yield file


@dataclass(frozen=True, slots=True)
class Proposal:
    """Entries that a rule would take away, or make hard links.

    Attributes:
        area: the owner's key, or a word for files that are nobody's; the step's id is ``<rule>/<area>``.
        reason: one sentence for a person, with its evidence.
        files: the entries.
        owner: key of the owner of all of them; ``""`` when nobody's or mixed.
        action: ``drop`` them, ``link`` each to the entry that ``to`` names, ``prune`` each as ``to`` says, or leave
            each as an empty file, a ``stub``.
        to: for links: by (layer, index), the path in the same layer's tar of the copy that stays; for pruning how, as
            :func:`jettison.elf.treatment.treatment_text` writes it.
        saves: for pruning: by (layer, index), bytes that go from the file (an estimate).
    """

    area: str
    reason: str
    files: tuple[File, ...]
    owner: str = ""
    action: Literal["drop", "link", "prune", "stub"] = "drop"
    to: Mapping[Key, str] = field(default_factory=dict)
    saves: Mapping[Key, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a file of this package each.

    Attributes:
        name: its identifier, as in steps and on its page.
        tier: 0 ``lossless``, 1 ``build-only``, 2 ``gpu`` or 3 ``traced``.
        title: what goes, in a few words.
        why: why that is safe, and what the rule takes care of.
        examples: sentences ``PATH goes: …`` and ``PATH stays: …``.
        propose: what it would do to an image.
    """

    name: str
    tier: int
    title: str
    why: str
    examples: tuple[str, ...]
    propose: Callable[[Case], Iterable[Proposal]]


def by_owner(files: Iterable[File], reason: str, nobody: str) -> Iterator[Proposal]:
    """Give one proposal an owner.

    Args:
        files: of any owners.
        reason: for all of them.
        nobody: the area of files that nobody owns.
    """
    groups: defaultdict[str, list[File]] = defaultdict(list)
    for file in files:
        groups[file.owner].append(file)
    for owner, group in sorted(groups.items()):
        yield Proposal(owner or nobody, reason, tuple(group), owner)
