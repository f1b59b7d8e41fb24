"""The same files copied twice."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import Copying, copyings
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.weights import stored_again


def _check(case: Case) -> Iterator[Find]:
    seen: list[Copying] = []
    for copying in copyings(case):
        if copying.site.stage not in case.shipped or copying.to is None or copying.instruction.heredocs:
            continue
        first = next((other for other in seen if _same(other, copying)), None)
        if first is not None:
            yield Find(
                f"{', '.join(copying.sources)} was copied on line {first.instruction.line} already: it is stored twice",
                copying.instruction.span,
                claims=stored_again(case, copying.site),
            )
        seen.append(copying)


def _same(first: Copying, second: Copying) -> bool:
    """Whether two take the same things: to whatever place, as both are stored."""
    everything = [source.rstrip("/") in ("", ".") for source in first.sources]
    weighty = any(everything) or all("." not in source.rpartition("/")[2] for source in first.sources)
    alike = set(first.sources) == set(second.sources) and first.origin == second.origin
    other = {flag.word.text for flag in first.instruction.flags} == {
        flag.word.text for flag in second.instruction.flags
    }
    return alike and other and weighty


DUPLICATE_COPY = Rule(
    name="duplicate-copy",
    title="the same files are copied twice",
    severity="medium",
    confidence="medium",
    why="Each COPY makes a layer of its own: what both bring is stored and pulled twice. Copying a manifest first "
    "and the whole project later is another thing, and is right. Single files are left alone.",
    sources=("OCI image specification, layer",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian\nWORKDIR /app\nCOPY . .\nRUN make\nCOPY . .\n"),
        Example("FROM debian\nCOPY models /models\nCOPY models /opt/models\n"),
    ),
    good=(
        Example("FROM debian\nWORKDIR /app\nCOPY requirements.txt .\nRUN make\nCOPY . .\n"),
        Example("FROM debian AS a\nCOPY . /a\nFROM debian\nCOPY . /b\n"),
        Example("FROM debian\nCOPY run.sh /a/\nCOPY run.sh /b/\n"),
    ),
)
