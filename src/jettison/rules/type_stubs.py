"""Type stubs: type checkers and editors read them, programs do not."""

from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.inside import select
from jettison.rules.names import matches
from jettison.rules.record import Case, Proposal, Rule

READS_STUBS = ("lazy-loader",)
STUB_READERS = (
    "jedi",
    "mypy",
    "pytype",
    "pyre-check",
    "pyright",
    "basedpyright",
    "pylance",
    "stubdefaulter",
    "typeshed*",
)
"""Distributions that read .pyi files at run time; and those that depend on lazy-loader, which attaches stubs."""


def _propose(case: Case) -> Iterator[Proposal]:
    owners = case.scene.table.owners
    readers = {key for key, owner in owners.items() if _reads_stubs(owner.name.lower(), owner.depends)}

    def wanted(file: File) -> bool:
        return file.path.endswith(".pyi") and file.owner not in readers

    yield from select(case, wanted, "type stubs: type checkers and editors read them, programs do not")


def _reads_stubs(name: str, depends: tuple[tuple[str, ...], ...]) -> bool:
    if matches(name, STUB_READERS):
        return True
    return any(each in READS_STUBS for group in depends for each in group)


STUBS = Rule(
    "type-stubs",
    1,
    "type stubs (.pyi)",
    "py.typed stays. Distributions that load submodules lazily from their stubs (lazy-loader: scikit-image, librosa …) "
    "keep them, and so do type checkers.",
    ("…/torch/_C/__init__.pyi goes", "…/skimage/__init__.pyi stays: lazy-loader reads it"),
    _propose,
)
