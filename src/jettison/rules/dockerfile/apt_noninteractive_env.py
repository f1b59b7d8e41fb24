"""DEBIAN_FRONTEND that stays in the image."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.record import Instruction
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_NAME = "DEBIAN_FRONTEND"


def _check(case: Case) -> Iterator[Find]:
    end = case.final.end.variables.get(_NAME) if case.final else None
    if end is None or end.kind != "env" or not end.value:
        return
    for site in case.named("ENV"):
        pair = next((pair for pair in site.instruction.pairs() if pair[0] == _NAME), None)
        if site.stage in case.shipped and pair and pair[1].strip("\"'"):
            yield Find(
                f"{_NAME} stays in the image: whoever installs something in a container gets no questions asked",
                site.instruction.span,
                _fix(case, site.stage, site.instruction),
            )


def _fix(case: Case, stage: int, instruction: Instruction) -> Fix | None:
    """Turn ``ENV`` into ``ARG``, which holds for the rest of the build of this stage."""
    alone = len(list(instruction.pairs())) == 1 and len(instruction.words) == 1 and instruction.words[0].whole
    built_on = any(other.parent == stage for other in case.scopes.stages)
    if not alone or built_on or "=" not in instruction.words[0].text:
        return None
    keyword = case.recipe.text[slice(*instruction.keyword_span)]
    edit = Edit(*instruction.keyword_span, "ARG" if keyword.isupper() else "arg")
    return Fix("unsafe", (edit,), "set it for the build only")


APT_NONINTERACTIVE_ENV = Rule(
    name="apt-noninteractive-env",
    title="DEBIAN_FRONTEND set by ENV",
    severity="info",
    confidence="high",
    why="`ENV` holds in containers as well, where installations should ask. `ARG DEBIAN_FRONTEND=noninteractive` is "
    "seen by each RUN below it in the same stage and by nothing else. The fix is offered where the ENV sets nothing "
    "else and no other stage is built on this one; it is unsafe, because a script that installs something when the "
    "container starts may rely on it.",
    sources=("Debian's debconf(7)", "BuildKit: ARGs are in the environment of RUN"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM debian:12\nENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get install -y tzdata\n",
            "FROM debian:12\nARG DEBIAN_FRONTEND=noninteractive\nRUN apt-get install -y tzdata\n",
        ),
        Example("FROM debian:12\nENV DEBIAN_FRONTEND=noninteractive TZ=UTC\n"),
        Example("FROM debian:12\nENV DEBIAN_FRONTEND noninteractive\n"),
    ),
    good=(
        Example("FROM debian:12\nARG DEBIAN_FRONTEND=noninteractive\n"),
        Example("FROM debian:12\nENV DEBIAN_FRONTEND=noninteractive\nRUN true\nENV DEBIAN_FRONTEND=\n"),
        Example("FROM debian:12 AS b\nENV DEBIAN_FRONTEND=noninteractive\nFROM debian:12\nCOPY --from=b /a /a\n"),
    ),
)
