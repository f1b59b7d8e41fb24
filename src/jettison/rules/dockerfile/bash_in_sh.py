"""Bash's own syntax under /bin/sh."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.regex import regex
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_DASH = ("python", "debian", "ubuntu", "cuda", "pytorch", "tensorflow")
_BASHISMS = (
    (regex(r"(?:^|[;&|(]\s*|\bthen\s+|\bdo\s+)\[\[\s"), "[[ … ]]"),
    (regex(r"(?<![\w$'\"])&>(?!&)"), "&>"),
    (regex(r"(?<!<)<\("), "<( … )"),
)


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        base = base_of(case.image(site.stage))
        if base is None or base.family not in _DASH or base.manager != "apt" or not _is_sh(site):
            continue
        script = site.script
        if script is None:
            continue
        source = next((each for each in script.commands if each.name == "source" and not each.inside), None)
        if source:
            word = source.words[0]
            fix = Fix("safe", (Edit(*word.span, "."),), "write .") if word.whole and source.plain else None
            yield Find("`source` is bash's; /bin/sh of this base is dash, and calls it `.`", word.span, fix)
            continue
        text = re.sub(r"'[^']*'|\"[^\"]*\"", "''", site.instruction.body.text)
        for pattern, name in _BASHISMS:
            if pattern.search(text):
                yield Find(f"{name} is bash's; /bin/sh of this base is dash", site.instruction.keyword_span)
                break


def _is_sh(site: Site) -> bool:
    heredoc = site.instruction.heredocs[0].content if site.instruction.heredocs else ""
    return site.state.shell == ("/bin/sh", "-c") and not heredoc.startswith("#!") and not site.instruction.json


BASH_IN_SH = Rule(
    name="bash-in-sh",
    title="bash's syntax in a RUN that /bin/sh reads",
    severity="medium",
    confidence="medium",
    why="RUN's shell form is read by `/bin/sh`, which on Debian and Ubuntu is dash. `source` is not found there, "
    "and the "
    "build stops; `&>` does not stop it: the command runs in the background, and its failure is lost. "
    'Say `SHELL ["/bin/bash", "-c"]`, or write what sh knows.',
    sources=("Debian policy 10.4", "hadolint DL4005"),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM debian:bookworm\nRUN source /env && make\n", "FROM debian:bookworm\nRUN . /env && make\n"),
        Example("FROM python:3.11\nRUN make &> log\n"),
        Example("FROM python:3.11\nRUN [[ -f x ]] && make\n"),
    ),
    good=(
        Example('FROM debian:bookworm\nSHELL ["/bin/bash", "-c"]\nRUN source /env && make\n'),
        Example("FROM centos:7\nRUN source /env\n"),
        Example("FROM debian:bookworm\nRUN echo 'source /env' >> /root/.bashrc\n"),
        Example("FROM debian:bookworm\nRUN bash -c 'source /env && make'\n"),
        Example("FROM debian:bookworm\nRUN <<EOF\n#!/bin/bash\nsource /env\nEOF\n"),
    ),
)
