"""Two programs for the same work."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    installed = {
        word.value: call
        for site, call in case.calls("apt", "install")
        if site.stage in case.shipped
        for word in call.operands
        if word.value in ("wget", "curl")
    }
    used = {call.tool for site in case.named("RUN") if site.stage in case.shipped for call in site.calls}
    if len(installed) == 2 and {"wget", "curl"} <= used:  # noqa: PLR2004 -- both
        call = installed["wget"]
        yield Find(
            "wget and curl are both installed, and either does the other's work",
            call.command.span,
            claims=(Claim("debs", of=("wget",), base=case.image(max(case.shipped)) or ""),),
        )


WGET_AND_CURL_BOTH = Rule(
    name="wget-and-curl-both",
    title="wget and curl are both installed",
    severity="info",
    confidence="high",
    why="One of them is enough to download with, and is one program less to keep patched. Told only when the recipe "
    "installs both into the image and calls both.",
    sources=("hadolint DL4001",),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM debian\nRUN apt-get update && apt-get install -y wget curl\nRUN wget https://example.org/a\n"
            "RUN curl -fO https://example.org/b\n"
        ),
    ),
    good=(
        Example("FROM debian\nRUN apt-get update && apt-get install -y curl\nRUN curl -fO https://example.org/b\n"),
        Example(
            "FROM debian\nRUN apt-get update && apt-get install -y curl wget\nRUN curl -fO https://example.org/b\n"
        ),
    ),
    aliases=("DL4001",),
)
