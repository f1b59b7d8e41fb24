"""The final user by its name."""

from collections.abc import Iterator

from jettison.dockerfile.edit import replace_word
from jettison.rules.dockerfile.accounts import group_number, user_number
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import later
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    users = [site for site in case.named("USER") if site.stage in case.shipped and site.instruction.args]
    if not users:
        return
    last = users[-1]
    user = last.state.expand(last.instruction.args[0], case.recipe.escape)
    name = (user or "0").partition(":")[0]
    if not name.isdecimal() and name != "root":
        yield Find(
            f"USER {user} is a name: runAsNonRoot needs a number", last.instruction.span, _fix(case, last, user or "")
        )


def _fix(case: Case, site: Site, user: str) -> Fix | None:
    words = site.instruction.words
    name, colon, group = user.partition(":")
    uid, gid = user_number(case, site, name), group_number(case, site, group) if colon else 0
    if len(words) != 1 or not words[0].whole or words[0].text != user or uid is None or gid is None:
        return None
    if _in_more_groups(case):
        return None
    behind = (other.instruction.name for other in later(case, site))
    if site.stage != max(case.shipped) or any(other in ("RUN", "COPY", "ADD", "WORKDIR") for other in behind):
        return None
    return Fix("safe", (replace_word(words[0], f"{uid}:{gid}" if colon else str(uid)),), "name the user by its number")


def _in_more_groups(case: Case) -> bool:
    """Whether a user may be put into further groups, which a number need not bring along everywhere."""
    calls = [call for site in case.sites for call in site.calls]
    return any(call.tool == "usermod" or (call.tool == "useradd" and call.has("-G", "--groups")) for call in calls)


USER_BY_NAME = Rule(
    name="user-by-name",
    title="the image's user is a name",
    severity="info",
    confidence="high",
    why="Kubernetes cannot tell from a name that it is not root: with `runAsNonRoot: true` and no `runAsUser` it "
    "does not start the container. The fix is made where the recipe itself says the number, and nothing is run "
    "behind the USER.",
    sources=("Kubernetes: `container has runAsNonRoot and image has non-numeric user`",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            'FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nUSER app\nCMD ["python"]\n',
            'FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nUSER 1000\nCMD ["python"]\n',
        ),
        Example("FROM python:3.11-slim\nRUN useradd -m app\nUSER app\n"),
        Example("FROM python:3.11-slim\nRUN useradd -u 1000 app\nUSER app\nRUN pip install numpy\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nUSER 1000:1000\n"),
        Example("FROM python:3.11-slim\nUSER app\nUSER root\n"),
        Example("FROM python:3.11-slim\nARG NAME\nUSER $NAME\n"),
    ),
)
