"""A Python service whose output waits in a buffer."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_before
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    starts = [site for site in case.named("CMD", "ENTRYPOINT") if site.stage in case.shipped]
    python = next((site for site in starts if _is_python(site)), None)
    if python is None or "PYTHONUNBUFFERED" in python.state.variables:
        return
    edit = insert_before(case.recipe, python.instruction, "ENV PYTHONUNBUFFERED=1")
    fix = Fix("safe", (edit,), "set PYTHONUNBUFFERED")
    message = "what the service prints waits in a buffer, and is lost when the container is killed"
    yield Find(message, python.instruction.keyword_span, fix)


def _is_python(site: Site) -> bool:
    words = list(site.instruction.args)
    if not site.instruction.json:
        words = [word.text for command in (site.script.commands if site.script else ()) for word in command.words]
    return bool(words) and words[0].rpartition("/")[2] in ("python", "python3") and "-u" not in words


OUTPUT_BUFFERED = Rule(
    name="output-buffered",
    title="Python's output is buffered",
    severity="info",
    confidence="medium",
    why="Python keeps 8 KiB of output back when it does not write to a terminal. The last lines before a crash, or an "
    "out-of-memory kill, which are those that matter, never reach the log. Loggers that write to stderr line by "
    "line are not concerned, so this is a hint only. The fix is safe: the same is written, only sooner.",
    sources=("Python documentation, PYTHONUNBUFFERED",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            'FROM python:3.11\nCMD ["python", "app.py"]\n',
            'FROM python:3.11\nENV PYTHONUNBUFFERED=1\nCMD ["python", "app.py"]\n',
        ),
    ),
    good=(
        Example('FROM python:3.11\nENV PYTHONUNBUFFERED=1\nCMD ["python", "app.py"]\n'),
        Example('FROM python:3.11\nCMD ["python", "-u", "app.py"]\n'),
        Example('FROM python:3.11\nCMD ["uvicorn", "app:app"]\n'),
    ),
)
