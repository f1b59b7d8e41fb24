"""A plan in the making: who takes which entry, each entry once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jettison.files.record import File, FileTable
from jettison.plan.record import Step, Target
from jettison.rules.record import Key, Proposal

USER = "user"
"""The rule of what the user drops."""


@dataclass(slots=True)
class Part:
    """A step in the making: its text, and the entries it takes."""

    id: str
    action: Literal["drop", "link", "prune", "stub"]
    tier: int
    rule: str
    reason: str
    owner: str
    files: dict[Key, File] = field(default_factory=dict)
    to: dict[Key, str] = field(default_factory=dict)
    saves: dict[Key, int] = field(default_factory=dict)


class Draft:
    """Steps in the making.

    Args:
        table: of the image.
        held: visible paths that the user keeps, with the pattern that says so.
        used: visible paths that workloads asked for, with the reason: nothing drops them.

    Attributes:
        parts: by id.
        taken: the part that takes each entry.
        keeps: paths that a rule would take and that stay, with the reason.
    """

    def __init__(self, table: FileTable, held: Mapping[str, str], used: Mapping[str, str] | None = None) -> None:
        self.table = table
        self.held = held
        self.used = used or {}
        self.parts: dict[str, Part] = {}
        self.taken: dict[Key, Part] = {}
        self.keeps: dict[str, str] = {}

    def propose(self, rule: str, tier: int, proposal: Proposal) -> None:
        """Take what a rule proposes, but for entries that another step has and paths that stay."""
        part = self.part(rule, tier, proposal)
        for file in proposal.files:
            if self._free(file) and (rule == USER or not self._in_use(file, proposal)):
                self.take(part, file)
                if proposal.to:
                    part.to[_key(file)] = proposal.to[_key(file)]
                if proposal.saves:
                    part.saves[_key(file)] = proposal.saves[_key(file)]

    def part(self, rule: str, tier: int, proposal: Proposal) -> Part:
        """Return the part that a proposal goes to."""
        name = f"{rule}/{proposal.area}"
        empty = Part(name, proposal.action, tier, rule, proposal.reason, proposal.owner)
        return self.parts.setdefault(name, empty)

    def _free(self, file: File) -> bool:
        if file.visible and file.path in self.held:
            self.keeps[file.path] = f"--keep {self.held[file.path]}"
        return _key(file) not in self.taken and file.path not in self.keeps

    def _in_use(self, file: File, proposal: Proposal) -> bool:
        if proposal.action != "drop" or not file.visible or file.path not in self.used:
            return False
        self.keeps[file.path] = self.used[file.path]
        return True

    def take(self, part: Part, file: File) -> None:
        """Give an entry that nobody has to a part."""
        if _key(file) not in self.taken:
            part.files[_key(file)] = file
            self.taken[_key(file)] = part

    def bring_back(self, path: str, reason: str) -> None:
        """Let the visible path stay after all."""
        file = self.table.visible[path]
        part = self.taken.pop(_key(file))
        del part.files[_key(file)]
        part.to.pop(_key(file), None)
        part.saves.pop(_key(file), None)
        self.keeps[path] = reason

    def part_of(self, path: str) -> Part | None:
        """Return the part that drops the visible path; None when it stays."""
        file = self.table.visible.get(path)
        part = self.taken.get(_key(file)) if file else None
        return part if part is not None and part.action == "drop" else None

    def gone(self) -> frozenset[Key]:
        """Return the entries that are dropped or linked."""
        return frozenset(self.taken)

    def left(self) -> dict[str, File]:
        """Return the visible entries that stay, by path."""
        dropped = {key for key, part in self.taken.items() if part.action == "drop"}
        return {path: file for path, file in self.table.visible.items() if (file.layer, file.index) not in dropped}

    def steps(self) -> tuple[Step, ...]:
        """Return the steps: by tier, then by bytes, largest first."""
        sizes = entry_sizes(self.table, frozenset(key for key, part in self.taken.items() if part.action == "drop"))
        made = (_step(part, sizes) for part in self.parts.values() if part.files)
        return tuple(sorted(made, key=lambda step: (step.tier, -step.disk, -step.pull, step.id)))


def _key(file: File) -> Key:
    return file.layer, file.index


def entry_sizes(table: FileTable, dropped: frozenset[Key]) -> Mapping[Key, tuple[int, int]]:
    """Return for entries whose content stays under a hard link that is kept what dropping them saves: nothing.

    Args:
        table: of the image.
        dropped: entries that go.

    Returns:
        (bytes on disk, bytes in the pull) by entry, only where it differs from the entry's own size and share.
    """
    return {holder: (0, 0) for link, holder in table.inodes.items() if holder in dropped and link not in dropped}


def _step(part: Part, sizes: Mapping[Key, tuple[int, int]]) -> Step:
    targets = {Target(file.layer, file.entry.path, part.to.get(key, "")): None for key, file in part.files.items()}
    sizes = {**sizes, **{key: _share(part.files[key], saved) for key, saved in part.saves.items()}}
    own = (sizes.get(key, (file.entry.size, file.pull)) for key, file in part.files.items())
    disk, pull = _sum(own)
    ordered = tuple(sorted(targets, key=lambda target: (target.layer, target.path)))
    return Step(part.id, part.action, part.tier, part.rule, part.reason, part.owner, ordered, disk, pull)


def _share(file: File, saved: int) -> tuple[int, int]:
    """Return bytes on disk and in the pull of a part of a file, as if its bytes were all alike."""
    return saved, file.pull * saved // max(1, file.entry.size)


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    disk = pull = 0
    for one, other in pairs:
        disk, pull = disk + one, pull + other
    return disk, pull
