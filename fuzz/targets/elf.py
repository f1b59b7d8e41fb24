"""ELF files in passing: any bytes give facts, or none; nothing is raised."""

from tests.helpers.elves import elf_bytes

from jettison.elf.observer import ElfObserver
from jettison.elf.read import facts_from_json

CORPUS = (
    elf_bytes(
        needed=["libc.so.6", "libm.so.6"], soname="libx.so.1", runpath="$ORIGIN/../lib:/opt", interpreter="/lib/ld.so"
    ),
    elf_bytes(needed=["liba.so"], bits=32, machine=3, kind=2, sections={".text": 8, ".debug_info": 9, ".nv_fatbin": 3}),
    elf_bytes(needed=["liba.so"], rpath="/r", strings_last=True, pad=300),
)


def run(data: bytes) -> None:
    """Feed the input whole and in small pieces; both must say the same."""
    results = []
    for piece in (len(data) or 1, 7):
        sink = ElfObserver().begin("lib/libx.so", len(data))
        if sink is None:
            return
        for at in range(0, len(data), piece):
            sink.feed(memoryview(data)[at : at + piece])
        value = sink.finish()
        results.append(None if value is None else facts_from_json(value))
    if results[0] != results[1]:
        raise AssertionError(results)
