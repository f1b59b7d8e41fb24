"""FROM with a build argument that nothing sets."""

from collections.abc import Iterator

from jettison.dockerfile.scope import GIVEN_BY_BUILDER
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule

_USE = regex(r"\$(?:\{(\w+)(:?[-+?][^}]*)?\}|(\w+))")


def _check(case: Case) -> Iterator[Find]:
    for stage in case.scopes.stages:
        for match in _USE.finditer(stage.base):
            name = match[1] or match[3]
            if match[2] or name in GIVEN_BY_BUILDER:
                continue
            known = case.scopes.arguments.get(name)
            if known is None:
                yield Find(f"no ARG before FROM declares {name}", stage.start.words[0].span, severity="high")
            elif not known.value:
                message = f"ARG {name} has no default: a build without --build-arg fails"
                yield Find(message, stage.start.words[0].span)


ARGUMENT_WITHOUT_DEFAULT = Rule(
    name="argument-without-default",
    title="the base image depends on an ARG that has no value",
    severity="low",
    confidence="high",
    why="A base image whose name depends on an ARG without a default cannot be built, linted, scanned or updated "
    "without "
    "knowing which `--build-arg` goes with it.",
    sources=("BuildKit's checks UndefinedArgInFrom and InvalidDefaultArgInFrom",),
    check=_check,
    fixes="none",
    bad=(Example("ARG V\nFROM python:$V\n"), Example("FROM python:${V}\n")),
    good=(
        Example("ARG V=3.11\nFROM python:$V\n"),
        Example("FROM python:${V:-3.11}\n"),
        Example("FROM --platform=$BUILDPLATFORM python:3.11\n"),
    ),
    aliases=("UndefinedArgInFrom", "InvalidDefaultArgInFrom"),
)
