"""Libraries are pruned: they shrink, no address changes, and whatever does not hold is found."""

import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.fatbins import ZSTD, Library, Made, cubin, fatbin, lto, memory_of, ptx

from jettison.elf.arch import Choice, choose
from jettison.elf.bytes import FileBytes
from jettison.elf.fatbin import EXACT, Fatbin, read_fatbin_at, read_fatbins
from jettison.elf.layout import AARCH64, X86_64, read_layout
from jettison.elf.prune import Pruned, prune
from jettison.elf.treatment import Treatment
from jettison.elf.verify import verify_pruned
from jettison.errors import BadInputError

BIG = 300_000
H100 = Treatment(Choice((90,)))
DEEP = Treatment(Choice((90,)), 2)
USUAL = Library(
    own=[
        fatbin(cubin(80, BIG), cubin(90, 5000), ptx(90, 900)),
        fatbin(cubin(75, BIG), cubin(80, 1000)),
        fatbin(cubin(90, 2000, fill=1), lto(90, 300), cubin(80, 70_000, fill=1)),
        fatbin(cubin(80, 900), ptx(80, 800), ptx(70, 700)),
    ],
    relocatable=[fatbin(cubin(70, 100_000), cubin(90, 4000))],
    inside=[fatbin(cubin(80, BIG), cubin(90, 100))],
    debug=50_000,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder."""
    return tmp_path


def pruned(folder: Path, data: bytes, treatment: Treatment, *, proved: bool = True) -> tuple[bytes, Pruned]:
    """Prune a library, prove it, and return it."""
    old, new = folder / "old.so", folder / "new.so"
    old.write_bytes(data)
    new.unlink(missing_ok=True)
    done = prune(old, treatment, new)
    if not done.changed:
        assert not new.exists()
        return data, done
    if proved:
        assert problems(folder, treatment) == ()
    made = new.read_bytes()
    assert done.size == len(made)
    return made, done


def problems(folder: Path, treatment: Treatment) -> tuple[str, ...]:
    """Return what does not hold of the two files in the folder."""
    with FileBytes(folder / "old.so") as old, FileBytes(folder / "new.so") as new:
        return verify_pruned(old, new, treatment).problems


def registered(data: bytes) -> list[Fatbin]:
    """Return the fatbins that the CUDA runtime would register, read from memory through the pointers in it."""
    layout = read_layout(_Held(data))
    memory = memory_of(data)

    def read(address: int, size: int) -> bytes:
        start = max(each for each in memory if each <= address)
        return memory[start][address - start :][:size]

    section = next(each for each in layout.sections if each.name == ".nvFatBinSegment")
    rela = next(each for each in layout.sections if each.name == ".rela.dyn")
    moved = {slot: to for slot, _, to in struct.iter_unpack("<QQq", data[rela.offset : rela.end])}
    found = []
    for at in range(section.addr, section.addr + section.size, 24):
        address = moved.get(at + 8) or struct.unpack("<Q", read(at + 8, 8))[0]
        fatbin_there = read_fatbin_at(read, address, 1 << 40)
        assert fatbin_there is not None
        found.append(fatbin_there)
    return found


class _Held(bytes):
    """Bytes in memory, as :class:`jettison.elf.layout.Data`."""

    def __getitem__(self, part: slice) -> bytes:  # type: ignore[override] # slices are all that is asked for
        return bytes(self)[part]


def payload(data: bytes, fatbin_there: Fatbin, target: int) -> bytes | None:
    """Return header and payload of what the driver chooses in a fatbin that lies in memory."""
    entry = choose(fatbin_there.entries, target)
    if entry is None:
        return None
    memory = memory_of(data)
    start = max(each for each in memory if each <= entry.offset)
    return memory[start][entry.offset - start : entry.end - start]


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("room", [0, 4096])
@pytest.mark.parametrize("treatment", [H100, DEEP], ids=["1", "2"])
def test_shrinks(folder: Path, machine: int, room: int, treatment: Treatment, *, packed: bool) -> None:
    """What cannot run leaves the file; the driver's choice in every registered fatbin is byte for byte as before."""
    big = 8 if machine == AARCH64 else 1  # pages of aarch64 are 16 times as large
    library = Library(
        own=[fatbin(cubin(80, big * BIG), cubin(90, 5000)), *USUAL.own],
        relocatable=USUAL.relocatable, inside=[fatbin(cubin(80, 4 * big * BIG), cubin(90, 100))],
        machine=machine, packed=packed, room=room, debug=50_000,
    )  # fmt: skip
    data = library.build()
    new, done = pruned(folder, data, treatment)
    assert done.notes == ()
    gone = (big + 2) * BIG + 50_000 + (4 * big * BIG if treatment.level == 2 else 0)
    assert len(data) - gone - 200_000 < len(new) < len(data) - gone + (1 << 21 if machine == AARCH64 else 1 << 17)
    before, after = registered(data), registered(new)
    assert len(before) == len(after) == 6
    for one, other in zip(before, after, strict=True):
        assert payload(data, one, 90) == payload(new, other, 90)
        assert len(other.entries) <= len(one.entries)
    old_layout, new_layout = read_layout(_Held(data)), read_layout(_Held(new))
    assert new_layout.dynamic == old_layout.dynamic
    assert [(each.name, each.type) for each in new_layout.sections[:10]] == [
        (each.name, each.type) for each in old_layout.sections[:10]
    ]


def test_other_bytes_stay(folder: Path) -> None:
    """Outside of fatbins and the pointers to them, memory is as it was, address for address."""
    data = USUAL.build()
    new, _ = pruned(folder, data, H100)
    layout = read_layout(_Held(data))
    before = memory_of(data)
    after: dict[int, bytearray] = {}
    for start, part in sorted(memory_of(new).items()):
        base = max(each for each in before if each <= start)
        after.setdefault(base, bytearray(len(before[base])))[start - base : start - base + len(part)] = part
    changed = (".nv_fatbin", "__nv_relfatbin", ".rela.dyn")
    for section in layout.sections:
        if section.addr and section.name not in changed:
            base = max(each for each in before if each <= section.addr)
            place = slice(section.addr - base, section.addr - base + section.size)
            assert before[base][place] == after[base][place], section.name


@pytest.mark.parametrize("treatment", [H100, DEEP, Treatment(Choice((80, 90), "newest")), Treatment(None)])
def test_idempotent(folder: Path, treatment: Treatment) -> None:
    """What was pruned has nothing more that goes."""
    new, done = pruned(folder, USUAL.build(), treatment)
    assert done.changed
    again, done = pruned(folder, new, treatment)
    assert not done.changed
    assert again == new


def test_composable(folder: Path) -> None:
    """Pruned for two GPUs and then for one, a library leaves what it leaves when it is pruned for the one at once."""
    data = USUAL.build()
    both, _ = pruned(folder, data, Treatment(Choice((80, 90))))
    later, _ = pruned(folder, both, DEEP)
    once, _ = pruned(folder, data, DEEP)
    assert len(later) < len(both)
    for one, other in zip(registered(later), registered(once), strict=True):
        assert payload(later, one, 90) == payload(once, other, 90)


def test_stub(folder: Path) -> None:
    """A fatbin without anything that runs keeps one entry that does not run, so that the driver errs as before."""
    new, _ = pruned(folder, USUAL.build(), Treatment(Choice((121,))))
    for found in registered(new)[1:2]:
        assert [entry.name for entry in found.entries] == ["sm_90"]
        assert found.end - found.offset == 16 + 64 + 104, "the library's smallest"
        assert choose(found.entries, 121) is None


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"twice": frozenset({1})}, "2 relocations point at one"),
        ({"named": frozenset({1})}, "a symbol, code or a relocation of another kind points into one"),
        ({"coded": frozenset({1})}, "a symbol, code or a relocation of another kind points into one"),
        ({"coded": frozenset({1}), "machine": AARCH64}, "code points into one"),
    ],
)
def test_what_must_not_move(folder: Path, more: dict[str, object], says: str) -> None:
    """A fatbin at which something else points stays at its place, emptied; the note says why; the others move."""
    library = Library(own=USUAL.own, **more)  # type: ignore[arg-type] # fields of it
    data = library.build()
    new, done = pruned(folder, data, H100)
    assert len(done.notes) == 1
    assert ".nv_fatbin: " in done.notes[0]
    assert says in done.notes[0]
    before, after = registered(data), registered(new)
    assert before[1].offset == after[1].offset
    assert [entry.name for entry in after[1].entries] == ["sm_75", "sm_80"]
    assert payload(data, before[2], 90) == payload(new, after[2], 90)


def test_section_that_is_not_tidy(folder: Path) -> None:
    """A section with other bytes between fatbins is emptied in place; nothing in it moves."""
    data = Library(own=USUAL.own, gap=16).build()
    fat = next(each for each in read_layout(_Held(data)).sections if each.name == ".nv_fatbin")
    holed = bytearray(data)
    place = fat.offset + len(USUAL.own[0])
    holed[place : place + 4] = b"what"
    new, done = pruned(folder, bytes(holed), H100)
    assert "are no fatbin: what cannot run is emptied in place" in done.notes[0]
    assert [each.offset for each in registered(new)] == [each.offset for each in registered(bytes(holed))]
    assert len(new) < len(data) - BIG


def test_malformed_fatbin_stays(folder: Path) -> None:
    """A fatbin that cannot be read to its end stays, byte for byte."""
    data = bytearray(Library(own=USUAL.own).build())
    layout = read_layout(_Held(bytes(data)))
    fat = next(each for each in layout.sections if each.name == ".nv_fatbin")
    at = fat.offset + len(USUAL.own[0]) + 16 + 64 + BIG
    data[at + 2] ^= 0xFF
    new, done = pruned(folder, bytes(data), H100)
    assert "its version is" in done.notes[0]
    place = registered(bytes(data))[1].offset
    memory = memory_of(new)
    size = len(USUAL.own[1])
    found = b"".join(memory[start] for start in sorted(memory) if start <= place + size)
    assert bytes(data[fat.offset + len(USUAL.own[0]) :][:size]) in found


def test_debug_information(folder: Path) -> None:
    """Debug sections go from libraries without GPU code as well, and only those; headers of others keep their index."""
    data = Library(debug=200_000).build()
    new, _ = pruned(folder, data, Treatment(None))
    assert len(data) - 200_100 < len(new) < len(data) - 199_000
    old_names = [each.name for each in read_layout(_Held(data)).sections]
    new_names = [each.name for each in read_layout(_Held(new)).sections]
    assert [name or ".debug_info" for name in new_names[1:]] == old_names[1:]


def test_nothing_behind_it(folder: Path) -> None:
    """A program that carries an archive behind its last header is refused; a little padding is none."""
    data = USUAL.build()
    with pytest.raises(BadInputError, match=r"7 bytes at [0-9]+ lie behind all that its headers speak of"):
        pruned(folder, data + b"archive", H100)
    with pytest.raises(BadInputError, match="5000 bytes"):
        pruned(folder, data + bytes(5000), H100)
    assert not (folder / "new.so").exists()
    assert pruned(folder, data + bytes(20), H100)[1].changed


def test_does_not_grow(folder: Path) -> None:
    """Where only a little is emptied in place, a file keeps its size."""
    data = Library(inside=[fatbin(cubin(80, 800), cubin(90, 100))]).build()
    new, _ = pruned(folder, data, Treatment(Choice((90,)), 2, debug=False))
    assert len(new) == len(data)


def test_nothing_to_do(folder: Path) -> None:
    """A library that runs on the target as a whole is left alone."""
    _, done = pruned(folder, Library(own=[fatbin(cubin(90, 10))]).build(), H100)
    assert not done.changed


def test_variants_and_packed_payloads(folder: Path) -> None:
    """Entries of one architecture all stay, exact variants and packed ones too, in their order."""
    kept = (cubin(90, 300, flags=EXACT | ZSTD), Made(2, 90, b"x" * 100, ZSTD, 112, 400), cubin(90, 50))
    data = Library(own=[fatbin(cubin(80, BIG, flags=ZSTD), *kept, ptx(90, 100))]).build()
    new, _ = pruned(folder, data, H100)
    (found,) = registered(new)
    assert [entry.name for entry in found.entries] == ["sm_90a", "sm_90", "sm_90"]
    assert b"".join(each.pack() for each in kept) in new


@pytest.mark.skipif(struct.calcsize("P") != 8 or shutil.which("readelf") is None, reason="no 64-bit binutils")
def test_tools_read_it(folder: Path) -> None:
    """Binutils' readelf finds nothing to warn of in a pruned library."""
    pruned(folder, USUAL.build(), DEEP)
    done = subprocess.run(
        ["readelf", "-lSdrW", folder / "new.so"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    )
    assert done.stderr == ""
    assert "Warning" not in done.stdout


def test_loads(folder: Path) -> None:
    """The system's loader maps a pruned library as it maps the original."""
    if not _is_x86():
        pytest.skip("the library is for x86-64")
    for treatment in (H100, DEEP):
        pruned(folder, USUAL.build(), treatment)
        for name in ("old.so", "new.so"):
            code = f"import ctypes, os; ctypes.CDLL({str(folder / name)!r}, os.RTLD_NOW)"
            subprocess.run([sys.executable, "-c", code], check=True)


def _is_x86() -> bool:
    data = Path("/proc/self/exe").read_bytes()[:20]
    return data[:4] == b"\x7fELF" and data[4] == 2 and data[18] == X86_64


ENTRIES = st.lists(
    st.one_of(
        st.builds(cubin, st.sampled_from([75, 80, 86, 90, 100]), st.sampled_from([8, 1000, 70_000, 140_000])),
        st.builds(ptx, st.sampled_from([70, 80, 90]), st.sampled_from([10, 5000])),
        st.builds(lto, st.just(90)),
    ),
    min_size=1,
    max_size=4,
).map(lambda made: fatbin(*made))
LIBRARIES = st.builds(
    Library,
    own=st.lists(ENTRIES, max_size=5),
    relocatable=st.lists(ENTRIES, max_size=2),
    inside=st.lists(ENTRIES, max_size=2),
    packed=st.booleans(),
    room=st.sampled_from([0, 200, 4096]),
    debug=st.sampled_from([0, 10, 9000]),
    gap=st.sampled_from([0, 8]),
)
TREATMENTS = st.builds(
    Treatment,
    st.builds(
        Choice,
        st.sampled_from([(90,), (80, 90), (75,), (86, 100), (121,)]),
        st.sampled_from(["needed", "newest", "all"]),
    ),
    st.sampled_from([1, 2]),
    st.booleans(),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that lives as long as a property test."""
    return tmp_path_factory.mktemp("pruned")


@given(LIBRARIES, TREATMENTS)
@settings(max_examples=60)
def test_any_library(place: Path, library: Library, treatment: Treatment) -> None:
    """Whatever a library holds and whatever goes, the proof holds and the driver's choices are the same."""
    data = library.build()
    new, done = pruned(place, data, treatment)
    assert done.size <= len(data) + 64 * 500
    assert treatment.choice is not None
    for one, other in zip(registered(data), registered(new), strict=True):
        for target in treatment.choice.targets:
            assert payload(data, one, target) == payload(new, other, target)


@given(st.data())
@settings(max_examples=150)
def test_every_change_is_found(place: Path, draw: st.DataObject) -> None:
    """A byte that differs where a process or the driver would see it does not pass."""
    data = USUAL.build()
    treatment = draw.draw(st.sampled_from([H100, DEEP]))
    new, _ = pruned(place, data, treatment, proved=False)
    at = draw.draw(st.sampled_from(sorted(_seen(data, new))))
    damaged = bytearray(new)
    damaged[at] ^= draw.draw(st.integers(1, 255))
    (place / "new.so").write_bytes(damaged)
    assert problems(place, treatment) != ()


def _seen(old: bytes, new: bytes) -> Iterator[int]:
    """Give places in a pruned file of which every bit counts: some of each section, all of what the driver loads."""
    layout = read_layout(_Held(new))
    for section in layout.sections:
        if section.name in (".text", ".dynsym", ".dynstr", ".dynamic", ".nvFatBinSegment", ".rela.dyn"):
            yield from range(section.offset, section.end)
    for found in registered(new):
        if (entry := choose(found.entries, 90)) is not None:
            at = layout.offset_of(entry.offset)
            yield from range(at + entry.head, at + entry.head + entry.stored, 97)
    del old


@given(st.data())
@settings(max_examples=200)
def test_hostile(place: Path, draw: st.DataObject) -> None:
    """A damaged library is refused, with nothing written, or is pruned to what is proved or refused; nothing else."""
    library = Library(own=USUAL.own[:2], relocatable=USUAL.relocatable, inside=USUAL.inside, debug=5000)
    data = bytearray(library.build())
    layout = read_layout(_Held(bytes(data)))
    targets = [*range(64 + 56 * 5), *range(len(data) - 64 * len(layout.sections), len(data))]
    for section in layout.sections[1:]:
        targets += range(section.offset, min(section.end, section.offset + 200))
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.sampled_from(targets))
        noise = draw.draw(st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 8, bytes(8)])))
        data[at : at + len(noise)] = noise
    del data[draw.draw(st.sampled_from([len(data), len(data), len(data) // 2, 100])) :]
    try:
        treatment = draw.draw(st.sampled_from([H100, DEEP]))
        new, done = pruned(place, bytes(data), treatment, proved=False)
        if done.changed and not problems(place, treatment):
            _same_code(bytes(data), new)
    except BadInputError:
        assert not (place / "new.so").exists()


def _same_code(old: bytes, new: bytes) -> None:
    """Check that executable segments are as they were, whatever else was damaged."""
    layouts = [read_layout(_Held(data)) for data in (old, new)]
    code = [[each for each in layout.loads if each.flags & 1] for layout in layouts]
    before, after = memory_of(old), memory_of(new)
    for load in code[0]:
        inside = [each for each in code[1] if load.vaddr <= each.vaddr < load.vaddr + load.memsz]
        assert sum(each.memsz for each in inside) == load.memsz
        if len(inside) == 1:
            assert before[load.vaddr] == after[load.vaddr]


def test_every_fatbin_is_found_again(folder: Path) -> None:
    """Level 1 leaves files that are read as before: each fatbin once, to its end."""
    new, _ = pruned(folder, USUAL.build(), H100)
    found = read_fatbins(lambda offset, size: new[offset : offset + size], len(new))
    assert len(found) == 6
    assert all(not each.problem for each in found)
