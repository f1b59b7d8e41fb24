"""Commands that download everything they know."""

from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_NLTK = regex(r"nltk\.download\(\s*(?:['\"](all|popular|all-corpora|book)['\"]|\))")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.built:
            continue
        for call in site.calls:
            if call.tool == "playwright" and call.action == "install" and not call.operands:
                yield Find(
                    "playwright installs three browsers: name the one that is used (playwright install chromium)",
                    call.command.span,
                )
            elif call.tool == "python" and (text := _nltk(call)):
                yield Find(
                    f"nltk downloads {text}, with corpora that nothing reads: name what is used (punkt, stopwords …)",
                    call.command.span,
                    None,
                    (Claim("bytes", size=3_500_000_000, source="nltk's index of packages"),) if text == "all" else (),
                )


def _nltk(call: Call) -> str:
    texts = [word.value or word.text for word in call.command.words]
    if "nltk.downloader" in texts:
        return next((text for text in texts if text in ("all", "popular", "all-corpora", "book")), "")
    match = next((match for text in texts if (match := _NLTK.search(text))), None)
    return "" if match is None else match[1] or "by a window that is not there"


DOWNLOADS_EVERYTHING = Rule(
    name="downloads-everything",
    title="A download takes everything there is",
    severity="medium",
    confidence="high",
    why="`nltk.downloader all` is 3.5 GB, of which a service reads a few megabytes. `playwright install` brings "
    "Chromium, Firefox and WebKit, about 1 GB. Name what is used.",
    sources=("nltk's index of packages", "Playwright's documentation, browsers"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nRUN python -m nltk.downloader all\n"),
        Example("FROM python:3.12-slim\nRUN python -c \"import nltk; nltk.download('all')\"\n"),
        Example("FROM python:3.12-slim\nRUN playwright install --with-deps\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN python -m nltk.downloader punkt stopwords\n"),
        Example("FROM python:3.12-slim\nRUN playwright install --with-deps chromium\n"),
        Example("FROM python:3.12-slim\nRUN python -c \"import nltk; nltk.download('punkt')\"\n"),
    ),
)
