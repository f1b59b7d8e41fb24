"""Machine code for GPUs that the deployment does not have."""

from collections.abc import Iterator

from jettison.elf.arch import Choice, runnable, shown, wanted
from jettison.elf.facts import ElfFacts, GpuCode
from jettison.elf.prune import OWN_SECTIONS
from jettison.elf.treatment import Treatment, treatment_text
from jettison.files.record import File
from jettison.rules.pruning import prunable
from jettison.rules.record import Case, Key, Proposal, Rule

LEAST = 64 << 10
"""Bytes that a file must lose; below, it is not worth a change."""


def _propose(case: Case) -> Iterator[Proposal]:
    if case.gpu is None or case.gpu.choice is None:
        return
    names = ", ".join(map(shown, case.gpu.choice.targets))
    groups: dict[str, list[tuple[File, int]]] = {}
    for file, facts in prunable(case):
        saved = _saved(facts, case.gpu, case.gpu.choice)
        if saved >= LEAST:
            total = saved + (facts.debug_size if case.gpu.debug else 0)
            groups.setdefault(file.owner, []).append((file, min(total, file.entry.size)))
    text = treatment_text(case.gpu)
    for owner, pairs in sorted(groups.items()):
        saves: dict[Key, int] = {(file.layer, file.index): saved for file, saved in pairs}
        reason = (
            f"machine code for other GPUs than compute capability {names}; what the driver chooses there stays, "
            "byte for byte"
        )
        files = tuple(file for file, _ in pairs)
        yield Proposal(owner or "own-files", reason, files, owner, "prune", dict.fromkeys(saves, text), saves)


def _saved(facts: ElfFacts, treatment: Treatment, choice: Choice) -> int:
    return sum(_gone(group, treatment, choice) for group in facts.gpu)


def _gone(group: GpuCode, treatment: Treatment, choice: Choice) -> int:
    """Return the bytes of the entries of some fatbins that go."""
    if group.section in OWN_SECTIONS or not group.section:
        stays = set(wanted(group.entries, choice))
        if not stays and group.sizes:
            return sum(group.sizes) - min(group.sizes)
    elif treatment.level > 1:
        stays = set(runnable(group.entries, choice))
    else:
        return 0
    return sum(size for place, size in enumerate(group.sizes) if place not in stays)


GPU_CODE = Rule(
    "gpu-code",
    2,
    "machine code for GPUs that the deployment does not have",
    "CUDA libraries hold the same kernels for many architectures, and the driver loads one. For each GPU that --gpu "
    "names, every fatbin keeps all machine code of the nearest architecture that runs there, or else its newest PTX, "
    "and kinds of entries that the driver's rule does not cover; one without any keeps its smallest entry, so that the "
    "driver gives the same error as before. The library shrinks, and no address in it changes. NVIDIA's own libraries "
    "are left alone unless --gpu-scope all is given: their licence forbids to modify them.",
    (
        "…/torch/lib/libtorch_cuda.so is pruned: with --gpu h100 its code for sm_75, sm_80, sm_86, sm_100, sm_120 goes",
        "…/nvidia/cublas/lib/libcublasLt.so.12 stays as it is without --gpu-scope all",
    ),
    _propose,
)
