"""MAINTAINER, which LABEL replaced."""

from collections.abc import Iterator

from jettison.dockerfile.edit import replace_instruction
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("MAINTAINER"):
        text = site.instruction.body.text
        fix = None
        if text and not set(text) & set("\"'$\\"):
            line = f'LABEL org.opencontainers.image.authors="{text}"'
            fix = Fix("unsafe", (replace_instruction(case.recipe, site.instruction, line),), "a label instead")
        yield Find("MAINTAINER is deprecated", site.instruction.keyword_span, fix)


MAINTAINER_DEPRECATED = Rule(
    name="maintainer-deprecated",
    title="MAINTAINER",
    severity="info",
    confidence="high",
    why="MAINTAINER sets a field of the image that nothing reads any more; the label "
    "`org.opencontainers.image.authors` "
    "says the same where tools look. The fix counts as unsafe because the field goes.",
    sources=("Dockerfile reference, MAINTAINER (deprecated)", "OCI image-spec, annotations"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM a\nMAINTAINER Ann <ann@example.com>\n",
            'FROM a\nLABEL org.opencontainers.image.authors="Ann <ann@example.com>"\n',
        ),
        Example('FROM a\nMAINTAINER "Ann"\n'),
    ),
    good=(Example('FROM a\nLABEL maintainer="Ann"\n'),),
    aliases=("MaintainerDeprecated", "DL4000"),
)
