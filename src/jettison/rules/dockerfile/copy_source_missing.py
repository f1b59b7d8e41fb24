"""COPY of what the builder is not sent."""

from collections.abc import Iterator

from jettison.dockerfile.project.read import copied_by
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    project = case.project
    if project is None or not project.root or not project.context.complete or not project.context.entries:
        return
    for site in case.named("COPY", "ADD"):
        instruction = site.instruction
        if instruction.flag("from") or instruction.heredocs:
            continue
        for word in instruction.words[:-1]:
            source = site.state.expand(word.text) if not instruction.json else word.text
            if source is None or "://" in source or source.startswith("git@"):
                continue
            got = copied_by(project, (source,), parents=instruction.flag("parents") is not None)
            if got.missing:
                yield Find(f"{source} is not in the build context, or .dockerignore leaves it out", word.span)


COPY_SOURCE_MISSING = Rule(
    name="copy-source-missing",
    title="COPY of a file that the builder is not sent",
    severity="medium",
    confidence="medium",
    why="The build stops at a COPY whose source is not in the context, or is left out by `.dockerignore`. Files "
    "that are "
    "made before the build (a wheel, exported weights) may be missing here and there in CI, so it is no error.",
    sources=("BuildKit's check CopyIgnoredFile",),
    check=_check,
    fixes="none",
    bad=(Example("FROM a\nCOPY requirments.txt .\n", files={"requirements.txt": "torch\n"}),),
    good=(
        Example("FROM a\nCOPY requirements.txt .\n", files={"requirements.txt": "torch\n"}),
        Example("FROM a\nCOPY --from=x nothing .\n", files={"a": ""}),
        Example("FROM a\nCOPY *.whl .\n", files={"a": ""}),
        Example("FROM a\nADD https://example.com/x .\n", files={"a": ""}),
    ),
    aliases=("CopyIgnoredFile",),
)
