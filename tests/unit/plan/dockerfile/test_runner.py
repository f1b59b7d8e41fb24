"""Runners at the start of a container."""

import pytest

from jettison.plan.dockerfile.runner import without_runner


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        (("uv", "run", "uvicorn", "a:b"), ("uvicorn", "a:b")),
        (("uv", "run", "--frozen", "--no-dev", "python", "x.py"), ("python", "x.py")),
        (("uv", "run", "serve.py", "--port", "1"), ("python", "serve.py", "--port", "1")),
        (("poetry", "run", "python", "-m", "a"), ("python", "-m", "a")),
        (("/usr/local/bin/pipenv", "run", "gunicorn"), ("gunicorn",)),
        (("poetry", "run"), ()),
        (("python", "a.py"), ("python", "a.py")),
        ((), ()),
    ],
)
def test_what_is_started_is_named_itself(words: tuple[str, ...], plain: tuple[str, ...]) -> None:
    """Without the runner, and its options that say nothing about what is run, the command is the same."""
    assert without_runner(words) == plain


@pytest.mark.parametrize(
    "words",
    [("uv", "run", "--with", "rich", "x"), ("poetry", "install"), ("uv", "sync"), ("uv", "run", "--extra", "gpu", "x")],
)
def test_what_installs_at_the_start_needs_its_tool(words: tuple[str, ...]) -> None:
    """A runner that is asked to install something cannot be left out."""
    assert without_runner(words) is None
