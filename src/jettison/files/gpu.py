"""GPU code by architecture and kind, of each library: records, and how they are made from a file table."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jettison.elf.facts import ElfFacts
from jettison.elf.fatbin import entry_name
from jettison.files.record import FileTable
from jettison.finding import Skip


@dataclass(frozen=True, slots=True)
class GpuRow:
    """The GPU code of one kind and architecture in one section of a library.

    Attributes:
        path: of the library.
        owner: key of who brought it; empty for nobody.
        section: where in it; empty when that is not known.
        code: ``sm_90`` for machine code, ``compute_90`` for PTX, ``lto_90`` for LTO-IR, with ``a`` and ``f`` variants;
            ``kind16_90`` for kinds without a name.
        entries: how many.
        disk: bytes in the file, headers and padding included.
        raw: bytes once unpacked.
    """

    path: str
    owner: str
    section: str
    code: str
    entries: int
    disk: int
    raw: int


@dataclass(frozen=True, slots=True)
class GpuReport:
    """What ``jettison gpu`` gives.

    Attributes:
        reference: as the user wrote it.
        disk: bytes of all that was looked at: of an image, what its container sees.
        code: bytes of GPU code, the sum of the rows.
        libraries: how many files hold any.
        rows: by path, section, and in the order in which they are met.
        skips: libraries whose GPU code could not be read to its end, and why.
    """

    reference: str
    disk: int
    code: int
    libraries: int
    rows: tuple[GpuRow, ...]
    skips: tuple[Skip, ...]


def table_rows(table: FileTable) -> tuple[GpuRow, ...]:
    """Return the GPU code of what the container of an image sees; hard links count once."""
    return tuple(row for path, owner, facts in _libraries(table) for row in rows_of(path, owner, facts))


def table_skips(table: FileTable) -> tuple[Skip, ...]:
    """Return the libraries of an image whose GPU code could not be read to its end."""
    return tuple(Skip(path, facts.gpu_problem) for path, _, facts in _libraries(table) if facts.gpu_problem)


def _libraries(table: FileTable) -> Iterator[tuple[str, str, ElfFacts]]:
    for path, file in table.visible.items():
        facts = table.elfs.get((file.layer, file.index))
        if facts is not None and file.entry.type == "file":
            yield path, file.owner, facts


def rows_of(path: str, owner: str, facts: ElfFacts) -> Iterator[GpuRow]:
    """Give the rows of one library."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for group in facts.gpu:
        for entry, size, raw in zip(group.entries, group.sizes, group.raw, strict=True):
            cell = sums[group.section, entry_name(*entry)]
            cell[0] += group.count
            cell[1] += size
            cell[2] += raw
    for (section, code), cell in sums.items():
        yield GpuRow(path, owner, section, code, *cell)


def make_report(reference: str, disk: int, rows: Iterable[GpuRow], skips: Iterable[Skip]) -> GpuReport:
    """Add rows up."""
    found = tuple(rows)
    libraries = len({row.path for row in found})
    return GpuReport(reference, disk, sum(row.disk for row in found), libraries, found, tuple(skips))
