"""curl that takes a server's error page for the file."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.fetches import downloads, outside
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_FAILS = ("-f", "--fail", "--fail-with-body", "--fail-early")
_ASKS = ("-I", "--head", "-w", "--write-out", "-T", "--upload-file", "-X", "--request", "-d", "--data")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.built:
            continue
        for download in downloads(case, site):
            call = download.call
            if call.tool == "curl" and not call.has(*_FAILS, *_ASKS) and outside(download.url):
                yield Find(
                    "curl without --fail ends well when the server answers with an error, and keeps the error's page",
                    call.command.span,
                    _fix(site, call),
                )


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not word.whole or "sh -c" in call.command.inside or word.text.rpartition("/")[2] != "curl":
        return None
    return Fix("unsafe", (Edit(word.span[1], word.span[1], " -f"),), "fail when the server answers with an error")


CURL_IGNORES_ERRORS = Rule(
    name="curl-ignores-errors",
    title="curl without --fail",
    severity="low",
    confidence="high",
    why="Without `-f` curl ends with 0 on 404 and 503: the page that says so is stored as the file, or piped on, "
    "and the build fails later with another message, or not at all. The fix is marked unsafe, as a build that went "
    "through may stop with it.",
    sources=("curl's manual, --fail",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM debian\nRUN curl -Lo /m.onnx https://example.org/m.onnx\n",
            "FROM debian\nRUN curl -f -Lo /m.onnx https://example.org/m.onnx\n",
        ),
        Example(
            "FROM debian\nRUN cd /t && curl -sL https://example.org/i.sh \\\n  | sh\n",
            "FROM debian\nRUN cd /t && curl -f -sL https://example.org/i.sh \\\n  | sh\n",
        ),
    ),
    good=(
        Example("FROM debian\nRUN curl -fsSL https://example.org/a.sh -o a.sh\n"),
        Example("FROM debian\nRUN curl --fail-with-body -O https://example.org/a.sh\n"),
        Example("FROM debian\nRUN curl -sI https://example.org/\n"),
        Example("FROM debian\nRUN apt-get update && apt-get install -y curl\n"),
    ),
)
