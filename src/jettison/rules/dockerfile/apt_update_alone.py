"""apt-get update in another RUN than the installation."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.rules.dockerfile.apt_mounts import INSTALLS, LISTS, apt_calls
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import mounts_of
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for at, site in enumerate(case.sites):
        updates = apt_calls(site, "update")
        if site.instruction.name != "RUN" or not updates or apt_calls(site, *INSTALLS):
            continue
        if site.stage in case.built and _only_apt(site) and not _mounted(site):
            following = case.sites[at + 1] if at + 1 < len(case.sites) else None
            yield Find(
                "the lists fetched here are kept as long as this line is cached, and grow old: later installations "
                "fail, "
                "or install old versions",
                updates[0].command.span,
                _fix(case, site, following) if following else None,
            )


def _only_apt(site: Site) -> bool:
    """Whether a body does nothing besides: another command may use the lists."""
    script = site.script
    return script is not None and not script.opaque and len(script.commands) == len(apt_calls(site))


def _mounted(site: Site) -> bool:
    return any(mount.covers(LISTS) for mount in mounts_of(site))


def _fix(case: Case, site: Site, following: Site) -> Fix | None:
    """Join with the RUN right behind, when that installs and both are plain."""
    if following.instruction.name != "RUN" or following.stage != site.stage or not _joinable(site, following):
        return None
    script, second = site.script, following.script
    if script is None or second is None or not second.commands:
        return None
    text = case.recipe.text
    body = text[slice(*script.span)].rstrip()
    place = second.commands[0].span[0]
    if text[second.span[0] : place].strip() or text[site.instruction.span[1] : following.instruction.span[0]].strip():
        return None
    joined = Edit(place, place, f"{body} \\{case.recipe.newline}    && ")
    gone = Edit(site.instruction.span[0], following.instruction.span[0], "")
    return Fix("safe", (gone, joined), "fetch the lists where they are used")


def _joinable(site: Site, following: Site) -> bool:
    bare = not site.instruction.flags and not following.instruction.flags
    if (
        not bare
        or not site.editable
        or not following.editable
        or site.instruction.heredocs
        or following.instruction.heredocs
    ):
        return False
    first = next(iter(apt_calls(following)), None)
    scripts = (site.script, following.script)
    plain = (
        all(command.joiner in ("", "&&") and command.plain for command in scripts[0].commands) if scripts[0] else False
    )
    begins = bool(scripts[1] and scripts[1].commands and scripts[1].commands[0].plain)
    return bool(first and first.action in INSTALLS and plain and begins)


APT_UPDATE_ALONE = Rule(
    name="apt-update-alone",
    title="apt-get update in a RUN of its own",
    severity="medium",
    confidence="high",
    why="A builder runs a line again only when it, or what is above it, changes. An `apt-get update` alone stays "
    "cached "
    "for months while the installations below change: they then ask for versions that the archive no longer has, or "
    "install versions with known holes. The lists also stay in a layer of their own, where no later `rm` reaches them.",
    sources=("Docker's best practices, apt-get",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n",
            "FROM debian:12\nRUN apt-get update \\\n    && apt-get install -y curl\n",
        ),
        Example("FROM debian:12\nRUN apt-get update\nCOPY x /x\nRUN apt-get install -y curl\n"),
        Example("FROM debian:12\nRUN apt-get update\n# what it needs\nRUN apt-get install -y curl\n"),
    ),
    good=(
        Example("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"),
        Example("FROM debian:12\nRUN apt-get update && ./install.sh\n"),
        Example("FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update\n"),
    ),
    aliases=("DL3009",),
)
