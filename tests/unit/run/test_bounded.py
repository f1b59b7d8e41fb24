"""Commands of this machine: bounded in time and output, whatever they do."""

import sys

import pytest

from jettison.run.bounded import run_bounded


def run(
    code: str, *, payload: bytes = b"", timeout: float = 20.0, limit: int = 10_000
) -> tuple[int | None, bytes, str]:
    """Run a piece of Python."""
    return run_bounded([sys.executable, "-c", code], payload, timeout, limit)


def test_whole() -> None:
    """Exit code, output and errors come back; what is to be read is read."""
    code, output, said = run(
        "import sys; print(sys.stdin.read()[::-1]); sys.stderr.write('oh'); sys.exit(3)", payload=b"abc"
    )
    assert (code, output, said) == (3, b"cba\n", "oh")


def test_much_on_stderr() -> None:
    """A command that fills standard error does not stand still; the end of it is kept."""
    code, _, said = run("import sys; sys.stderr.write('x' * 500_000 + 'end')")
    assert code == 0
    assert said.endswith("end")
    assert len(said) == 4096


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("print('x' * 20_000, flush=True)", "more than 10000 bytes of output"),
        ("while True: print('x' * 1000)", "more than 10000 bytes of output"),
        ("import time; time.sleep(60)", "no end within 0.5 s"),
        ("import os, time; os.close(1); os.close(2); time.sleep(60)", "no end within 0.5 s"),
    ],
)
def test_stopped(script: str, why: str) -> None:
    """One that writes too much, or does not end, is killed, and that is said."""
    code, output, said = run(script, timeout=0.5 if "sleep" in script else 20.0)
    assert (code, output, said) == (None, b"", why)


def test_not_there() -> None:
    """A program that is not there is told."""
    assert run_bounded(["/nothing"], b"", 5.0, 10) == (None, b"", "/nothing: No such file or directory")
