"""ADD of an address without a checksum."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("ADD"):
        if site.stage not in case.built or site.instruction.flag("checksum"):
            continue
        for word in site.instruction.words[:-1]:
            address = word.text.strip("\"'")
            if address.lower().startswith(("http://", "https://")) and ".git" not in address:
                yield Find(f"ADD of {address.partition('?')[0]} without --checksum", word.span)


ADD_URL_WITHOUT_CHECKSUM = Rule(
    name="add-url-without-checksum",
    title="ADD of an address without a checksum",
    severity="low",
    confidence="high",
    why="What the address gives may change from one build to the next, and is taken as it comes. With "
    "`--checksum=sha256:…` the build stops when it is another file, and need not ask the server again when it has it.",
    sources=("Dockerfile reference, ADD --checksum",),
    check=_check,
    fixes="none",
    bad=(Example("FROM debian\nADD https://example.org/model.onnx /models/\n"),),
    good=(
        Example("FROM debian\nADD --checksum=sha256:00 https://example.org/model.onnx /models/\n"),
        Example("FROM debian\nADD https://example.org/a/b.git#v1 /src\n"),
        Example("FROM debian\nADD model.onnx /models/\n"),
    ),
)
