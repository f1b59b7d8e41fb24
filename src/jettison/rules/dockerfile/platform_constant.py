"""FROM --platform with a constant, or with the builder's default."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for stage in case.scopes.stages:
        flag = stage.start.flag("platform")
        if flag is None or not flag.value:
            continue
        if flag.value in ("$TARGETPLATFORM", "${TARGETPLATFORM}"):
            edit = Edit(stage.start.keyword_span[1], flag.word.span[1], "")
            fix = Fix("safe", (edit,), "leave out the default") if len(stage.start.flags) == 1 else None
            yield Find("this is the default", flag.word.span, fix)
        elif "$" not in flag.value:
            message = f"the image is {flag.value} only, whatever platform the build asks for"
            yield Find(message, flag.word.span, severity="low")


PLATFORM_CONSTANT = Rule(
    name="platform-constant",
    title="FROM --platform says a constant, or the default",
    severity="info",
    confidence="high",
    why="A constant platform makes an image that runs under emulation elsewhere, many times slower, and its label says "
    "otherwise. Choose the platform with `--platform` of the build. `$TARGETPLATFORM` is what the builder takes "
    "anyway.",
    sources=("BuildKit's checks FromPlatformFlagConstDisallowed and RedundantTargetPlatform",),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM --platform=linux/amd64 a\n"),
        Example("FROM --platform=$TARGETPLATFORM a\n", "FROM a\n"),
    ),
    good=(Example("FROM --platform=$BUILDPLATFORM a\n"),),
    aliases=("FromPlatformFlagConstDisallowed", "RedundantTargetPlatform", "DL3029"),
)
