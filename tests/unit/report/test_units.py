import pytest

from jettison.report import units


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_999, "1.0 MB"),
        (371_200_000, "371.2 MB"),
        (999_996_000, "1.00 GB"),
        (8_430_000_000, "8.43 GB"),
        (2_000_000_000_000, "2.00 TB"),
        (-1500, "-1.5 kB"),
    ],
)
def test_size_text(size: int, text: str) -> None:
    """Units are powers of 1000, and rounding never shows 1000 of a unit."""
    assert units.size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (4.31, "4.3 s"), (9.96, "10 s"), (87.4, "87 s"), (119.6, "2 min 00 s"), (800, "13 min 20 s")],
)
def test_seconds_text(seconds: float, text: str) -> None:
    """Tenths below ten seconds, minutes from two on."""
    assert units.seconds_text(seconds) == text


def test_signs_and_shares() -> None:
    """A difference shows its sign, a share of nothing is a dash, a change of nothing is zero without a sign."""
    assert [units.delta_text(size) for size in (5, 0, -5)] == ["+5 B", "0 B", "-5 B"]
    assert [units.share_text(part, 1000) for part in (0, 0.5, 4, 10, 410)] == [
        "0 %",
        "< 0.1 %",
        "0.4 %",
        "1 %",
        "41 %",
    ]
    assert units.share_text(1, 0) == "-"
    assert [units.change_text(100, after) for after in (38, 100, 104)] == ["-62 %", "0 %", "+4 %"]
    assert [units.change_text(1000, after) for after in (999, 1001)] == ["0 %", "0 %"]
    assert units.change_text(0, 5) == "-"


def test_counts_and_bandwidths() -> None:
    """One is singular; thousands are set apart; links are named in bits."""
    assert [units.counted(n, "file") for n in (0, 1, 25463)] == ["0 files", "1 file", "25,463 files"]
    assert [units.bandwidth_text(rate) for rate in (125_000_000, 12_500_000, 1_500, 5)] == [
        "1 Gbps",
        "100 Mbps",
        "12 kbps",
        "40 bps",
    ]
