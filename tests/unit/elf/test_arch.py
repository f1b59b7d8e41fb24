"""What runs where, what the driver chooses, and what stays so that it chooses the same."""

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.elf.arch import GPUS, Choice, Ptx, choose, parse_targets, runnable, runs, shown, wanted
from jettison.elf.fatbin import CUBIN, EXACT, FAMILY, LTO, NEWER_ABI, PTX, Entry
from jettison.errors import UsageError

ARCHES = (50, 52, 60, 61, 70, 72, 75, 80, 86, 87, 88, 89, 90, 100, 101, 103, 110, 120, 121)
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([PTX, CUBIN, CUBIN, LTO, 16]),
        st.sampled_from(ARCHES),
        st.sampled_from([0, 0, EXACT, FAMILY, NEWER_ABI, NEWER_ABI | EXACT]),
    ),
    max_size=8,
)
CHOICES = st.builds(
    Choice,
    st.lists(st.sampled_from(ARCHES), min_size=1, max_size=3, unique=True).map(lambda each: tuple(sorted(each))),
    st.sampled_from(["needed", "newest", "all"]),
)


def entries_of(triples: Sequence[tuple[int, int, int]]) -> list[Entry]:
    """Return entries at different places."""
    return [Entry(*triple, 16 + 64 * place, 64, 0, 0) for place, triple in enumerate(triples)]


def naive(entries: Sequence[Entry], target: int) -> Entry | None:
    """Choose as the driver does, one sentence of its rule after another."""

    def able(entry: Entry) -> bool:
        major, minor = divmod(entry.arch, 10)
        mine = divmod(target, 10)
        if entry.kind not in (PTX, CUBIN):
            return False
        if entry.flags & EXACT:
            return (major, minor) == mine
        if entry.kind == PTX:
            return (major, minor) <= mine and (not entry.flags & FAMILY or major == mine[0])
        if not entry.flags & FAMILY and entry.arch in {72, 87, 88, 101, 110}:
            return (major, minor) == mine
        return major == mine[0] and minor <= mine[1]

    left = [entry for entry in entries if able(entry)]
    if any(entry.kind == CUBIN for entry in left):
        left = [entry for entry in left if entry.kind == CUBIN]
    left = [entry for entry in left if entry.arch == max(each.arch for each in left)]
    if any(not entry.flags & NEWER_ABI for entry in left):
        left = [entry for entry in left if not entry.flags & NEWER_ABI]
    if not left:
        return None
    return left[0] if left[0].kind == CUBIN else left[-1]


@given(ENTRIES, st.sampled_from(ARCHES))
def test_choice(triples: list[tuple[int, int, int]], target: int) -> None:
    """The entry that is chosen is the one that the driver's rule leaves, sentence by sentence."""
    entries = entries_of(triples)
    assert choose(entries, target) == naive(entries, target)


@given(ENTRIES, CHOICES)
def test_what_stays(triples: list[tuple[int, int, int]], choice: Choice) -> None:
    """For every target the driver chooses the same among what stays as among all; unknown kinds all stay."""
    entries = entries_of(triples)
    places = wanted(triples, choice)
    left = [entries[place] for place in places]
    assert list(places) == sorted(set(places))
    for target in choice.targets:
        assert naive(left, target) == naive(entries, target)
    assert [each for each in entries if each.kind not in (PTX, CUBIN)] == [
        each for each in left if each.kind not in (PTX, CUBIN)
    ]
    assert set(wanted([triples[place] for place in places], choice)) == set(range(len(places)))


@given(ENTRIES, CHOICES)
def test_what_stays_where_a_library_chooses(triples: list[tuple[int, int, int]], choice: Choice) -> None:
    """All that any target could run stays where a library chooses by a rule of its own."""
    entries = entries_of(triples)
    places = runnable(triples, choice)
    for place, entry in enumerate(entries):
        could = any(runs(entry.kind, entry.arch, entry.flags, target) for target in choice.targets)
        if could or entry.kind not in (PTX, CUBIN):
            assert place in places
        elif not (entry.kind == PTX and choice.ptx == "all"):
            assert place not in places


@pytest.mark.parametrize(
    ("ptx", "left"),
    [("needed", [1]), ("newest", [1, 3]), ("all", [1, 2, 3])],
)
def test_ptx(ptx: Ptx, left: list[int]) -> None:
    """PTX stays only where no machine code runs, unless one asks for the newest or for all."""
    triples = [(CUBIN, 80, 0), (CUBIN, 90, 0), (PTX, 80, 0), (PTX, 90, 0)]
    assert list(wanted(triples, Choice((90,), ptx))) == left
    assert list(wanted(triples[2:], Choice((90,)))) == [1]


def test_variants() -> None:
    """sm_90a runs on 9.0 alone, sm_100f on its family from there on, a system on a chip runs its own only."""
    assert [target for target in ARCHES if runs(CUBIN, 90, EXACT, target)] == [90]
    assert [target for target in ARCHES if runs(CUBIN, 100, FAMILY, target)] == [100, 101, 103]
    assert [target for target in ARCHES if runs(CUBIN, 80, 0, target)] == [80, 86, 87, 88, 89]
    assert [target for target in ARCHES if runs(CUBIN, 87, 0, target)] == [87]
    assert [target for target in ARCHES if runs(PTX, 90, 0, target)] == [90, 100, 101, 103, 110, 120, 121]
    assert not runs(LTO, 80, 0, 80)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("9.0", (90,)),
        ("9.0,8.0", (80, 90)),
        ("sm_90, sm90a", (90,)),
        ("H100, a100 ,l4", (80, 89, 90)),
        ("NVIDIA-H100,RTX 4090", (89, 90)),
        ("10.0,12.1", (100, 121)),
        ("120", (120,)),
    ],
)
def test_targets(text: str, targets: tuple[int, ...]) -> None:
    """Targets go by compute capability, as compilers write them, or by name of the GPU."""
    assert parse_targets(text) == targets


@pytest.mark.parametrize(
    "text", ["", ",", "h1000", "9", "0.1", "99.9", "sm_", "compute_90", "9.0x", "-9.0", "\u0669.\u0660"]
)
def test_refused_targets(text: str) -> None:
    """What names no GPU is refused, never guessed."""
    with pytest.raises(UsageError):
        parse_targets(text)


@given(st.text(max_size=12))
def test_any_targets(text: str) -> None:
    """Any text is read or refused."""
    with contextlib.suppress(UsageError):
        assert all(shown(target) for target in parse_targets(text))


def test_names() -> None:
    """Every name stands for an architecture, and is found in capitals as well."""
    for name, arch in GPUS.items():
        assert parse_targets(name.upper()) == (arch,)
        assert parse_targets(shown(arch)) == (arch,)
