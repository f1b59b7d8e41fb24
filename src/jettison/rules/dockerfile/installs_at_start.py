"""Distributions that are installed each time the container starts."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule

_INSTALLERS = ("pip", "uv", "poetry", "pipenv", "pdm", "conda", "apt", "npm")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("CMD", "ENTRYPOINT"):
        if site.stage not in case.shipped:
            continue
        found = next(
            (c for c in site.calls if c.tool in _INSTALLERS and c.action in ("install", "sync", "create")), None
        )
        words = site.instruction.args
        in_exec = site.instruction.json and "install" in words and bool({"pip", "pip3", "uv", "poetry"} & set(words))
        if found or in_exec:
            name = found.tool if found else "pip"
            yield Find(f"{name} installs at every start of the container", site.instruction.keyword_span)


INSTALLS_AT_START = Rule(
    name="installs-at-start",
    title="the container installs as it starts",
    severity="medium",
    confidence="high",
    why="What is installed at start is fetched by each replica at each start: cold starts last as long as the package "
    "index is slow, fail when it is down, and two replicas may get two versions. Install while building.",
    sources=("cold start is what the image is slimmed for",),
    check=_check,
    fixes="none",
    bad=(Example("FROM python:3.11\nCMD pip install -r requirements.txt && python app.py\n"),),
    good=(Example('FROM python:3.11\nRUN pip install torch\nCMD ["python", "app.py"]\n'),),
)
