"""apt-key."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule

_GONE = regex(r"(?:^|-)(?:trixie|forky|sid|13(?:\.\d+)?|oracular|plucky|24\.10|2[5-9]\.\d\d)(?:-|$)")


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("apt-key", "add", "adv", ""):
        base = base_of(case.image(site.stage))
        gone = base is not None and base.family in ("debian", "ubuntu", "python") and bool(_GONE.search(base.tag))
        yield Find(
            "apt-key is gone from this release"
            if gone
            else "apt-key makes a key good for every repository, and is gone from newer releases",
            call.command.span,
            severity="high" if gone else None,
        )


APT_KEY_DEPRECATED = Rule(
    name="apt-key-deprecated",
    title="a repository's key is added by apt-key",
    severity="low",
    confidence="high",
    why="A key that `apt-key` adds may sign any package of any repository. Newer releases (Debian 13, Ubuntu 24.10) do "
    "not have the program. Put the key into `/etc/apt/keyrings` and name it with `signed-by=` in the repository's "
    "line.",
    sources=("apt-key(8), DEPRECATION",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM ubuntu:20.04\nRUN curl -s https://e.example/key | apt-key add -\n"),
        Example("FROM ubuntu:20.04\nRUN apt-key adv --fetch-keys https://e.example/3bf863cc.pub\n"),
        Example("FROM debian:trixie\nRUN apt-key add /key\n"),
    ),
    good=(
        Example("FROM ubuntu:20.04\nRUN apt-key del 7fa2af80\n"),
        Example("FROM ubuntu:20.04\nRUN curl -so /etc/apt/keyrings/e.asc https://e.example/key\n"),
    ),
)
