"""An apt cache mount that Debian's docker-clean empties."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.rules.dockerfile.apt_mounts import ARCHIVES, DOCKER_CLEAN, INSTALLS, apt_calls, mounts_with
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.caches import is_root
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_CONFIG = "/etc/apt/apt.conf.d/docker-clean"
_HANDLED = ("docker-clean", "keep-cache", "Keep-Downloaded-Packages", "apt.conf")


def _check(case: Case) -> Iterator[Find]:
    done: set[int] = set()
    for site in case.named("RUN"):
        mounts, calls = mounts_with(site, ARCHIVES), apt_calls(site, *INSTALLS)
        if not mounts or not calls:
            continue
        lineage = {stage.index for stage in case.scopes.lineage(site.stage)}
        base = base_of(case.image(site.stage))
        if base and base.family in DOCKER_CLEAN and not lineage & done and not _handled(case, site, lineage):
            done.add(site.stage)
            yield Find(
                f"{_CONFIG} of the base image deletes each package after its installation, so this cache stays empty",
                mounts[0].flag.word.span,
                _fix(case, site, keeps=all(call.head[0].value != "apt" for call in calls)),
            )


def _handled(case: Case, site: Site, lineage: set[int]) -> bool:
    before = (each for each in case.sites if each.stage in lineage and each.instruction.span <= site.instruction.span)
    return any(name in text_of(case, each) for each in before for name in _HANDLED)


def _fix(case: Case, site: Site, *, keeps: bool) -> Fix | None:
    """Begin the body with the removal; the tool ``apt`` is told to keep packages as well."""
    script = site.script
    first = script.commands[0] if script and script.commands else None
    if not script or not first or not site.editable or not is_root(case, site) or not first.plain:
        return None
    start = first.span[0]
    if case.recipe.text[script.span[0] : start].strip():
        return None
    keep = "" if keeps else "echo 'Binary::apt::APT::Keep-Downloaded-Packages \"1\";' > /etc/apt/apt.conf.d/keep-cache"
    commands = [f"rm -f {_CONFIG}", *([keep] if keep else [])]
    newline = case.recipe.newline
    if script.heredoc:
        text = "".join(command + newline for command in commands)
    else:
        text = "".join(f"{command} \\{newline}    && " for command in commands)
    return Fix(
        "unsafe" if site.stage in case.shipped else "safe", (Edit(start, start, text),), "remove docker-clean first"
    )


APT_CACHE_MOUNT_EMPTIED = Rule(
    name="apt-cache-mount-emptied",
    title="docker-clean empties apt's cache mount",
    severity="low",
    confidence="high",
    why="The official Debian and Ubuntu images, and those made from them, bring `/etc/apt/apt.conf.d/docker-clean`. It "
    "deletes each package after its installation, in the cache mount too, so that the next build downloads again. It "
    "has to go first. The fix is unsafe in a stage that is shipped, because installations in the finished image, or in "
    "images built on it, would then keep their packages.",
    sources=("the Dockerfile reference, RUN --mount=type=cache, example of apt", "debuerreotype's docker-clean"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:12\n"
            "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n"
            "    apt-get update && apt-get install -y gcc\n",
            "FROM debian:12\n"
            "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n"
            "    rm -f /etc/apt/apt.conf.d/docker-clean \\\n    && apt-get update && apt-get install -y gcc\n",
        ),
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked <<EOF\n"
            "apt update\napt install -y gcc\nEOF\n",
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked <<EOF\n"
            "rm -f /etc/apt/apt.conf.d/docker-clean\n"
            "echo 'Binary::apt::APT::Keep-Downloaded-Packages \"1\";' > /etc/apt/apt.conf.d/keep-cache\n"
            "apt update\napt install -y gcc\nEOF\n",
        ),
    ),
    good=(
        Example(
            "FROM debian:12\nRUN rm -f /etc/apt/apt.conf.d/docker-clean\n"
            "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked apt-get update && apt-get install -y gcc\n"
        ),
        Example("FROM registry.example/os:1\nRUN --mount=type=cache,target=/var/cache/apt apt-get install -y gcc\n"),
        Example("FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get install -y gcc\n"),
    ),
)
