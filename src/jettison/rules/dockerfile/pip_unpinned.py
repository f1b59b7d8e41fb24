"""Python packages without versions."""

from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.caches import is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.installs import Wish, pip_installs, wishes_of
from jettison.rules.dockerfile.record import Example, Find, Rule

_TOOLS = ("pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pdm", "build", "virtualenv", "pip-tools")
_SHOWN = 3


def _check(case: Case) -> Iterator[Find]:
    for site, call in pip_installs(case):
        loose = _loose(site, call)
        if site.stage in case.built and loose:
            more = f" and {len(loose) - _SHOWN} more" if len(loose) > _SHOWN else ""
            names = ", ".join(wish.name for wish in loose[:_SHOWN])
            yield Find(f"{names}{more} without a version: the next build may get another", call.command.span)


def _loose(site: Site, call: Call) -> list[Wish]:
    constrained = call.has("-c", "--constraint", "--no-index") or is_set(site, call, "PIP_CONSTRAINT")
    if constrained:
        return []
    return [wish for wish in wishes_of(call) if wish.kind == "index" and not wish.version and wish.name not in _TOOLS]


PIP_UNPINNED = Rule(
    name="pip-unpinned",
    title="Python packages without a version",
    severity="low",
    confidence="high",
    why="The same Dockerfile gives another image next month: a new torch brings another CUDA, hundreds of megabytes "
    "more, or an API that is gone. `name==version` fixes what you name; a lock file (`uv.lock`, `pip-compile "
    "--generate-hashes`) fixes what that needs as well. Ranges are taken as meant, and constraints as answers.",
    sources=("61 % of 148 public ML Dockerfiles", "hadolint DL3013"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.11-slim\nRUN pip install --no-cache-dir torch 'uvicorn[standard]' flask==3.0.3\n"),
        Example("FROM python:3.11-slim\nRUN uv pip install --system torch\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN pip install torch==2.4.1 'numpy<2' ./app git+https://e.example/x\n"),
        Example("FROM python:3.11-slim\nRUN pip install -c constraints.txt torch\n"),
        Example("FROM nvcr.io/nvidia/pytorch:24.05-py3\nENV PIP_CONSTRAINT=/c.txt\nRUN pip install transformers\n"),
        Example("FROM python:3.11-slim\nRUN pip install -r requirements.txt\n"),
        Example('FROM python:3.11-slim\nRUN pip install $PACKAGES "torch==${VERSION}" uv\n'),
    ),
    aliases=("DL3013",),
)
