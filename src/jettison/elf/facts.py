"""What Jettison knows of an ELF file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GpuCode:
    """Fatbins of one section of a file that hold the same kinds of entries, added up.

    Attributes:
        section: name of the section they lie in; empty when in none.
        entries: kind, architecture and flags of each entry, in order, as in :class:`jettison.elf.fatbin.Entry`.
        count: number of such fatbins.
        sizes: by entry, bytes in the file over all of them, headers and padding included.
        raw: by entry, bytes once unpacked over all of them.
    """

    section: str
    entries: tuple[tuple[int, int, int], ...]
    count: int
    sizes: tuple[int, ...]
    raw: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ElfFacts:
    """The facts of one ELF file that later steps use.

    Attributes:
        machine: ``e_machine`` (62 x86-64, 183 aarch64).
        bits: 32 or 64.
        type: ``exec``, ``dyn``, ``rel``, ``core`` or ``other``.
        interpreter: PT_INTERP; empty when none.
        soname: DT_SONAME; empty when none.
        needed: DT_NEEDED in order.
        rpath: DT_RPATH split at colons.
        runpath: DT_RUNPATH split at colons.
        gpu_size: bytes of ``.nv_fatbin`` and ``__nv_relfatbin`` sections, and of fatbins elsewhere.
        gpu: the fatbins, by section and what they hold.
        gpu_problem: where and why fatbins could not be read to their end; empty when all could.
        build_id: NT_GNU_BUILD_ID in hexadecimal, by which debug information is found elsewhere; empty when none.
        debug_size: bytes of ``.debug*``, ``.zdebug*``, ``.symtab`` and ``.strtab`` sections.
        complete: False when the dynamic section could not be read in the pass; then ``problem`` says why, and the
            file is kept and its needs are unknown.
        problem: why it is not complete, or what is malformed; empty when all is well.
    """

    machine: int
    bits: int
    type: str
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    gpu_size: int = 0
    gpu: tuple[GpuCode, ...] = ()
    gpu_problem: str = ""
    build_id: str = ""
    debug_size: int = 0
    complete: bool = True
    problem: str = ""
