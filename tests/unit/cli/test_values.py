import contextlib
from argparse import ArgumentTypeError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.cli import values


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4096", 4096),
        ("64k", 64_000),
        ("2GB", 2 * 10**9),
        ("900 MB", 900 * 10**6),
        ("1.5GiB", 3 * 2**29),
        ("1tb", 10**12),
        ("7B", 7),
    ],
)
def test_sizes(text: str, size: int) -> None:
    """Sizes are decimal unless they say otherwise."""
    assert values.size(text) == size


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1Gbps", 125_000_000),
        ("100Mbps", 12_500_000),
        ("100 mbit/s", 12_500_000),
        ("125MB/s", 125_000_000),
        ("2.5Gbps", 312_500_000),
        ("8bps", 1),
    ],
)
def test_bandwidths(text: str, rate: int) -> None:
    """Links are told in bits, transfers in bytes, a second."""
    assert values.bandwidth(text) == rate


@pytest.mark.parametrize("text", ["", "x", "0Mbps", "1bps", "-1Gbps", "100", "1Gb", "1e9bps", "nan", "1Gbps/s"])
def test_wrong_bandwidths(text: str) -> None:
    """What is no bandwidth, or none is left of, is an error that shows how to write one."""
    with pytest.raises(ArgumentTypeError, match="for example 100Mbps"):
        values.bandwidth(text)


@pytest.mark.parametrize("text", ["", "x", "-1", "1XB", "1.2.3", "GB", "1e9", "\u0663"])
def test_wrong_sizes(text: str) -> None:
    """What is no size is an error that shows how to write one."""
    with pytest.raises(ArgumentTypeError, match="for example 2GB"):
        values.size(text)


@given(st.text())
def test_no_text_breaks_a_value(text: str) -> None:
    """Every value is either read or refused as a value; nothing else is raised."""
    for read in (values.size, values.bandwidth, values.tier, values.compression, values.assignment, values.count):
        with contextlib.suppress(ArgumentTypeError):
            read(text)


def test_formats_for_lazy_pulling() -> None:
    """They are formats of copy, with their codec's levels; where a plain codec is asked for, copy is the hint."""
    assert values.packing("zstd:chunked") == ("zstd:chunked", None)
    assert values.packing("zstd:chunked:12") == ("zstd:chunked", 12)
    assert values.packing("estargz:9") == ("estargz", 9)
    assert values.packing("estargz") == ("estargz", None)
    assert values.packing("zstd:3") == ("zstd", 3)
    for text in ("zstd:chunked:23", "zstd:chunkedx", "zstd:chunked:", "estargz:0", "estargz:", "stargz"):
        with pytest.raises(ArgumentTypeError):
            values.packing(text)
    for text in ("zstd:chunked", "estargz:9"):
        with pytest.raises(ArgumentTypeError, match="afterwards, by jettison copy"):
            values.compression(text)


def test_compressions() -> None:
    """A codec with or without a level; a level that the codec does not have is refused."""
    assert values.compression("gzip") == ("gzip", None)
    assert values.compression("zstd:19") == ("zstd", 19)
    assert values.compression("none") == ("none", None)
    for text in ("lz4", "gzip:0", "gzip:10", "zstd:23", "zstd:", "none:1", "gzip:x"):
        with pytest.raises(ArgumentTypeError):
            values.compression(text)


def test_tiers() -> None:
    """Tiers go by number or name; others are refused."""
    assert [values.tier(text) for text in ("0", "lossless", "1", "build-only", "2", "gpu")] == [0, 0, 1, 1, 2, 2]
    assert [values.tier(text) for text in ("3", "traced")] == [3, 3]
    with pytest.raises(ArgumentTypeError):
        values.tier("4")
