"""Images whose processes run as root."""

from collections.abc import Iterator

from jettison.dockerfile.record import Instruction
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.places import base_at
from jettison.rules.dockerfile.record import Example, Find, Rule

_STEPS_DOWN = regex(r"\b(?:gosu|su-exec|setpriv|runuser|fixuid|s6-setuidgid)\b")


def _check(case: Case) -> Iterator[Find]:
    final = case.final
    if final is None or _STEPS_DOWN.search(case.recipe.text):
        return
    starts = [
        instruction
        for stage in case.scopes.lineage(final.index)
        for instruction in stage.instructions
        if instruction.name in ("CMD", "ENTRYPOINT")
    ]
    base = base_at(case, final.index)
    user = final.end.user or (base.user if base else None)
    if starts and _is_shell(starts[-1]):
        return
    if not starts or user is None or user.partition(":")[0] not in ("root", "0"):
        return
    said = [site for site in case.named("USER") if site.stage in case.shipped]
    place = said[-1].instruction if said else starts[-1]
    yield Find("the image's process runs as root", place.span)


def _is_shell(start: Instruction) -> bool:
    """Whether what starts is a shell for a person: an image to work in, no service."""
    return len(start.words) == 1 and start.words[0].text.rpartition("/")[2] in ("bash", "sh", "zsh")


ROOT_USER = Rule(
    name="root-user",
    title="the image's process runs as root",
    severity="low",
    confidence="high",
    why="A fault in the service then is a fault as root in its container, and clusters that ask for `runAsNonRoot` "
    "refuse the image. There is no fix by one line: the user needs a home or cache folders that it may write "
    "(Hugging Face, torch, numba and matplotlib write at run time), and ports above 1023. `jettison rewrite` makes "
    "all of it. Files without CMD and ENTRYPOINT, and those that step down in their entrypoint (gosu, setpriv), "
    "are left alone.",
    sources=("84 % of 148 public ML Dockerfiles", "hadolint DL3002", "Kubernetes: pod security standards, restricted"),
    check=_check,
    fixes="none",
    bad=(
        Example('FROM python:3.11-slim\nCMD ["python"]\n'),
        Example('FROM example/base\nUSER root\nCMD ["python"]\n'),
    ),
    good=(
        Example('FROM python:3.11-slim\nUSER 1000\nCMD ["python"]\n'),
        Example('FROM gcr.io/distroless/python3-debian12:nonroot\nCMD ["app.py"]\n'),
        Example('FROM example/base\nCMD ["python"]\n'),
        Example("FROM python:3.11-slim\nRUN pip install numpy\n"),
        Example('FROM python:3.11-slim\nCMD ["/bin/bash"]\n'),
    ),
    aliases=("DL3002",),
)
