"""The model of a pull, and what Python prints of its imports."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.run.imports import read_import_times
from jettison.run.pullmodel import Load, predict

LOADS = st.lists(st.builds(Load, st.integers(0, 10**10), st.floats(0, 1000)), max_size=8)


def test_one_layer() -> None:
    """One layer is downloaded, then unpacked."""
    pull = predict([Load(1000, 3.0)], 100)
    assert (pull.download, pull.unpack, pull.total) == (10.0, 3.0, 13.0)


def test_layers_share_the_link() -> None:
    """Three come at a time with equal shares, the next begins as one ends, and each waits for the one below it."""
    pull = predict([Load(300, 1.0), Load(100, 1.0), Load(100, 1.0), Load(100, 1.0)], 100)
    # 100, 100 and a third of 300 come in 3 s; then what is left of the first, and the fourth, share until 5; then 6
    assert pull.download == pytest.approx(6.0)
    assert pull.total == pytest.approx(10.0)  # the lowest is last, and the other three wait for it


def test_no_link() -> None:
    """Nothing comes over no link."""
    with pytest.raises(ValueError, match="a link"):
        predict([], 0)
    assert predict([], 1).total == 0


@given(loads=LOADS, bandwidth=st.floats(1, 1e12), parallel=st.integers(1, 8))
def test_bounds(loads: list[Load], bandwidth: float, parallel: int) -> None:
    """A pull takes at least its download and at least its unpacking, and at most the two one after the other."""
    pull = predict(loads, bandwidth, parallel=parallel)
    slack = 1e-6 * (1 + pull.total)
    assert max(pull.download, pull.unpack) <= pull.total + slack
    assert pull.total <= pull.download + pull.unpack + slack
    assert math.isclose(pull.download, sum(load.stored for load in loads) / bandwidth, rel_tol=1e-6, abs_tol=1e-9)


@given(loads=LOADS, bandwidth=st.floats(1, 1e9))
def test_a_faster_link_is_no_slower(loads: list[Load], bandwidth: float) -> None:
    """With one download at a time, twice the bandwidth never takes longer."""
    slow, fast = (predict(loads, rate, parallel=1).total for rate in (bandwidth, 2 * bandwidth))
    assert fast <= slow * (1 + 1e-9) + 1e-9


OUTPUT = b"""\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   zipimport
INFO: started
import time:      2000 |       2500 |   numpy.core
import time:      1000 |       3500 | numpy
import time: x | y | z
import time:       500 |        500 | torch
"""


def test_import_times() -> None:
    """Each package has the seconds of its own modules; other lines do not count."""
    packages, seconds = read_import_times(OUTPUT)
    assert [(one.name, one.modules) for one in packages] == [("numpy", 2), ("torch", 1), ("zipimport", 1)]
    assert packages[0].seconds == pytest.approx(0.003)
    assert seconds == pytest.approx(0.0036)


@given(st.binary(max_size=300))
def test_any_output(noise: bytes) -> None:
    """Whatever a service prints, what Python printed between it is read."""
    packages, _ = read_import_times(noise + b"\nimport time:       700 |        700 | torch\n" + noise)
    assert "torch" in {one.name for one in packages}
