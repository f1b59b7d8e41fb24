"""zypper's metadata left in a layer."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bodies import append, sudo, text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import covered
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        calls = [
            call for call in site.calls if call.tool == "zypper" and call.action in ("install", "update", "refresh")
        ]
        if site.stage not in case.shipped or not calls or covered(site, "/var/cache/zypp"):
            continue
        cleaned = any(call.tool == "zypper" and call.action in ("clean", "cc") for call in site.calls)
        if not cleaned and "/var/cache/zypp" not in text_of(case, site):
            plain = all(call.command.plain for call in calls)
            yield Find(
                "zypper keeps metadata and packages in /var/cache/zypp, and this layer keeps them",
                calls[0].command.span,
                _fix(case, site) if plain else None,
            )


def _fix(case: Case, site: Site) -> Fix | None:
    edit = append(case, site, f"{sudo(site, 'zypper')}zypper clean --all")
    return Fix("safe", (edit,), "clean in the same layer") if edit else None


ZYPPER_CACHE_SHIPPED = Rule(
    name="zypper-cache-shipped",
    title="zypper's cache stays in the image",
    severity="medium",
    confidence="high",
    why="zypper keeps what it fetched below `/var/cache/zypp`. `zypper clean --all` in the same RUN, or a cache mount, "
    "keeps it out of the layer.",
    sources=("zypper(8), clean", "hadolint DL3036"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM opensuse/leap:15\nRUN zypper -n install git\n",
            "FROM opensuse/leap:15\nRUN zypper -n install git \\\n    && zypper clean --all\n",
        ),
        Example("FROM opensuse/leap:15\nRUN zypper -n install git || true\n"),
    ),
    good=(
        Example("FROM opensuse/leap:15\nRUN zypper -n install git && zypper clean -a\n"),
        Example("FROM opensuse/leap:15\nRUN --mount=type=cache,target=/var/cache/zypp zypper -n in git\n"),
    ),
    aliases=("DL3036",),
)
