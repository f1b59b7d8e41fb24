from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.images import File
from tests.helpers.slimming import table_of

from jettison.errors import NotTriedError
from jettison.oci.image import Image
from jettison.proof.behaviour import check_behaviour, failure, run_original
from jettison.run import runner
from jettison.run.workload import Answer, Compare, Probe, Ready, RunResult, Workload

PROBE = Probe("ask", "http", Compare(("status", "json")), port=8000)
WORKLOAD = Workload("serve", Ready("http", "/", 8000), (PROBE,))
GOOD = RunResult(True, 1.5, (Answer("ask", 200, 0, b'{"score": 1}', {}, 0.1),), None, b"listening\n", 5_000_000)


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return table_of(tmp_path / "old", [[File("a")]]).image


def fake(monkeypatch: pytest.MonkeyPatch, *results: RunResult) -> None:
    """Let runs give these results, one after another."""
    left = iter(results)

    @contextmanager
    def unpacked(*_: Any, **__: Any) -> Iterator[None]:
        yield None

    monkeypatch.setattr(runner, "unpacked", unpacked)
    monkeypatch.setattr(runner, "exercise_rootfs", lambda *_, **__: next(left))


def test_equal_answers_hold(monkeypatch: pytest.MonkeyPatch, image: Image) -> None:
    """The same answers hold, and the times and the memory of both runs are told."""
    fake(monkeypatch, GOOD, replace(GOOD, ready_seconds=0.5, peak_memory=4_000_000))
    before = run_original(image, (WORKLOAD,))
    checks, behaviours = check_behaviour(image, (WORKLOAD,), before)
    assert [(check.name, check.verdict) for check in checks] == [("behaviour:serve", "held")]
    assert (behaviours[0].ready_before, behaviours[0].ready_after) == (1.5, 0.5)
    assert (behaviours[0].memory_before, behaviours[0].memory_after) == (5_000_000, 4_000_000)


def test_another_answer_fails(monkeypatch: pytest.MonkeyPatch, image: Image) -> None:
    """An answer that differs fails, and the problem names the probe."""
    fake(monkeypatch, replace(GOOD, answers=(replace(GOOD.answers[0], body=b'{"score": 2}'),)))
    checks, _ = check_behaviour(image, (WORKLOAD,), (GOOD,))
    assert checks[0].verdict == "failed"
    assert "ask" in checks[0].problems[0]


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, ready=False, answers=()),
        replace(GOOD, error="the command ended with code 1"),
        replace(GOOD, answers=(replace(GOOD.answers[0], error="no connection"),)),
    ],
)
def test_a_run_that_fails(monkeypatch: pytest.MonkeyPatch, image: Image, bad: RunResult) -> None:
    """On the new image it is a failure with the end of the output; on the original nothing could be tried."""
    fake(monkeypatch, bad)
    checks, _ = check_behaviour(image, (WORKLOAD,), (GOOD,))
    assert checks[0].verdict == "failed"
    assert "its last output: listening" in checks[0].problems[0]
    fake(monkeypatch, bad)
    with pytest.raises(NotTriedError, match="'serve' does not pass on the original"):
        run_original(image, (WORKLOAD,))


def test_fewer_answers_fail(monkeypatch: pytest.MonkeyPatch, image: Image) -> None:
    """A probe without an answer is a failure, also when the run says nothing of an error."""
    fake(monkeypatch, replace(GOOD, answers=()))
    checks, _ = check_behaviour(image, (WORKLOAD,), (GOOD,))
    assert checks[0].problems == ("1 probes, 0 answers",)


@pytest.mark.parametrize(("status", "code", "said"), [(500, 0, "status 500"), (0, 127, "exit code 127")])
def test_a_broken_original_is_no_measure(
    monkeypatch: pytest.MonkeyPatch, image: Image, status: int, code: int, said: str
) -> None:
    """A service that answers 500, or a command that is not found, would be 'the same' on both: it is not tried."""
    broken = replace(GOOD, answers=(replace(GOOD.answers[0], status=status, exit_code=code),))
    fake(monkeypatch, broken)
    with pytest.raises(NotTriedError, match=f"ask: {said}"):
        run_original(image, (WORKLOAD,))


def test_the_detail_is_honest_about_what_was_compared(monkeypatch: pytest.MonkeyPatch, image: Image) -> None:
    """Refusals that are the same on both are told; so is a workload that asks nothing."""
    refusal = replace(GOOD, answers=(replace(GOOD.answers[0], status=404),))
    fake(monkeypatch, refusal, refusal)
    checks, _ = check_behaviour(image, (WORKLOAD,), run_original(image, (WORKLOAD,)))
    assert checks[0].verdict == "held"
    assert checks[0].detail.endswith("; 1 of the original's answers were errors: ask (404)")
    quiet = replace(WORKLOAD, probes=())
    fake(monkeypatch, replace(GOOD, answers=()))
    checks, _ = check_behaviour(image, (quiet,), (replace(GOOD, answers=()),))
    assert checks[0].detail.startswith("no probe, so no answer was compared, ready after")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("it ended; its last output:\nlistening\nno room", "it ended; its last output: listening | no room"),
        ("not ready after 3 s", "not ready after 3 s; its last output: listening | no room"),
    ],
)
def test_the_end_of_the_output_is_told_once(error: str, told: str) -> None:
    """A run's error that ends with its output is not followed by the same output again, and has no line breaks."""
    assert failure(replace(GOOD, error=error, output=b"listening\nno room\n")) == told
