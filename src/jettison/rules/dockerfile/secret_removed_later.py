"""Keys and credentials that a later layer removes."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import Copying, copyings
from jettison.rules.dockerfile.places import later
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.secrets import secret_file
from jettison.rules.dockerfile.stored import removed_in


def _check(case: Case) -> Iterator[Find]:
    for copying in copyings(case):
        if copying.site.stage not in case.shipped:
            continue
        found = [source for source in copying.sources if secret_file(source)]
        if found and _removed(case, copying):
            yield Find(
                f"{found[0]} stays in the layer that stored it: the rm behind it does not take it out",
                copying.instruction.span,
            )


def _removed(case: Case, copying: Copying) -> bool:
    return any(removed_in(case, other, path) for other in later(case, copying.site) for path in copying.places())


SECRET_REMOVED_LATER = Rule(
    name="secret-removed-later",
    title="a key or credentials removed in a later layer",
    severity="high",
    confidence="high",
    why="Whoever can pull the image can read every file of every layer, also those that a later layer removes. "
    "`RUN --mount=type=secret` or `--mount=type=ssh` show a key to one command and store nothing. Names alone are "
    "looked at; keys that are copied and stay are another rule's matter (`secret-files-copied`).",
    sources=("OCI image specification, layer: whiteouts", "Dockerfile reference, RUN --mount=type=secret"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM debian\nCOPY id_rsa /root/.ssh/id_rsa\nRUN git clone git@example.org:a/b && rm /root/.ssh/id_rsa\n"
        ),
        Example("FROM python:3.11\nCOPY .netrc /root/\nRUN pip install private\nRUN rm -f /root/.netrc\n"),
    ),
    good=(
        Example("FROM debian\nRUN --mount=type=ssh git clone git@example.org:a/b\n"),
        Example("FROM debian AS b\nCOPY .netrc /root/\nRUN rm /root/.netrc\nFROM debian\nCOPY --from=b /app /app\n"),
        Example("FROM debian\nCOPY id_rsa.pub tokenizer.json /etc/x/\nRUN rm -r /etc/x\n"),
    ),
)
