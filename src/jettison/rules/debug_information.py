"""Debug information and symbol tables inside libraries."""

from collections.abc import Iterator

from jettison.elf.treatment import Treatment, treatment_text
from jettison.files.record import File
from jettison.rules.pruning import prunable
from jettison.rules.record import Case, Key, Proposal, Rule

LEAST = 1 << 20
"""Bytes that a file must lose; below, it is not worth a change."""


def _propose(case: Case) -> Iterator[Proposal]:
    groups: dict[str, list[tuple[File, int]]] = {}
    for file, facts in prunable(case):
        if facts.debug_size >= LEAST:
            groups.setdefault(file.owner, []).append((file, min(facts.debug_size, file.entry.size)))
    text = treatment_text(Treatment(None))
    for owner, pairs in sorted(groups.items()):
        saves: dict[Key, int] = {(file.layer, file.index): saved for file, saved in pairs}
        files = tuple(file for file, _ in pairs)
        reason = "debug information and symbol tables that are not mapped: only debuggers read them"
        yield Proposal(owner or "own-files", reason, files, owner, "prune", dict.fromkeys(saves, text), saves)


DEBUG_INFORMATION = Rule(
    "debug-information",
    1,
    "debug information and symbol tables inside libraries",
    "The sections .debug*, .symtab and .strtab are not mapped when a library is loaded; dynamic symbols, which linking "
    "at run time uses, are others. They are cut out, and every byte that is mapped stays as it was. Stack traces of "
    "native code lose the names of functions that are not exported. Only libraries that lose a megabyte or more are "
    "changed.",
    (
        "…/triton/_C/libtriton.so is pruned: it holds 314 MB of debug information",
        "a set-id program, or one with extended attributes, stays as it is",
    ),
    _propose,
)
