"""Facts of ELF files, from whole files and in passing."""

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.elves import AARCH64, I386, elf_bytes

from jettison.elf import observer
from jettison.elf.facts import ElfFacts, GpuCode
from jettison.elf.observer import ElfObserver, _ElfSink
from jettison.elf.parse import parse_build_id
from jettison.elf.read import facts_from_json, facts_to_json
from jettison.errors import BadInputError

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1, max_size=20)


def facts_of(data: bytes, piece: int = 1 << 20, path: str = "lib/libx.so") -> ElfFacts | None:
    """Feed ``data`` in pieces to the observer."""
    sink = ElfObserver().begin(path, len(data))
    if sink is None:
        return None
    for at in range(0, len(data), piece):
        sink.feed(memoryview(data)[at : at + piece])
    value = sink.finish()
    return None if value is None else facts_from_json(value)


@given(
    needed=st.lists(NAMES, max_size=5),
    soname=st.one_of(st.just(""), NAMES),
    runpath=st.one_of(st.just(""), NAMES),
    bits=st.sampled_from([32, 64]),
    last=st.booleans(),
    piece=st.sampled_from([1, 63, 512, 1 << 20]),
)
def test_strings(needed: list[str], soname: str, runpath: str, bits: int, last: bool, piece: int) -> None:  # noqa: FBT001 -- hypothesis
    """Whatever names a file holds, wherever its strings lie and however it is cut, the facts say the same."""
    data = elf_bytes(needed=needed, soname=soname, runpath=runpath, bits=bits, strings_last=last, machine=AARCH64)
    facts = facts_of(data, piece)
    assert facts is not None
    assert (facts.needed, facts.soname, facts.bits, facts.machine) == (tuple(needed), soname, bits, AARCH64)
    assert facts.runpath == ((runpath,) if runpath else ())
    assert facts.complete


@pytest.mark.parametrize("strings_last", [False, True])
@pytest.mark.parametrize("piece", [4096, 65536, 1 << 20])
def test_large_file(monkeypatch: pytest.MonkeyPatch, piece: int, *, strings_last: bool) -> None:
    """Of a file too large to hold, what matters is kept as it comes by, and little else."""
    monkeypatch.setattr(observer, "WHOLE", 1 << 16)
    data = elf_bytes(
        needed=["liba.so"], soname="libx.so.1", interpreter="/lib/ld.so", pad=4 << 20, strings_last=strings_last,
        sections={".text": 10, ".nv_fatbin": 1000, ".debug_info": 70, ".symtab": 5},
    )  # fmt: skip
    sink = ElfObserver().begin("lib/libx.so", len(data))
    assert sink is not None
    for at in range(0, len(data), piece):
        sink.feed(data[at : at + piece])
    assert isinstance(sink, _ElfSink)
    held = sum(len(window.data) for window in sink._windows)
    facts = facts_from_json(sink.finish() or {})
    assert facts.needed == ("liba.so",)
    assert (facts.soname, facts.interpreter) == ("libx.so.1", "/lib/ld.so")
    assert (facts.gpu_size, facts.debug_size) == (1000, 75)
    assert facts.complete
    assert held < 600_000


def test_outside_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strings that lie in none of the places that are held make the facts incomplete, with a reason."""
    monkeypatch.setattr(observer, "WHOLE", 0)
    monkeypatch.setattr(observer, "HEAD", 64)
    data = elf_bytes(needed=["liba.so"], pad=1 << 20)
    facts = facts_of(data, 4096)
    assert facts is not None
    assert not facts.complete
    assert "outside what is held" in facts.problem


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.txt", elf_bytes()), ("a", b"\x7fELF"), ("a", b"#!/bin/sh\n" * 10), ("a", b"\x7fEL" + bytes(100))],
)
def test_not_elf(name: str, data: bytes) -> None:
    """What is not ELF by its name, size or magic has no facts."""
    assert facts_of(data, 2, name) is None


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(1, 64))
def test_malformed(noise: bytes, at: int, piece: int) -> None:
    """A damaged file has facts that say so; it never stops the read of a layer."""
    data = bytearray(elf_bytes(needed=["liba.so", "libb.so"], soname="x", sections={".text": 4, ".debug_x": 4}))
    data[at : at + len(noise)] = noise
    facts = facts_of(bytes(data), piece)
    assert facts is None or facts.complete or facts.problem


@given(st.binary(max_size=300))
def test_noise_behind_the_magic(noise: bytes) -> None:
    """Any bytes behind the magic are read without an error."""
    facts = facts_of(b"\x7fELF\x02\x01\x01" + noise.ljust(64, b"\0"))
    assert facts is not None


def test_lying_tables() -> None:
    """Tables that claim more than the file holds are a problem, found without reading them."""
    data = bytearray(elf_bytes(needed=["liba.so"]))
    struct.pack_into("<H", data, 56, 0xFFFF)
    facts = facts_of(bytes(data))
    assert facts is not None
    assert "program headers" in facts.problem


def test_json_round_trip() -> None:
    """Facts come back from JSON as they were; a damaged cache is an error."""
    code = GpuCode(".nv_fatbin", ((2, 90, 0x100000), (1, 90, 0)), 3, (10, 20), (30, 40))
    facts = ElfFacts(
        I386,
        32,
        "exec",
        "/lib/ld.so",
        "",
        ("a",),
        ("r",),
        (),
        5,
        (code,),
        "stops",
        "0a1b",
        6,
        complete=False,
        problem="why",
    )
    assert facts_from_json(facts_to_json(facts)) == facts
    with pytest.raises(BadInputError):
        facts_from_json({"machine": 62, "bits": 64, "type": "dyn", "needed": [1]})
    with pytest.raises(BadInputError):
        facts_from_json({})
    for gpu in ([[".x", [[1, 2, 3]], 1, [], []]], [[".x", [[1, 2]], 1, [1], [1]]], [1], ["abcde"]):
        with pytest.raises(BadInputError):
            facts_from_json({"machine": 62, "bits": 64, "type": "dyn", "gpu": gpu})


@given(st.binary(max_size=60), st.integers(0, 3))
def test_build_id(noise: bytes, before: int) -> None:
    """The build ID is found behind other notes; any bytes are read without an error, in bounded steps."""
    other = struct.pack("<III", 4, 5, 1) + b"GNU\0" + b"abcde\0\0\0"
    wanted = struct.pack("<III", 4, 20, 3) + b"GNU\0" + bytes(range(20))
    assert parse_build_id(other * before + wanted + noise) == bytes(range(20)).hex()
    assert parse_build_id(wanted[:-1]) == ""
    parse_build_id(noise)


def test_this_interpreter() -> None:
    """The interpreter that runs the tests needs the C library."""
    data = Path(sys.executable).resolve().read_bytes()
    if data[:4] != b"\x7fELF":
        pytest.skip("not an ELF interpreter")
    facts = facts_of(data)
    assert facts is not None
    assert any(name.startswith(("libc.", "libpython")) for name in facts.needed)
    assert facts.interpreter
