"""Python from a personal archive."""

from collections.abc import Iterator

from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_HELPER = "software-properties-common"


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("add-apt-repository"):
        text = " ".join(word.text for word in call.command.words)
        if "deadsnakes" not in text or site.stage not in case.built:
            continue
        lineage = {stage.index for stage in case.scopes.lineage(site.stage)}
        helper = site.stage in case.shipped and any(
            word.value == _HELPER
            for each in case.sites
            if each.stage in lineage
            for other in apt_calls(each, "install")
            for word in other.operands
        )
        yield Find(
            "this Python comes from a personal archive, and a second one comes with what adds the archive",
            call.command.span,
            claims=(Claim("debs", (_HELPER,), base=case.image(site.stage) or ""),) if helper else (),
        )


PYTHON_FROM_PPA = Rule(
    name="python-from-ppa",
    title="Python from the deadsnakes archive",
    severity="low",
    confidence="high",
    why="`software-properties-common` brings the distribution's Python, D-Bus and PackageKit only to add a line to a "
    "file, and the archive keeps no old versions. An official `python` image, `uv python install 3.12`, or a copy of "
    "`/usr/local` from a `python` image made on the same release gives one Python. A CUDA base is no reason: torch's "
    "wheels bring CUDA.",
    sources=("deadsnakes' page: no guarantee of timely updates",),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
            "RUN apt-get update && apt-get install -y software-properties-common && "
            "add-apt-repository -y ppa:deadsnakes/ppa\n"
        ),
    ),
    good=(
        Example("FROM ubuntu:22.04\nRUN add-apt-repository -y ppa:ubuntu-toolchain-r/test\n"),
        Example("FROM ubuntu:22.04 AS b\nRUN add-apt-repository -y ppa:deadsnakes/ppa\nFROM ubuntu:22.04\n"),
    ),
)
