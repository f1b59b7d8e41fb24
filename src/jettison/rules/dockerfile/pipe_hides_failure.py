"""Pipes whose first commands may fail unseen."""

import itertools
import re
from collections.abc import Iterator

from jettison.dockerfile.edit import insert_before
from jettison.dockerfile.shell.record import Command
from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import base_at
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_HARMLESS = frozenset(
    (
        "echo",
        "printf",
        "yes",
        "cat",
        "true",
        "ls",
        "grep",
        "sed",
        "awk",
        "cut",
        "tr",
        "head",
        "tail",
        "sort",
        "uname",
        "find",
    )
)
"""Programs that hardly fail in front of a pipe, or whose failure is meant (grep)."""
_WITH_BASH = frozenset(
    ("python", "debian", "ubuntu", "cuda", "pytorch", "conda", "jupyter", "tensorflow", "ngc", "rhel")
)


def _check(case: Case) -> Iterator[Find]:
    mended = set[int]()  # one SHELL serves the rest of its stage
    for site in case.named("RUN"):
        if site.stage not in case.built or site.script is None or _sees(site):
            continue
        hidden = _hidden(site.script.commands)
        if hidden:
            fix = None if site.stage in mended else _fix(case, site)
            mended |= {site.stage} if fix else set()
            yield Find(
                f"a failure of {hidden.name} is not seen: the shell looks at the end of the pipe only", hidden.span, fix
            )


def _sees(site: Site) -> bool:
    """Whether the shell is told to look at every command of a pipe."""
    if any("pipefail" in word for word in site.state.shell):
        return True
    body = whole_body(site)
    return "pipefail" in body


def _hidden(commands: tuple[Command, ...]) -> Command | None:
    for command, following in itertools.pairwise(commands):
        if following.joiner not in ("|", "|&") or "pipeline" not in command.inside or command.fallback:
            continue
        if {"if", "while", "negated", "substitution", "sh -c"} & set(command.inside) or not command.name:
            continue
        if command.name not in _HARMLESS:
            return command
    return None


def _fix(case: Case, site: Site) -> Fix | None:
    base = base_at(case, site.stage)
    if (
        base is None
        or base.family not in _WITH_BASH
        or "alpine" in base.tag
        or site.state.shell[0] not in ("/bin/sh", "sh")
    ):
        return None
    if not site.editable or site.instruction.json or re.search(r"^#!", site.instruction.body.text):
        return None
    line = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'
    return Fix("unsafe", (insert_before(case.recipe, site.instruction, line),), "use bash with pipefail from here on")


PIPE_HIDES_FAILURE = Rule(
    name="pipe-hides-failure",
    title="a pipe hides that its first command failed",
    severity="low",
    confidence="high",
    why="`RUN curl … | tar x` counts as done when tar is: a download that broke off goes unseen where the last command "
    'bears it. `SHELL ["/bin/bash", "-o", "pipefail", "-c"]` makes the build stop. Debian\'s `sh` has no such '
    "option. Pipes of echo, cat and the like are left alone.\n\nThe fix is marked unsafe: SHELL holds for the RUN "
    "instructions behind it, and for a CMD in shell form.",
    sources=("hadolint DL4006", "POSIX shell: the exit status of a pipeline"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM debian:bookworm\n# a tool\nRUN curl -fL https://example.org/a.tgz | tar xz\n"
            "RUN wget -O- https://example.org/b | sh\n",
            'FROM debian:bookworm\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\n# a tool\n'
            "RUN curl -fL https://example.org/a.tgz | tar xz\nRUN wget -O- https://example.org/b | sh\n",
        ),
        Example("FROM alpine:3.20\nRUN wget -O- https://example.org/a.tgz | tar xz\n"),
    ),
    good=(
        Example("FROM alpine:3.20\nRUN set -o pipefail && wget -O- https://example.org/a.tgz | tar xz\n"),
        Example("FROM debian:bookworm\nRUN echo a | tee /a\n"),
        Example(
            'FROM debian\nSHELL ["/bin/bash", "-euxo", "pipefail", "-c"]\nRUN curl -f https://example.org/a | sh\n'
        ),
        Example("FROM debian:bookworm\nRUN if lscpu | grep -q avx; then echo yes; fi\n"),
    ),
    aliases=("DL4006",),
)
