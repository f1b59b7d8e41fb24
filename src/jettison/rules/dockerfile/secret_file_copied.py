"""Keys and credentials copied into a layer."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import Copying, copyings
from jettison.rules.dockerfile.places import later
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.secrets import secret_file
from jettison.rules.dockerfile.stored import removed_in


def _check(case: Case) -> Iterator[Find]:
    for copying in copyings(case):
        if copying.site.stage not in case.shipped or copying.origin is not None:
            continue
        found = [source for source in copying.sources if secret_file(source)]
        if found:
            gone = _removed(case, copying)
            yield Find(
                f"{found[0]} is stored in a layer{': removing it later does not take it out' if gone else ''}",
                copying.instruction.span,
                confidence="high" if gone else None,
            )


def _removed(case: Case, copying: Copying) -> bool:
    return any(removed_in(case, other, path) for other in later(case, copying.site) for path in copying.places())


SECRET_FILE_COPIED = Rule(
    name="secret-file-copied",
    title="a key or credentials copied into the image",
    severity="high",
    confidence="medium",
    why="Whoever can pull the image can read every file of every layer; a file that a later layer removes is still "
    "in the one that stored it. `RUN --mount=type=secret` or `--mount=type=ssh` show it to one command and store "
    "nothing. Also keep it out of the context by `.dockerignore`. Names alone are looked at.",
    sources=("OCI image specification, layer: whiteouts", "Dockerfile reference, RUN --mount=type=secret"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM debian\nCOPY id_rsa /root/.ssh/id_rsa\nRUN git clone git@example.org:a/b\nRUN rm /root/.ssh/id_rsa\n"
        ),
        Example("FROM python:3.11\nCOPY .netrc /root/\n"),
        Example("FROM python:3.11\nCOPY keys/service-account.json /app/\n"),
    ),
    good=(
        Example("FROM debian\nRUN --mount=type=ssh git clone git@example.org:a/b\n"),
        Example("FROM debian AS b\nCOPY .netrc /root/\nFROM debian\nCOPY --from=b /app /app\n"),
        Example("FROM debian\nCOPY id_rsa.pub tokenizer.json special_tokens_map.json ca.pem /etc/\n"),
    ),
)
