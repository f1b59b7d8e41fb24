"""CMD or ENTRYPOINT in shell form: the shell gets the signals, not the service."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.record import Instruction
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.exec_form import exec_form_of
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("CMD", "ENTRYPOINT"):
        instruction = site.instruction
        if site.stage not in case.shipped or instruction.json or not instruction.args or _is_late_exec(site):
            continue
        message = f"{instruction.name} runs through /bin/sh, which does not pass on the signal that stops the container"
        yield Find(message, _place(instruction), _fix(case, site))


def _place(instruction: Instruction) -> tuple[int, int]:
    return (instruction.keyword_span[0], instruction.body.span(0, len(instruction.body.text))[1])


def _is_late_exec(site: Site) -> bool:
    """Whether the body itself replaces the shell with the service."""
    commands = site.script.commands if site.script else ()
    return bool(commands) and commands[-1].name == "exec"


def _fix(case: Case, site: Site) -> Fix | None:
    made = exec_form_of(site)
    names = [each.instruction.name for each in case.sites if each.stage in case.shipped]
    if made is None or (site.instruction.name == "CMD" and "ENTRYPOINT" in names):
        return None  # behind an ENTRYPOINT the shell and its -c are arguments of it
    if site.instruction.name == "ENTRYPOINT" and "CMD" in names:
        return None  # a shell form of ENTRYPOINT ignores CMD, an exec form gets it
    edit = Edit(*site.instruction.body.span(0, len(site.instruction.body.text)), made)
    return Fix("safe", (edit,), "exec form")


SHELL_FORM_START = Rule(
    name="shell-form-start",
    title="CMD or ENTRYPOINT in shell form",
    severity="low",
    confidence="high",
    why="In shell form the service is a child of `/bin/sh -c`. The shell is process 1, and does not pass on "
    "SIGTERM: the "
    "service is killed after the grace period, in the middle of its requests, and each rollout takes those seconds "
    "more. "
    "On a distroless base there is no shell at all. It is mended where the body is one command of plain words; a body "
    "that ends in `exec …` is left alone. Behind an ENTRYPOINT nothing is changed: the forms mean different things.",
    sources=("Dockerfile reference, CMD and ENTRYPOINT", "BuildKit's check JSONArgsRecommended", "hadolint DL3025"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nCMD uvicorn app:app --host 0.0.0.0\n",
            'FROM python:3.11-slim\nCMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n',
        ),
        Example(
            "FROM python:3.11-slim\nENTRYPOINT python \\\n  'my app.py'",
            'FROM python:3.11-slim\nENTRYPOINT ["python", "my app.py"]',
        ),
        Example("FROM python:3.11-slim\nCMD python app.py --port $PORT\n"),
        Example("FROM python:3.11-slim\nCMD cd /app && python app.py\n"),
        Example('FROM python:3.11-slim\nENTRYPOINT ["/entry.sh"]\nCMD python app.py\n'),
    ),
    good=(
        Example('FROM python:3.11-slim\nCMD ["python", "app.py"]\n'),
        Example("FROM python:3.11-slim\nCMD exec python app.py --port $PORT\n"),
        Example('FROM a AS build\nCMD x\nFROM python:3.11-slim\nCMD ["python"]\n'),
    ),
    aliases=("DL3025", "JSONArgsRecommended"),
)
