"""Build packages of apk that are not deleted in their layer."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("apk", "install"):
        group = call.option("-t", "--virtual")
        if site.stage not in case.shipped or group is None or not group.text:
            continue
        deleted = any(
            other.tool == "apk"
            and other.action == "remove"
            and any(word.value == group.text for word in other.operands)
            for other in site.calls
        )
        if not deleted:
            yield Find(
                f"{group.text} is not deleted in this RUN: what it installs stays in the layer",
                call.command.span,
            )


APK_BUILD_DEPS_LEFT = Rule(
    name="apk-build-deps-left",
    title="build packages of apk stay in the image",
    severity="medium",
    confidence="high",
    why="`apk add --virtual` gives packages a name so that `apk del` can remove them together. That saves bytes only "
    "in "
    "the same RUN: a later one hides the files and stores them all the same.",
    sources=("apk(8), --virtual", "OCI image specification, layers: whiteouts"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM alpine:3.20\nRUN apk add --no-cache --virtual .build gcc musl-dev\nRUN pip install x\n"
            "RUN apk del .build\n"
        ),
    ),
    good=(
        Example("FROM alpine:3.20\nRUN apk add --no-cache -t .build gcc && pip install x && apk del .build\n"),
        Example("FROM alpine:3.20\nRUN apk add --no-cache gcc\n"),
        Example("FROM alpine:3.20 AS b\nRUN apk add --virtual .b gcc\nFROM alpine:3.20\nCOPY --from=b /a /a\n"),
    ),
)
