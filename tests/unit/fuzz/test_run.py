"""The fuzz runner."""

import importlib.util
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _runner() -> ModuleType:
    """Import the runner, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("fuzz_run", ROOT / "fuzz/run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for themselves
    spec.loader.exec_module(module)
    return module


runner = _runner()


def test_inputs_are_the_same_every_time() -> None:
    """The same target and seed give the same inputs; another seed gives others."""
    target = runner.Target("x", lambda _: None, (b"hello world", b'{"a": 1}'))
    assert list(runner.inputs(target, 50, 0)) == list(runner.inputs(target, 50, 0))
    assert list(runner.inputs(target, 50, 0)) != list(runner.inputs(target, 50, 1))
    assert list(runner.inputs(target, 50, 0))[:2] == list(target.corpus)


def test_mutations_are_bounded() -> None:
    """An input never grows over the limit, and an empty corpus entry can be mutated."""
    chances = [random.Random(seed) for seed in range(300)]  # noqa: S311 -- repeatable on purpose
    inputs = [runner.mutate(chance, (b"", b"x" * runner.LENGTH)) for chance in chances]
    assert max(map(len, inputs)) <= runner.LENGTH


def test_a_crash_is_told_with_its_input() -> None:
    """A target that raises something else fails, with the input in hex."""

    def broken(data: bytes) -> None:
        if len(data) > 3:
            raise IndexError("off by one")

    problem = runner.mutated(runner.Target("x", broken, (b"a", b"abcd")), 10, 0)
    assert "IndexError: off by one" in problem
    assert problem.endswith(b"abcd".hex())


def test_a_hang_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """One input that takes too long fails the target."""

    def endless(_: bytes) -> None:
        while True:
            pass

    monkeypatch.setattr(runner, "SECONDS", 0.05)
    assert "TimeoutError" in runner.mutated(runner.Target("x", endless, (b"a",)), 1, 0)


def test_every_target_runs() -> None:
    """Each target of fuzz/targets passes a few inputs, its corpus first, one line each."""
    command = [sys.executable, str(ROOT / "fuzz/run.py"), "--runs", "30"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    names = sorted(path.stem for path in (ROOT / "fuzz/targets").glob("[a-z]*.py"))
    assert [line.split()[0] for line in done.stdout.splitlines()] == names


def test_an_unknown_target_is_said() -> None:
    """A target that does not exist is exit code 2."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "fuzz/run.py"), "--target", "nope"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "no such target: nope\n")
