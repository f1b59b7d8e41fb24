"""Package lists left in a layer."""

from collections.abc import Iterator

from jettison.dockerfile.edit import append_command
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule

_LISTS = "/var/lib/apt/lists"
_SIZE = 19_000_000  # bookworm's main lists, uncompressed by apt: 18.9 MB


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        updates = [call for call in site.calls if call.tool == "apt" and call.action == "update"]
        if site.stage not in case.shipped or not updates or _removed(site) or _mounted(site):
            continue
        yield Find(
            f"the package lists that apt-get update fetches stay in this layer ({_LISTS})",
            updates[0].command.span,
            _fix(case, site),
            (Claim("bytes", size=_SIZE, source="lists of Debian bookworm main, measured"),),
        )


def _removed(site: Site) -> bool:
    script = site.script
    return script is not None and any(
        command.name in ("rm", "find") and any(word.text.startswith(_LISTS) for word in command.words)
        for command in script.commands
    )


def _mounted(site: Site) -> bool:
    return any(_LISTS in (flag.value or "") or "/var/lib/apt," in f"{flag.value}," for flag in site.instruction.flags)


def _fix(case: Case, site: Site) -> Fix | None:
    if not site.editable or not all(call.command.plain for call in site.calls if call.tool == "apt"):
        return None
    edit = append_command(case.recipe, site.instruction, f"rm -rf {_LISTS}/*")
    return Fix("safe", (edit,), "remove the lists in the same layer") if edit else None


APT_LISTS_SHIPPED = Rule(
    name="apt-lists-shipped",
    title="apt's package lists stay in the image",
    severity="low",
    confidence="high",
    why="`apt-get update` writes the lists of all packages. Removed in a later layer they are stored all the same: "
    "only `rm` in the same RUN, or a cache mount on `/var/lib/apt`, keeps them out. Stages that are not shipped are "
    "left alone.",
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
            "FROM debian:bookworm\nRUN <<EOF\napt-get update\napt-get install -y curl\n"
            "rm -rf /var/lib/apt/lists/*\nEOF\n",
        ),
        Example("FROM debian:bookworm\nRUN apt-get update || true\n"),
    ),
    good=(
        Example("FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"),
        Example("FROM debian:bookworm\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update\n"),
        Example("FROM debian:bookworm AS build\nRUN apt-get update\nFROM debian:bookworm\nCOPY --from=build /a /a\n"),
    ),
    aliases=("DL3009",),
)
