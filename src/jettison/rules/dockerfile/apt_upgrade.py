"""All packages of the base image upgraded in a layer."""

from collections.abc import Iterator

from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule

_ACTIONS = ("upgrade", "dist-upgrade", "full-upgrade")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        for call in apt_calls(site, *_ACTIONS):
            if site.stage in case.shipped and not call.operands:
                yield Find(
                    f"{call.action} stores each package that it replaces a second time, and gives another image "
                    f"each day",
                    call.command.span,
                )


APT_UPGRADE = Rule(
    name="apt-upgrade",
    title="the base image's packages are upgraded in a layer",
    severity="low",
    confidence="medium",
    why="An upgrade writes new files over those of the base, and both are stored and pulled. In a CUDA or PyTorch base "
    "it may replace libraries of CUDA or cuDNN with newer ones, hundreds of megabytes, that nobody tested. A newer "
    "base "
    "image, pinned by digest and moved on purpose, brings the same security updates. Where the base is not rebuilt "
    "often enough an upgrade is right: then pin the date of its archive.",
    sources=("measured: a 50 MB file written again costs 50 MB", "hadolint DL3005 (dist-upgrade)"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN apt-get update && apt-get upgrade -y\n"),
        Example("FROM debian:12\nRUN apt-get update && apt-get -y dist-upgrade\n"),
    ),
    good=(
        Example("FROM debian:12\nRUN apt-get install -y --only-upgrade openssl\n"),
        Example("FROM debian:12 AS build\nRUN apt-get -y upgrade\nFROM debian:12\nCOPY --from=build /a /a\n"),
    ),
    aliases=("DL3005",),
)
