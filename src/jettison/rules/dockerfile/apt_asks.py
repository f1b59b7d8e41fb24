"""apt-get install that asks a question."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_YES = ("-y", "--yes", "--assume-yes", "--force-yes", "-s", "--dry-run", "-d", "--download-only", "--trivial-only")
_ASKING = ("install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "autoremove", "remove", "purge")


def _check(case: Case) -> Iterator[Find]:
    configured = False
    for site in case.named("RUN", "COPY"):
        configured = configured or "ssume-" in text_of(case, site).replace("--assume-", "")
        for call in site.calls if site.instruction.name == "RUN" and not configured else ():
            if call.tool == "apt" and call.action in _ASKING and _asks(call):
                yield Find(
                    f"apt-get {call.action} without -y stops where it would ask: nobody answers in a build",
                    call.command.span,
                    _fix(site, call),
                )


def _asks(call: Call) -> bool:
    quiet = sum(option.name == "-q" for option in call.options)
    given = call.has(*_YES) or any(
        (value or "assume-yes").lower().find("assume-yes") >= 0 for value in call.values("-o")
    )
    piped = "pipeline" in call.command.inside or bool(
        call.command.redirects and any(redirect.operator.startswith("<") for redirect in call.command.redirects)
    )
    return not given and quiet < 2 and not call.has("-qq") and not piped  # noqa: PLR2004 -- -qq implies -y


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not word.whole or not call.command.plain:
        return None
    return Fix("safe", (insert_after(word, "-y"),), "answer yes")


APT_ASKS = Rule(
    name="apt-asks",
    title="apt-get install without -y",
    severity="low",
    confidence="high",
    why="When more is to be installed than was named, `apt-get install` asks, finds no terminal and ends with an "
    "error. "
    "That it works today only means that nothing else was needed today.",
    sources=("apt-get(8), --yes; -qq implies it", "hadolint DL3014"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:12\nRUN apt-get update && apt-get install --no-install-recommends curl\n",
            "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n",
        ),
    ),
    good=(
        Example("FROM debian:12\nRUN apt-get install -qqy curl\n"),
        Example("FROM debian:12\nRUN apt-get -qq install curl\n"),
        Example("FROM debian:12\nRUN yes | apt-get install curl\n"),
        Example(
            "FROM debian:12\nRUN echo 'APT::Get::Assume-Yes \"1\";' > /etc/apt/apt.conf.d/9\nRUN apt-get install x\n"
        ),
    ),
    aliases=("DL3014",),
)
