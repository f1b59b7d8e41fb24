"""Packages that each build fetches again."""

from collections.abc import Iterator

from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.mounts import mounts_of, takes_mounts
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_MANY = 8


def _check(case: Case) -> Iterator[Find]:
    if not takes_mounts(case.recipe):
        return
    for site in case.named("RUN"):
        calls = [call for call in apt_calls(site, "install") if call.operands]
        names = [word.value for call in calls for word in call.operands if word.value]
        if site.stage in case.built and len(names) >= _MANY and not mounts_of(site, "cache"):
            yield Find(
                f"each build that runs this again fetches {len(names)} packages and what they need again; "
                "a cache mount would keep them",
                calls[0].command.span,
                claims=(Claim("rebuild", tuple(names)),),
            )
            return


APT_WITHOUT_CACHE_MOUNT = Rule(
    name="apt-without-cache-mount",
    title="apt downloads without a cache mount",
    severity="info",
    confidence="high",
    why="A RUN that installs packages is run again whenever something above it changes. With cache mounts on "
    "`/var/cache/apt` and `/var/lib/apt` (`sharing=locked`), and docker-clean removed, it does not download again. "
    "That helps builders that keep their state; mounts do not travel with `--cache-to`, so that a fresh CI machine "
    "gains nothing: said once a file, for eight packages or more, and never fixed.",
    sources=("the Dockerfile reference, RUN --mount=type=cache",),
    check=_check,
    fixes="none",
    bad=(Example("FROM debian:12\nRUN apt-get update && apt-get install -y a1 a2 a3 a4 a5 a6 a7 a8\n"),),
    good=(
        Example("FROM debian:12\nRUN apt-get update && apt-get install -y gcc\n"),
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked "
            "apt-get update && apt-get install -y a1 a2 a3 a4 a5 a6 a7 a8\n"
        ),
    ),
)
