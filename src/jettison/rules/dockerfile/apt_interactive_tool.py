"""``apt`` in a script."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.apt_mounts import DOCKER_CLEAN
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_SAME = ("install", "update", "dist-upgrade", "clean", "autoclean", "autoremove", "remove", "purge", "build-dep")
_OPTIONS = (
    *("-y", "--yes", "--assume-yes", "-q", "-qq", "--quiet", "-o", "-f", "-t", "--target-release", "--reinstall"),
    *("--no-install-recommends", "--install-recommends", "--no-install-suggests", "--fix-missing", "--fix-broken"),
    *("--allow-unauthenticated", "--allow-downgrades", "--allow-change-held-packages", "--no-upgrade"),
    *("--only-upgrade", "--purge", "--autoremove", "--auto-remove"),
)


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("apt"):
        program = call.head[0]
        if program.value == "apt" and call.action:
            yield Find(
                "apt is for people: it may change, and says so in each build; apt-get is for scripts",
                program.span,
                _fix(case, site, call),
            )


def _fix(case: Case, site: Site, call: Call) -> Fix | None:
    word = call.head[0]
    if not site.editable or not word.whole or not call.command.plain or call.action not in _SAME:
        return None
    base = base_of(case.image(site.stage))
    if not base or base.family not in DOCKER_CLEAN or "Binary::apt" in text_of(case, site):
        return None  # apt deletes what it downloaded; apt-get leaves that to docker-clean
    if not all(option.name in _OPTIONS for option in call.options):
        return None
    if call.action == "install" and any((operand.value or "/").startswith(("/", "./")) for operand in call.operands):
        return None  # apt-get before 1.1 takes no files
    return Fix("unsafe", (Edit(word.span[1], word.span[1], "-get"),), "call apt-get")


APT_INTERACTIVE_TOOL = Rule(
    name="apt-interactive-tool",
    title="apt instead of apt-get",
    severity="info",
    confidence="high",
    why="`apt` prints `does not have a stable CLI interface` into each build, and its options and defaults change "
    "between releases. `apt-get` does the same for scripts. The fix is offered where both take the same options and "
    "the base deletes downloaded packages, as `apt` does by itself; `apt upgrade` installs new packages, which "
    "`apt-get "
    "upgrade` does not, and is left. It is unsafe, since other tools look at `apt-get` more closely than at `apt`.",
    sources=("apt(8), Script usage", "hadolint DL3027"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM debian:12\nRUN apt update && apt install -y curl\n",
            "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n",
        ),
        Example("FROM debian:12\nRUN apt upgrade -y\n"),
    ),
    good=(
        Example("FROM debian:12\nRUN apt-get update\n"),
        Example("FROM debian:12\nRUN apt --version\n"),
    ),
    aliases=("DL3027",),
)
