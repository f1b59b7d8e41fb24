"""GPU architectures: how people name them, what runs where, and what the CUDA driver would choose.

The rule of choice was measured on hardware by the public project bechirBOUALI/cuda-fatbin-precedence (41 cases): of
what can run, machine code before PTX, the nearest architecture, the older ABI, then the first cubin or the last PTX.
Only headers are read for it, payloads of losers never.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from jettison.elf.fatbin import CUBIN, EXACT, FAMILY, NEWER_ABI, PTX, Entry
from jettison.errors import UsageError

Ptx = Literal["needed", "newest", "all"]
GPUS = {
    "v100": 70, "titanv": 70, "xavier": 72,
    "t4": 75, "rtx2080": 75, "quadrortx6000": 75,
    "a100": 80, "a30": 80,
    "a10": 86, "a10g": 86, "a40": 86, "a16": 86, "a2": 86, "a6000": 86, "rtx3090": 86, "orin": 87,
    "l4": 89, "l40": 89, "l40s": 89, "rtx4090": 89, "rtx6000ada": 89,
    "h100": 90, "h200": 90, "h800": 90, "h20": 90, "gh200": 90,
    "b100": 100, "b200": 100, "gb200": 100, "b300": 103, "gb300": 103, "thor": 110,
    "rtx5090": 120, "rtxpro6000": 120, "gb10": 121, "dgxspark": 121,
}  # fmt: skip
"""Architecture by name of the GPU (NVIDIA, "CUDA GPU Compute Capability")."""
EXACT_ONLY = frozenset({72, 87, 88, 101, 110})
"""Architectures of systems on a chip: their plain cubins run nowhere else."""
_NUMBER = re.compile(r"(?:sm_?)?([0-9]{1,2})\.?([0-9])a?\Z")
_LEAST, _MOST = 50, 199


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be left of GPU code.

    Attributes:
        targets: architectures of the deployment's GPUs, ascending: 90 for compute capability 9.0.
        ptx: ``needed`` keeps PTX only where no machine code runs; ``newest`` keeps each fatbin's newest besides;
            ``all`` keeps all.
    """

    targets: tuple[int, ...]
    ptx: Ptx = "needed"


def parse_targets(text: str) -> tuple[int, ...]:
    """Read a list such as ``9.0,8.0``, ``sm_90`` or ``h100,a100``.

    Returns:
        architectures, ascending, each once.

    Raises:
        UsageError: a part is neither a compute capability nor the name of a GPU that is known.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise UsageError("--gpu names no GPU", hint="for example: --gpu h100,a100 or --gpu 9.0,8.0")
    return tuple(sorted({_target(part) for part in parts}))


def _target(part: str) -> int:
    name = re.sub(r"[\s_-]|^nvidia", "", part.lower())
    if name in GPUS:
        return GPUS[name]
    match = _NUMBER.match(part.lower())
    arch = int(match[1] + match[2]) if match else 0
    if not _LEAST <= arch <= _MOST:
        raise UsageError(
            f"--gpu: {part!r} is no GPU that is known", hint=f"a compute capability such as 9.0, or: {', '.join(GPUS)}"
        )
    return arch


def shown(arch: int) -> str:
    """Return an architecture as a compute capability: 90 as ``9.0``."""
    return f"{arch // 10}.{arch % 10}"


def runs(kind: int, arch: int, flags: int, target: int) -> bool:
    """Whether an entry can run on a GPU: as it is, or, for PTX, compiled by the driver.

    Args:
        kind: of the entry.
        arch: likewise.
        flags: likewise.
        target: architecture of the GPU.
    """
    if kind not in (PTX, CUBIN) or arch > target:
        return False
    if flags & EXACT or (kind == CUBIN and not flags & FAMILY and arch in EXACT_ONLY):
        return arch == target
    same_family = arch // 10 == target // 10
    return same_family if kind == CUBIN or flags & FAMILY else True


def runs_any(entry: Entry, targets: Iterable[int]) -> bool:
    """Whether an entry can run on one of some GPUs."""
    return any(runs(entry.kind, entry.arch, entry.flags, target) for target in targets)


def choose(entries: Sequence[Entry], target: int) -> Entry | None:
    """Return the entry that the driver would load on a GPU; None when it would say that there is none."""
    best: tuple[tuple[bool, int, bool, int], Entry] | None = None
    for place, entry in enumerate(entries):
        if runs(entry.kind, entry.arch, entry.flags, target):
            cubin = entry.kind == CUBIN
            rank = (cubin, entry.arch, not entry.flags & NEWER_ABI, -place if cubin else place)
            if best is None or rank > best[0]:
                best = rank, entry
    return best[1] if best else None


def wanted(entries: Sequence[tuple[int, int, int]], choice: Choice) -> tuple[int, ...]:
    """Return which entries of a fatbin stay, by their place in it.

    For each target: all machine code of the nearest architecture that runs there, or else the newest PTX that does.
    Kinds that the driver's rule does not cover (LTO-IR and others) always stay.

    Args:
        entries: kind, architecture and flags of each.
        choice: what is to be left.
    """
    keep = {place for place, (kind, _, _) in enumerate(entries) if kind not in (PTX, CUBIN)}
    for target in choice.targets:
        for kind in (CUBIN, PTX):
            able = [place for place, entry in enumerate(entries) if entry[0] == kind and runs(*entry, target)]
            if able:
                keep |= _nearest(entries, able)
                break
    texts = [place for place, (kind, _, _) in enumerate(entries) if kind == PTX]
    if choice.ptx == "all":
        keep.update(texts)
    elif choice.ptx == "newest" and texts:
        keep |= _nearest(entries, texts)
    return tuple(sorted(keep))


def _nearest(entries: Sequence[tuple[int, int, int]], places: Iterable[int]) -> set[int]:
    places = tuple(places)
    newest = max(entries[place][1] for place in places)
    return {place for place in places if entries[place][1] == newest}


def runnable(entries: Sequence[tuple[int, int, int]], choice: Choice) -> tuple[int, ...]:
    """Return which entries stay where a library chooses by itself: all that any target could run, and unknown kinds.

    Args:
        entries: kind, architecture and flags of each.
        choice: what is to be left.
    """
    return tuple(
        place
        for place, (kind, arch, flags) in enumerate(entries)
        if kind not in (PTX, CUBIN)
        or any(runs(kind, arch, flags, target) for target in choice.targets)
        or (kind == PTX and choice.ptx == "all")
    )
