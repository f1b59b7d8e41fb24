"""Package lists left in a layer."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.apt_mounts import INSTALLS, LISTS, STATE, apt_calls
from jettison.rules.dockerfile.bodies import append, sudo, text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import mounts_of
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule

_SIZE = 19_000_000  # bookworm's main lists, uncompressed by apt: 18.9 MB
_REMOVED = regex(r"\b(?:rm|find)\b[^\n;&|]*/var/(?:lib/(?:apt\b|\*|\{[^}]*apt)|\{[^}]*lib/apt)|\bdist-?clean\b")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        updates = apt_calls(site, "update")
        if site.stage not in case.shipped or not updates or _mounted(site):
            continue
        if not _removed(case, site, updates[-1].command.span[1]):
            yield Find(
                f"the package lists that apt-get update fetches stay in this layer ({LISTS})",
                updates[0].command.span,
                _fix(case, site),
                (Claim("bytes", size=_SIZE, source="lists of Debian bookworm main, measured"),),
            )


def _removed(case: Case, site: Site, start: int) -> bool:
    """Whether lists are removed behind their last update; in a body that is not understood, anywhere."""
    if site.script is None or site.script.opaque:
        return LISTS in text_of(case, site)
    return bool(_REMOVED.search(case.recipe.text[start : site.instruction.span[1]].replace("\\\n", "  ")))


def _mounted(site: Site) -> bool:
    return any(mount.target in (LISTS, STATE, "/var/lib", None) for mount in mounts_of(site))


def _fix(case: Case, site: Site) -> Fix | None:
    calls = apt_calls(site)
    needed = _needed_later(case, site)
    if not all(call.command.plain for call in calls) or not apt_calls(site, *INSTALLS) or needed:
        return None
    edit = append(case, site, f"{sudo(site, 'apt')}rm -rf {LISTS}/*")
    return Fix("safe" if needed is False else "unsafe", (edit,), "remove the lists in the same layer") if edit else None


def _needed_later(case: Case, site: Site) -> bool | None:
    """Whether a later RUN installs from these lists; None: it runs a script that may."""
    needed: bool | None = False
    for other in case.sites:
        on_top = site.stage in {stage.index for stage in case.scopes.lineage(other.stage)}
        if other.instruction.name != "RUN" or other.instruction.span <= site.instruction.span or not on_top:
            continue
        first = next(iter(apt_calls(other, "update", *INSTALLS)), None)
        if first:
            return needed if first.action == "update" else True  # behind an update there are fresh lists
        if other.script and any(command.name.endswith(".sh") for command in other.script.commands):
            needed = None
    return needed


APT_LISTS_SHIPPED = Rule(
    name="apt-lists-shipped",
    title="apt's package lists stay in the image",
    severity="low",
    confidence="high",
    why="`apt-get update` writes the lists of all packages. Removed in a later layer they are stored all the same: "
    "only `rm` in the same RUN and behind the update, or a cache mount on `/var/lib/apt`, keeps them out. Stages that "
    "are not shipped are left alone. No fix is offered where a later RUN installs from these lists; where a later one "
    "runs a script that might, the fix is unsafe.",
    sources=("28 % of 148 public ML Dockerfiles ship them", "hadolint DL3009"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl\n",
            "FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n",
        ),
        Example(
            "FROM debian:bookworm\nRUN <<EOF\napt-get update\napt-get install -y curl\nEOF\n",
            "FROM debian:bookworm\nRUN <<EOF\napt-get update\n"
            "apt-get install -y curl && rm -rf /var/lib/apt/lists/*\nEOF\n",
        ),
        Example(
            "FROM debian:bookworm\nRUN <<EOF\nset -eu\napt-get update\napt-get install -y curl\nEOF\n",
            "FROM debian:bookworm\nRUN <<EOF\nset -eu\napt-get update\napt-get install -y curl\n"
            "rm -rf /var/lib/apt/lists/*\nEOF\n",
        ),
        Example(
            "FROM ubuntu:22.04\nRUN rm -rf /var/lib/apt/lists/* && sudo apt-get update && sudo apt-get install -y "
            "curl\n",
            "FROM ubuntu:22.04\nRUN rm -rf /var/lib/apt/lists/* && sudo apt-get update && sudo apt-get install -y "
            "curl \\\n"
            "    && sudo rm -rf /var/lib/apt/lists/*\n",
        ),
        Example("FROM debian:bookworm\nRUN apt-get update || true\n"),
        Example("FROM debian:bookworm\nRUN apt-get update && apt-get install -y a\nRUN apt-get install -y b\n"),
        Example("FROM debian:bookworm\nRUN apt-get update && apt-get install -y a # the lists stay\n"),
    ),
    good=(
        Example("FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"),
        Example(
            "FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/{apt,dpkg}/x\n"
        ),
        Example("FROM debian:trixie\nRUN apt-get update && apt-get install -y curl && apt-get dist-clean\n"),
        Example("FROM debian:bookworm\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update\n"),
        Example("FROM debian:bookworm AS build\nRUN apt-get update\nFROM debian:bookworm\nCOPY --from=build /a /a\n"),
    ),
    aliases=("DL3009",),
)
