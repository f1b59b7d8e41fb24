"""An apt cache mount that two builds may use at once."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.rules.dockerfile.apt_mounts import apt_mounts
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.mounts import Mount, add_field
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        for mount in apt_mounts(site):
            if mount.fields.get("sharing", "shared") == "shared":
                edit = _edit(case, mount)
                yield Find(
                    f"two builds at once may both write to the mount at {mount.target}: apt fails, or the cache breaks",
                    mount.flag.word.span,
                    Fix("safe", (edit,), "let one build use it at a time") if edit else None,
                )


def _edit(case: Case, mount: Mount) -> Edit | None:
    if "sharing" not in mount.fields:
        return add_field(case.recipe, mount, "sharing=locked")
    start, end = mount.flag.word.span
    at = case.recipe.text.find("sharing=shared", start, end)
    return Edit(at, at + len("sharing=shared"), "sharing=locked") if at >= 0 and mount.flag.word.whole else None


APT_CACHE_MOUNT_NOT_LOCKED = Rule(
    name="apt-cache-mount-not-locked",
    title="apt's cache mount without sharing=locked",
    severity="low",
    confidence="high",
    why="apt expects to be alone with its files. A cache mount is shared by all builds that run, stages of one build "
    "too, unless it says `sharing=locked`; then one waits for the other.",
    sources=("the Dockerfile reference, RUN --mount=type=cache, example of apt",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y gcc\n",
            "FROM debian:12\n"
            "RUN --mount=type=cache,sharing=locked,target=/var/cache/apt apt-get update && apt-get install -y gcc\n",
        ),
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt,sharing=shared \\\n    apt-get update\n",
            "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked \\\n    apt-get update\n",
        ),
    ),
    good=(
        Example("FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked apt-get update\n"),
        Example("FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt,sharing=private apt-get update\n"),
        Example("FROM python:3.11\nRUN --mount=type=cache,target=/root/.cache/pip pip install x\n"),
    ),
)
