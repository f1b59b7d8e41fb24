"""Debian packages without versions."""

import re
from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule

_CUDA = regex(
    r"cuda(?:-|$)|cudnn|libcu(?:dnn|blas|fft|sparse|solver|rand|dart)|libnccl|tensorrt|libnv(?:infer|jpeg)|libnpp"
)


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.shipped:
            continue
        for call in apt_calls(site, "install"):
            names = [
                word.value
                for word in call.operands
                if word.value and _CUDA.match(word.value) and "=" not in word.value and not _says_version(word.value)
            ]
            if names:
                yield Find(
                    f"{', '.join(names[:3])} without a version: the next build may get another CUDA",
                    call.command.span,
                )


def _says_version(name: str) -> bool:
    """Whether the name itself fixes the release (``cuda-cudart-12-4``)."""
    return re.search(r"-\d+-\d+$", name) is not None


APT_CUDA_UNPINNED = Rule(
    name="apt-cuda-unpinned",
    title="CUDA packages of apt without a version",
    severity="low",
    confidence="medium",
    why="NVIDIA's archive moves on: an unpinned `libnccl2` is the newest one, built for the newest CUDA, "
    "which may ask for a newer driver than the nodes have. Write `name=version`, as NVIDIA's own Dockerfiles do. "
    "Debian's "
    "and Ubuntu's own packages are not named here: their archives keep one version, and a pin breaks the next build.",
    sources=("nvidia/cuda Dockerfiles", "hadolint DL3008 says it of every package: 27 % of its findings on ML files"),
    check=_check,
    fixes="none",
    bad=(Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN apt-get install -y libnccl-dev\n"),),
    good=(
        Example("FROM debian:12\nRUN apt-get install -y libcurl4 libcups2\n"),
        Example("FROM debian:12\nRUN apt-get install -y curl\n"),
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN apt-get install -y libnccl2=2.21.5-1+cuda12.4\n"),
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN apt-get install -y cuda-cudart-12-4\n"),
    ),
)
