"""EXPOSE of what is no port."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_PORT = regex(r"\d{1,5}(?:-\d{1,5})?(?:/(?:tcp|udp|sctp))?")
_HIGHEST = 65_535


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("EXPOSE"):
        for word in site.instruction.words:
            if "$" in word.text:
                continue
            if not _PORT.fullmatch(word.text.lower()) or int(re.split(r"[-/]", word.text)[0]) > _HIGHEST:
                yield Find(f"{word.text} is no port: EXPOSE takes PORT or PORT/PROTOCOL", word.span)
            elif word.text != word.text.lower():
                fix = Fix("safe", (Edit(*word.span, word.text.lower()),), "write the protocol in lower case")
                yield Find(f"{word.text}: protocols are in lower case", word.span, fix, severity="info")


EXPOSE_INVALID = Rule(
    name="expose-invalid",
    title="EXPOSE of what is no port",
    severity="medium",
    confidence="high",
    why="EXPOSE takes a port, or a range, with an optional protocol. An address or a mapping as in `-p 80:80` is an "
    "error "
    "in newer builders, and says nothing in older ones.",
    sources=("BuildKit's checks ExposeInvalidFormat and ExposeProtoCasing",),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM a\nEXPOSE 80:80\n"),
        Example("FROM a\nEXPOSE 8080/TCP\n", "FROM a\nEXPOSE 8080/tcp\n"),
        Example("FROM a\nEXPOSE 99999\n"),
    ),
    good=(Example("FROM a\nEXPOSE 80 443/tcp 5000-5010/udp $PORT\n"),),
    aliases=("ExposeInvalidFormat", "ExposeProtoCasing", "DL3011"),
)
