"""Traces as documents: nothing is lost, nothing wrong is taken; several made one."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.traces import RUN

from jettison.errors import RefusedError, UsageError
from jettison.run.trace.document import trace_from_json, trace_to_json
from jettison.run.trace.make import check_complete
from jettison.run.trace.merge import merge
from jettison.run.trace.record import HOWS, Access, Trace, TracedImport, TracedRun

TRACE = Trace(
    "sha256:1",
    ("sha256:a", "sha256:b"),
    (RUN,),
    {"usr/bin/python3": Access(("open", "exec"), 0, 1, 0.25, ((0, 4096), (8192, 10)))},
    {"etc/none": ("stat",)},
    {"numpy.linalg": TracedImport("app", 0, 0, 0.5)},
)
NAMES = st.text(min_size=1, max_size=20) | st.binary(min_size=1, max_size=9).map(os.fsdecode)
PATHS = NAMES.filter(lambda name: name == "/".join(part for part in name.split("/") if part not in ("", ".", "..")))


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    hows = st.lists(st.sampled_from(HOWS), min_size=1, max_size=3, unique=True).map(
        lambda words: tuple(word for word in HOWS if word in words)
    )
    accesses = st.builds(Access, hows, st.just(0), st.integers(0, 1), st.floats(0, 1e6))
    return replace(
        TRACE,
        accesses=draw(st.dictionaries(PATHS, accesses, max_size=5)),
        missing=draw(st.dictionaries(PATHS, hows, max_size=5)),
    )


@given(traces())
def test_a_trace_comes_back_as_it_was_written(trace: Trace) -> None:
    """Names that are not UTF-8 as well; the text is pure ASCII."""
    text = trace_to_json(trace)
    assert text.isascii()
    assert trace_from_json(text.encode(), where="t.json") == trace


def changed(**parts: Any) -> bytes:
    return json.dumps({**json.loads(trace_to_json(TRACE)), **parts}).encode()


def access(**parts: Any) -> bytes:
    whole = {"how": ["open"], "run": 0, "process": 0, "seconds": 0.5, "ranges": []}
    return changed(accesses={"x": {**whole, **parts}})


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "not JSON"),
        (trace_to_json(TRACE).encode()[:-40], "not JSON"),
        (b"[]", "no JSON object"),
        (changed(schema="jettison/trace/9"), "its schema is"),
        (changed(more=1), "'more' is unknown"),
        (json.dumps({"schema": "jettison/trace/1"}).encode(), "is missing"),
        (changed(layers="sha256:a"), "layers holds"),
        (access(run=1), "run 1, which"),
        (access(process=7), "by a process"),
        (access(how=[]), "nothing was done"),
        (access(how=["eat"]), "holds 'eat'"),
        (access(run=True), "holds 'True'"),
        (access(seconds=-1), "holds '-1"),
        (access(ranges=[[1]]), "ranges holds"),
        (access(how=["open", "open"]), "done twice"),
        (changed(missing=[]), "missing holds"),
        (changed(missing={"/etc/x": ["stat"]}), "no real path"),
        (changed(missing={"a/../b": ["stat"]}), "no real path"),
        (changed(missing={"x": ["stat"], "bytes:x": ["open"]}), "in two forms"),
        (changed(runs=[], accesses={}, imports={}), "no run"),
        (changed(missing={"bytes:ü": ["stat"]}), "not ASCII"),
    ],
)  # fmt: skip
def test_what_is_no_trace_is_refused(raw: bytes, words: str) -> None:
    """Cut off, forged, of another version: each with what is wrong, and what to do."""
    with pytest.raises(UsageError, match=words) as caught:
        trace_from_json(raw, where="t.json")
    assert "jettison trace" in caught.value.hint


def test_traces_of_one_image_become_one() -> None:
    """Runs one after another; a path keeps its first access, and has all that was done to it."""
    other = replace(
        TRACE,
        runs=(replace(RUN, workload="v", gpu="used"),),
        accesses={
            "usr/bin/python3": Access(("stat",), 0, 0, 0.1, ((4096, 100),)),
            "etc/conf": Access(("open",), 0, 0, 0.2),
        },
        missing={"etc/none": ("open",), "etc/more": ("stat",)},
        imports={"numpy.linalg": TracedImport("other", 0, 0, 0.1), "scipy": TracedImport("app", 0, 0, 0.2)},
    )
    both = merge([TRACE, other])
    assert [run.workload for run in both.runs] == ["train", "v"]
    assert both.accesses == {
        "usr/bin/python3": Access(("open", "exec", "stat"), 0, 1, 0.25, ((0, 4196), (8192, 10))),
        "etc/conf": Access(("open",), 1, 0, 0.2),
    }
    assert both.imports == {
        "numpy.linalg": TracedImport("app", 0, 0, 0.5),
        "scipy": TracedImport("app", 1, 0, 0.2),
    }
    assert both.missing == {"etc/more": ("stat",), "etc/none": ("open", "stat")}


def test_traces_of_two_images_do_not_go_together() -> None:
    """The layers say so, not the name."""
    with pytest.raises(UsageError, match="recorded on another image"):
        merge([TRACE, replace(TRACE, layers=("sha256:a",))])


@pytest.mark.parametrize(
    "run", [replace(RUN, passed=False, error="not ready"), replace(RUN, problems=("strace recorded nothing",))]
)
def test_a_trace_that_lacks_something_is_refused_unless_told(run: TracedRun) -> None:
    """A workload that failed has not asked for all it needs."""
    trace = replace(TRACE, runs=(run,))
    with pytest.raises(RefusedError, match="not complete"):
        check_complete(trace, told=False)
    check_complete(trace, told=True)
    check_complete(TRACE, told=False)
