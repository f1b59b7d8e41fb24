"""The metadata of dnf, yum, microdnf or tdnf left in a layer."""

from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import append, sudo, text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import covered
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_ACTIONS = (
    "install",
    "update",
    "upgrade",
    "groupinstall",
    "builddep",
    "reinstall",
    "localinstall",
    "makecache",
    "module",
)
_FOLDERS = ("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf")
_CLEANED = regex(r"\b(?:dnf5?|microdnf|yum|tdnf)\b[^\n;&|]*\bclean\s|\brm\b[^\n;&|]*/var/(?:cache\b|\*|\{[^}]*cache)")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        calls = [call for call in site.calls if call.tool == "dnf" and call.action in _ACTIONS]
        if site.stage not in case.shipped or not calls or any(covered(site, folder) for folder in _FOLDERS):
            continue
        if not _CLEANED.search(text_of(case, site)):
            program = calls[-1].head[0].value or "dnf"
            yield Find(
                f"{program} keeps the metadata of its repositories in /var/cache, and this layer keeps it",
                calls[0].command.span,
                _fix(case, site, calls),
            )


def _fix(case: Case, site: Site, calls: list[Call]) -> Fix | None:
    if not all(call.command.plain for call in calls):
        return None
    edit = append(case, site, f"{sudo(site, 'dnf')}{calls[-1].head[0].text} clean all")
    return Fix("safe", (edit,), "clean in the same layer") if edit else None


DNF_CACHE_SHIPPED = Rule(
    name="dnf-cache-shipped",
    title="the metadata of dnf or yum stays in the image",
    severity="medium",
    confidence="high",
    why="`dnf`, `yum`, `microdnf` and `tdnf` keep what they know of their repositories below `/var/cache`. "
    "`clean all` in the same RUN, or a cache mount, keeps it out of the layer; in a later RUN it saves nothing.",
    sources=("dnf(8), clean", "hadolint DL3032, DL3040"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM rockylinux:9\nRUN dnf install -y git\n",
            "FROM rockylinux:9\nRUN dnf install -y git \\\n    && dnf clean all\n",
        ),
        Example(
            "FROM registry.access.example/ubi9/ubi-minimal\nRUN microdnf update -y && \\\n    microdnf install -y "
            "git\n",
            "FROM registry.access.example/ubi9/ubi-minimal\nRUN microdnf update -y && \\\n"
            "    microdnf install -y git \\\n    && microdnf clean all\n",
        ),
        Example("FROM rockylinux:9\nRUN if true; then dnf install -y git; fi\n"),
    ),
    good=(
        Example("FROM rockylinux:9\nRUN dnf install -y git && dnf clean all\n"),
        Example("FROM rockylinux:9\nRUN yum install -y git && rm -rf /var/cache/yum\n"),
        Example("FROM rockylinux:9\nRUN --mount=type=cache,target=/var/cache/dnf dnf install -y git\n"),
    ),
    aliases=("DL3032", "DL3040"),
)
