"""Kubernetes' events about pulls, in the forms of its versions."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.errors import UsageError
from jettison.report.prometheus import prometheus_text
from jettison.run.pullmetrics import NAME, RuntimePulls, read_metrics
from jettison.run.pulls import PullReport, read_pulls, seconds_of

NEW = 'Successfully pulled image "a:1" in 1m2.5s (1m5s including waiting). Image size: 1250000 bytes.'
MIDDLE = 'Successfully pulled image "a:1" in 30s (30s including waiting)'
OLD = 'Successfully pulled image "a:1" in 850.5ms'


def events(*messages: object, **fields: object) -> PullReport:
    """Read events with these messages, all of one node."""
    items = [{"message": text, "source": {"host": "n1"}, **fields} for text in messages]
    return read_pulls(json.dumps({"items": items}).encode(), "x")


def test_forms() -> None:
    """Every form is read: with and without waiting and size; what was there, and what failed, is counted apart."""
    present, failed = 'Container image "a:1" already present on machine', 'Failed to pull image "a:1": rpc error'
    (one,) = events(NEW, MIDDLE, OLD, present, present, failed, "Started container x").images
    assert (one.pulls, one.present, one.failed) == (3, 2, 1)
    assert (one.median, one.longest, one.size) == (30.0, 62.5, 1250000)
    assert one.waited == pytest.approx(1.25)  # of 2.5 and 0; the oldest form does not tell
    assert one.rate == round(1250000 / 30)


def test_order_and_nodes() -> None:
    """The image whose pulls took longest in all comes first; nodes are told apart by either field."""
    items = [
        {"message": OLD, "source": {"host": "n1"}},
        {"note": NEW.replace("a:1", "b:1"), "reportingInstance": "n2"},
        {"message": 'Failed to pull image "c"', "count": 7},
    ]
    report = read_pulls(json.dumps({"items": items}).encode(), "x")
    assert [one.image for one in report.images] == ["b:1", "a:1", "c"]
    assert [(one.image, one.node) for one in report.nodes] == [("b:1", "n2"), ("a:1", "n1"), ("c", "")]
    assert report.images[2].failed == 7


def test_not_understood() -> None:
    """A pull in a form that is not known is told, and not guessed at."""
    report = events('Successfully pulled image "a:1" in a while', 5, 'Successfully pulled image "b"')
    assert report.images == ()
    assert len(report.skips) == 2


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"items": {}}', b'{"items": ', b"[" * 100_000])
def test_no_events(raw: bytes) -> None:
    """What is no list of events is the user's error."""
    with pytest.raises(UsageError, match="no list of events"):
        read_pulls(raw, "x")


@given(st.text(max_size=60))
def test_any_message(text: str) -> None:
    """Whatever an event says, it is read or left out."""
    events(text, f'Successfully pulled image "{text}" in {text}')


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h2m3.5s", 3723.5), ("850.5ms", 0.8505), ("12µs", 12e-6), ("5", None), ("", None), ("3s4", None), ("x3s", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    """Durations as Go writes them, and nothing else."""
    assert seconds_of(text) == (pytest.approx(seconds) if seconds is not None else None)


def test_prometheus() -> None:
    """Metrics have a name, labels that cannot break out, and a number on every line."""
    text = prometheus_text(events(NEW, OLD.replace("a:1", "b\\n")))
    assert 'jettison_image_pull_seconds{image="a:1",node="n1",quantile="0.9"} 62.5\n' in text
    assert 'jettison_image_waiting_seconds{image="a:1",node="n1"} 2.5\n' in text
    assert 'image="b\\\\n"' in text
    line = re.compile(
        r'(?:# (?:HELP|TYPE) .*|[a-z_]+\{image="(?:[^"\\]|\\.)*",node="[^"]*"(?:,quantile="[0-9.]+")?\} [0-9.e+-]+)'
    )
    assert all(line.fullmatch(one) for one in text.splitlines())


METRICS = """\
# TYPE kubelet_image_pull_duration_seconds histogram
kubelet_image_pull_duration_seconds_bucket{image_size_in_bytes="1GB-5GB",le="30"} 1
kubelet_image_pull_duration_seconds_bucket{image_size_in_bytes="1GB-5GB",le="60"} 3
kubelet_image_pull_duration_seconds_bucket{image_size_in_bytes="1GB-5GB",le="+Inf"} 4
kubelet_image_pull_duration_seconds_sum{image_size_in_bytes="1GB-5GB"} 200
kubelet_image_pull_duration_seconds_count{image_size_in_bytes="1GB-5GB"} 4
kubelet_image_pull_duration_seconds_bucket{image_size_in_bytes="0-10MB",le="30"} 2
kubelet_image_pull_duration_seconds_bucket{image_size_in_bytes="0-10MB",le="+Inf"} 2
kubelet_image_pull_duration_seconds_sum{image_size_in_bytes="0-10MB"} 3
other_metric 5
"""


def test_metrics() -> None:
    """A kubelet's histogram is read by size; quantiles are drawn within buckets, as Prometheus does."""
    (large, small), runtime = read_metrics(METRICS.encode(), "x")
    assert runtime is None
    assert (large.size, large.pulls, large.mean) == ("1GB-5GB", 4, 50.0)
    assert large.median == 45.0  # the second of two between 30 and 60 s
    assert large.p90 == 60.0  # beyond the last bound that is known
    assert (small.pulls, small.mean, small.median) == (2, 1.5, 15.0)
    with pytest.raises(UsageError, match="has neither kubelet_image_pull"):
        read_metrics(b"other 1\n", "x")


@given(st.lists(st.tuples(st.floats(0, 1000), st.integers(0, 50)), min_size=1, max_size=6))
def test_quantiles(steps: list[tuple[float, int]]) -> None:
    """Whatever the histogram, a median is no more than the p90, and both lie within the bounds."""
    bounds, total, lines = sorted({bound for bound, _ in steps}), 0, []
    for bound, (_, more) in zip(bounds, steps, strict=False):
        total += more
        lines.append(f'{NAME}_bucket{{le="{bound}"}} {total}')
    (row,), _ = read_metrics("\n".join([*lines, f'{NAME}_bucket{{le="+Inf"}} {total}']).encode(), "x")
    assert 0 <= row.median <= row.p90 <= bounds[-1]


CONTAINERD = """\
# TYPE containerd_cri_sandboxed_image_pulls_total counter
containerd_cri_sandboxed_image_pulls_total{status="success"} 12
containerd_cri_sandboxed_image_pulls_total{status="failure"} 3
containerd_cri_sandboxed_in_progress_image_pulls_total 1
containerd_cri_sandboxed_image_pulling_throughput_bucket{le="+Inf"} 12
containerd_cri_sandboxed_image_pulling_throughput_sum 480
containerd_cri_sandboxed_image_pulling_throughput_count 12
"""


def test_metrics_of_containerd() -> None:
    """Its counters and the mean of its throughput (MiB/s) are read, by newer and older names, beside a kubelet's."""
    sizes, runtime = read_metrics((METRICS + CONTAINERD).encode(), "x")
    assert len(sizes) == 2
    assert runtime == RuntimePulls(12, 3, 1, 40 << 20)
    newer = CONTAINERD.replace("throughput_sum 480", "throughput_mibps_sum 960") + (
        "containerd_cri_sandboxed_image_pulling_throughput_mibps_count 12\n"
    )
    assert read_metrics(newer.encode(), "x") == ((), RuntimePulls(12, 3, 1, 80 << 20))
    older = CONTAINERD.replace("containerd_cri_sandboxed_image_pulling", "image_pulling")
    assert read_metrics(older.encode(), "x")[1] == runtime


@given(st.lists(st.sampled_from([*CONTAINERD.splitlines(), *METRICS.splitlines(), "}{", 'a{b="c'])), st.text())
def test_metrics_that_are_cut_or_odd(lines: list[str], tail: str) -> None:
    """Whatever is in the text, it is read or refused; numbers are whole and not below 0."""
    try:
        _, runtime = read_metrics("\n".join([*lines, tail]).encode("utf-8", "surrogatepass"), "x")
    except UsageError:
        return
    if runtime is not None:
        assert min(runtime.pulls, runtime.failed, runtime.under_way, runtime.rate) >= 0
