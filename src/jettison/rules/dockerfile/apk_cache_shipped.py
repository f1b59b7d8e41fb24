"""apk's index left in a layer."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit, insert_after
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.command_edit import remove_command
from jettison.rules.dockerfile.mounts import covered, joined
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_REMOVED = regex(r"\b(?:rm|find)\b[^\n;&|]*/(?:var|etc)/(?:cache/)?(?:apk|\*)|\bapk\s+cache\s+clean\b")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        calls = [call for call in site.calls if call.tool == "apk" and _keeps(call)]
        kept_out = covered(site, "/var/cache/apk") or covered(site, "/etc/apk/cache")
        if site.stage in case.shipped and calls and not kept_out and not _REMOVED.search(text_of(case, site)):
            yield Find(
                "apk keeps the index of its packages in /var/cache/apk, and this layer keeps it",
                calls[0].command.span,
                _fix(case, site, calls),
            )


def _keeps(call: Call) -> bool:
    return call.action in ("install", "update", "upgrade") and not call.has("--no-cache")


def _fix(case: Case, site: Site, calls: list[Call]) -> Fix | None:
    """Let installations fetch the index for themselves, and drop the update."""
    if not site.editable or not all(call.command.plain and call.head[-1].whole for call in calls):
        return None
    updates = [call for call in calls if call.action == "update"]
    others = [call for call in calls if call.action != "update"]
    if not others:
        return None
    edits: list[Edit | None] = [remove_command(case, site, call.command) for call in updates]
    edits += [insert_after(call.head[-1], "--no-cache") for call in others]
    made = joined(edits)
    return Fix("safe", made, "keep no index") if made else None


APK_CACHE_SHIPPED = Rule(
    name="apk-cache-shipped",
    title="apk's index stays in the image",
    severity="low",
    confidence="high",
    why="`apk add` and `apk update` keep the archive's index. With `--no-cache` each installation fetches the index "
    "for "
    "itself and keeps nothing, and an `apk update` before it has no use.",
    sources=("apk(8), --no-cache", "hadolint DL3017, DL3019"),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM alpine:3.20\nRUN apk add git\n", "FROM alpine:3.20\nRUN apk add --no-cache git\n"),
        Example(
            "FROM alpine:3.20\nRUN apk update && \\\n    apk add git && \\\n    apk add curl\n",
            "FROM alpine:3.20\nRUN apk add --no-cache git && \\\n    apk add --no-cache curl\n",
        ),
        Example("FROM alpine:3.20\nRUN apk update\n"),
    ),
    good=(
        Example("FROM alpine:3.20\nRUN apk add --no-cache git\n"),
        Example("FROM alpine:3.20\nRUN apk add git && rm -rf /var/cache/apk/*\n"),
        Example("FROM alpine:3.20\nRUN --mount=type=cache,target=/var/cache/apk apk add git\n"),
        Example("FROM alpine:3.20 AS b\nRUN apk add gcc\nFROM alpine:3.20\nCOPY --from=b /a /a\n"),
    ),
    aliases=("DL3019",),
)
