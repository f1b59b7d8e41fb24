"""A recipe that empties its own apt cache mount."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.shell.record import Command, ShellWord
from jettison.dockerfile.tools.calls import call_of
from jettison.rules.dockerfile.apt_mounts import ARCHIVES, CACHE, LISTS, STATE, mounts_with
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.command_edit import remove_command, remove_operands
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        folders = tuple(folder for folder in (ARCHIVES, LISTS) if mounts_with(site, folder))
        if not folders or site.script is None:
            continue
        for command in site.script.commands:
            if words := _words(command, folders):
                yield _find(case, site, command, words)


def _words(command: Command, folders: tuple[str, ...]) -> list[ShellWord]:
    """Return the words of a command that empty what a mount holds: all of an ``apt-get clean``."""
    call = call_of(command)
    if call and call.tool == "apt" and call.action in ("clean", "autoclean") and ARCHIVES in folders:
        return list(command.words)
    if command.name != "rm":
        return []
    prefixes = tuple(
        prefix for prefix in ((CACHE,) if ARCHIVES in folders else ()) + ((STATE,) if LISTS in folders else ())
    )
    return [word for word in command.words[1:] if word.text.strip("\"'").startswith(prefixes)]


def _find(case: Case, site: Site, command: Command, words: list[ShellWord]) -> Find:
    edits: tuple[Edit, ...] | None
    if words == list(command.words):
        edit = remove_command(case, site, command)
        edits = (edit,) if edit else None
    else:
        edits = remove_operands(case, site, command, words)
    return Find(
        "this empties the cache mount, so that the next build downloads again; the layer holds nothing of it",
        command.span,
        Fix("safe", edits, "leave the mount as it is") if edits else None,
    )


APT_CACHE_MOUNT_CLEANED = Rule(
    name="apt-cache-mount-cleaned",
    title="apt's cache mount is emptied by the same RUN",
    severity="low",
    confidence="high",
    why="What is written to a cache mount is in no layer. `apt-get clean`, or `rm` of the lists, beside the mount "
    "deletes what the next build would have used, and saves nothing.",
    sources=("the Dockerfile reference, RUN --mount=type=cache",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n"
            "    --mount=type=cache,target=/var/lib/apt,sharing=locked \\\n"
            "    apt-get update \\\n    && apt-get install -y gcc \\\n    && apt-get clean \\\n"
            "    && rm -rf /var/lib/apt/lists/* /tmp/x\n",
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n"
            "    --mount=type=cache,target=/var/lib/apt,sharing=locked \\\n"
            "    apt-get update \\\n    && apt-get install -y gcc \\\n"
            "    && rm -rf /tmp/x\n",
        ),
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked apt-get update && "
            "apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\n",
            "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked apt-get update && "
            "apt-get install -y gcc\n",
        ),
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked "
            "apt-get install -y gcc && (apt-get clean)\n",
        ),
    ),
    good=(
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked apt-get update "
            "&& apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\n"
        ),
        Example("FROM debian:12\nRUN apt-get update && apt-get install -y gcc && apt-get clean\n"),
    ),
)
