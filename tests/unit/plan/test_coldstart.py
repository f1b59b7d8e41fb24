"""A cold start explained: phases that add up, a model that fits, remedies in seconds."""

import functools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.tables import SITE, Item
from tests.helpers.tables import table as table_of

from jettison.files.record import FileTable
from jettison.plan.coldstart.loads import divided, loads_of, rate_of, scaled, work_of
from jettison.plan.coldstart.make import Measured, Rate, make_cold_start
from jettison.plan.coldstart.record import ColdStart
from jettison.plan.make import make_plan
from jettison.run.coldstart import Pass, asked_twice, with_import_times
from jettison.run.link import Link, Shape
from jettison.run.pullmodel import Load, Pull, predict
from jettison.run.workload import Answer, Compare, Probe, Ready, RunResult, Workload

TOLD = b"import time:   1000000 |    1000000 | torch\nimport time:    500000 |     500000 | numpy\n"


@functools.cache
def table() -> FileTable:
    """Make the table of an image with sources and no bytecode, a cache, and a large pickled model."""
    files: dict[str, Item] = {f"{SITE}/torch/a{number}.py": b"x" * 50 for number in range(20)}
    files |= {"var/cache/apt/archives/a.deb": b"d" * 900_000, "srv/model.pt": b"m" * 30_000_000}
    return table_of(files)


def answer(seconds: float) -> Answer:
    return Answer("ask", 200, 0, b"", {}, seconds)


def one_pass(*, download: float = 8.0, total: float = 18.0, ready: float = 3.0) -> Pass:
    """Make a pass; half of the time to ready is imports."""
    run = RunResult(True, ready, (answer(0.5), answer(0.25)), None, b"", 1, created_seconds=0.25)
    again = RunResult(True, 3.0, (), None, TOLD, 1)
    return Pass(Pull(download, 10.0, total), run, again, ())


def cold_start(*passes: Pass, bandwidth: int = 0, rate: int = 10**8, disk: int = 0) -> ColdStart:
    """Explain passes, or the model alone."""
    measured = Measured(passes, Link("127.0.0.1:1", "shaped", ("no rtt",))) if passes else None
    image = table()
    return make_cold_start(image, make_plan(image), Shape(bandwidth), "embedded", Rate(0, rate, disk), measured)


def test_phases_add_up() -> None:
    """Phases are those of the pass whose total is the median, in order, and their sum is that total."""
    record = cold_start(one_pass(download=6.0, total=17.0), one_pass(), one_pass(ready=5.0))
    assert [phase.name for phase in record.phases] == ["network", "unpack", "create", "imports", "load", "first answer"]
    assert record.total == pytest.approx(sum(phase.seconds for phase in record.phases))
    network, unpack, create, imports, load, first = record.phases
    assert (network.seconds, network.least, network.most) == (8.0, 6.0, 8.0)
    assert (unpack.seconds, create.seconds, first.seconds) == (10.0, 0.25, 0.5)
    assert imports.seconds == load.seconds == 1.5
    assert record.warm == pytest.approx(0.25 + 3.0 + 0.5)
    assert record.second_answer == 0.25
    assert record.bottleneck == "unpack"
    assert record.verdict.startswith("Unpacking is the bottleneck")
    assert "no rtt" in record.notes


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (one_pass(download=15.0), "The network is the bottleneck"),
        (one_pass(download=1.0, total=1.5, ready=40.0), "Imports are the bottleneck"),
        (replace(one_pass(download=1.0, total=1.5), again=None), "Loading the model"),
    ],
)
def test_verdict(one: Pass, words: str) -> None:
    """The verdict names the longest phase, and whether size matters."""
    record = cold_start(one)
    assert record.verdict.startswith(words)
    assert "only on a node that has not got the image" in record.verdict


def test_without_a_workload() -> None:
    """Where nothing was started, only the pull is told, and what was not measured is said."""
    record = cold_start(Pass(Pull(8.0, 10.0, 18.0), None, None, ("the page cache could not be emptied",)))
    assert [phase.name for phase in record.phases] == ["network", "unpack"]
    assert record.warm is None
    assert "the page cache could not be emptied" in record.notes
    assert "no workload was given, so only the pull was measured" in record.notes


def test_model_alone() -> None:
    """Without a measurement the pull is worked out, at usual links too, and nothing else is claimed."""
    record = cold_start(bandwidth=1_000_000)
    assert (record.phases, record.total, record.checked, record.measured) == ((), 0, None, False)
    assert [one.bandwidth for one in record.predictions] == [1_000_000, 12_500_000, 125_000_000, 1_250_000_000]
    assert record.predictions[0].total == pytest.approx(predict(loads_of(table(), 1e8), 1_000_000).total)
    assert "model alone" in record.verdict


def test_slow_disk() -> None:
    """For a node whose disk is slower than the unpacking, a layer takes as long as its bytes take to be written."""
    image = table()
    size = sum(layer.size for layer in image.layers)
    record = cold_start(bandwidth=1_000_000, disk=1_000_000)
    assert record.disk_rate == 1_000_000
    assert all(one.unpack == pytest.approx(size / 1_000_000) for one in record.predictions)
    fast, plain = cold_start(disk=10**12), cold_start()
    assert (fast.predictions, fast.levers) == (plain.predictions, plain.levers)
    assert plain.disk_rate == 0


def test_slow_disk_changes_what_helps() -> None:
    """A codec that unpacks faster does not help where the disk is the limit; fewer bytes help more."""
    image = replace(table(), layers=tuple(replace(layer, compression="gzip") for layer in table().layers))

    def levers(disk: int) -> dict[str, float]:
        found = make_cold_start(image, make_plan(image), Shape(10**9), "embedded", Rate(0, 10**8, disk), None).levers
        return {lever.name: lever.seconds or 0.0 for lever in found}

    zstd, weights = "zstd in place of gzip", "weights outside the image"
    assert levers(0)[zstd] > 0.1
    assert zstd not in levers(10**7)
    assert levers(10**7)[weights] > 2 * levers(0)[weights]


def test_a_measured_pull_is_not_of_the_disk_asked_for() -> None:
    """Phases and the rate are as they were measured here, whatever disk the pull is worked out for."""
    slow, plain = (cold_start(one_pass(), bandwidth=3_860_000, disk=disk) for disk in (10**6, 0))
    assert (slow.phases, slow.unpack_rate, slow.checked) == (plain.phases, plain.unpack_rate, plain.checked)
    assert slow.predictions[0].total > plain.predictions[0].total


def test_levers() -> None:
    """What would help is told in seconds, by its worth for its risk; what is not known in seconds comes last."""
    record = cold_start(one_pass(), bandwidth=3_860_000)
    names = [lever.name for lever in record.levers]
    assert names[-1] == "model format"
    assert record.levers[-1].seconds is None
    assert "fewer bytes: tiers 0 and 1" in names
    assert "bytecode in the image" in names
    assert "weights outside the image" in names
    weights = next(lever for lever in record.levers if lever.name.startswith("weights"))
    assert weights.seconds == pytest.approx(17.5, rel=0.1)  # nearly all of the pull
    assert "deferring the import of torch" in names
    assert all(lever.how and lever.basis for lever in record.levers)


@given(seconds=st.floats(0.5, 1000), bandwidth=st.floats(1e6, 1e10))
def test_rate_fits(seconds: float, bandwidth: float) -> None:
    """The rate that a pull tells gives that pull again, unless the download alone takes as long."""
    image = table()
    rate = rate_of(image, seconds, bandwidth, 3)
    if math.isinf(rate):
        assert predict(loads_of(image, 1e18), bandwidth).total >= seconds * 0.999
    else:
        assert predict(loads_of(image, rate), bandwidth).total == pytest.approx(seconds, rel=1e-3)


def test_shapes_of_loads() -> None:
    """A plain layer costs less to unpack than one of gzip; dividing keeps bytes, scaling scales them."""
    image = table()
    (work,) = work_of(image)
    assert 0 < work < image.layers[0].size
    loads = (Load(100, 1.0), Load(1000, 5.0))
    assert sum(load.stored for load in divided(loads, 4)) == 1100
    assert sum(load.unpack for load in divided(loads, 4)) == 6.0
    assert scaled(loads, 0.5, 0.1)[1] == Load(500, 0.5)


def test_workloads() -> None:
    """The first probe is asked twice and no other; for import times nothing is asked."""
    probes = (Probe("a", "http", Compare(("status",)), port=1), Probe("b", "http", Compare(("status",)), port=1))
    workload = Workload("w", Ready("tcp", "", 1), probes, env={"A": "1"})
    assert [probe.name for probe in asked_twice(workload).probes] == ["a", "a, again"]
    assert asked_twice(replace(workload, probes=())).probes == ()
    timed = with_import_times(workload)
    assert timed.probes == ()
    assert timed.env == {"A": "1", "PYTHONPROFILEIMPORTTIME": "1"}


def test_one_phase() -> None:
    """Where an engine does not tell when it had all bytes, the pull is one phase, and no rate is made of it."""
    one = replace(one_pass(), pull=Pull(0.0, 0.0, 18.0), plain=False)
    record = cold_start(one, bandwidth=10**6)
    assert [phase.name for phase in record.phases][:2] == ["pull", "create"]
    assert record.phases[0].seconds == 18.0
    assert not record.measured
    assert record.bottleneck == "pull"
    assert record.warm == pytest.approx(0.25 + 3.0 + 0.5)


def test_several_pythons() -> None:
    """Import times of several processes cannot be told apart, and are not added up."""
    head = b"import time: self [us] | cumulative | imported package\n"
    one = one_pass()
    assert one.again
    twice = replace(one, again=replace(one.again, output=(head + TOLD) * 2))
    assert "imports" not in [phase.name for phase in cold_start(twice).phases]
    single = replace(one, again=replace(one.again, output=head + TOLD))
    assert "imports" in [phase.name for phase in cold_start(single).phases]
