"""pip install --user in an image."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.users import who


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("pip", "install"):
        if not call.has("--user") or site.stage not in case.built:
            continue
        user, final = who(case, site), case.final.end.user if case.final else None
        left = user.root is True and final is not None and final.partition(":")[0] not in ("root", "0")
        yield Find(
            "this installs below root's home, and the image runs as another user, who does not look there"
            if left
            else "--user installs below the home of the user who builds: only the same user finds it there",
            call.command.span,
            severity="medium" if left else None,
        )


PIP_USER_INSTALL = Rule(
    name="pip-user-install",
    title="pip install --user",
    severity="low",
    confidence="high",
    why="`--user` installs below `~/.local`, which is on nobody else's search path, is left out by `python -s` and for "
    "programs with raised rights, and whose `bin` is not in `PATH`. A virtual environment at a path of its own works "
    "for "
    "every user and can be copied alone. `COPY --from=build /root/.local` works only while the service runs as root.",
    sources=("Python's documentation, site: USER_SITE",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.11-slim\nRUN pip install --user flask==3.0.3\nUSER app\n"),
        Example(
            "FROM python:3.11 AS b\nRUN pip install --user flask==3\nFROM python:3.11-slim\n"
            "COPY --from=b /root/.local /root/.local\n"
        ),
    ),
    good=(Example("FROM python:3.11-slim\nRUN pip install flask==3.0.3\n"),),
)
