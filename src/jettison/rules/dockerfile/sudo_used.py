"""sudo in a build."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.shell.record import Command
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.relabel import run_by_root

_SAME_FOR_ROOT = frozenset(
    (
        "apt-get",
        "apt",
        "dpkg",
        "ldconfig",
        "rm",
        "mkdir",
        "chown",
        "chmod",
        "ln",
        "cp",
        "mv",
        "groupadd",
        "useradd",
        "usermod",
    )
)
"""Programs of the system, which sudo's own PATH and environment do not exchange for others."""


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.built or site.script is None:
            continue
        for command in site.script.commands:
            if command.name == "sudo" and run_by_root(case, site):
                yield Find(
                    "sudo does nothing here: this RUN runs as root already", command.span, _fix(case, site, command)
                )


def _fix(case: Case, site: Site, command: Command) -> Fix | None:
    words = command.words
    if len(words) < 2 or not site.editable or "sh -c" in command.inside:  # noqa: PLR2004 -- sudo PROGRAM
        return None
    program = words[1].value or ""
    plain = words[0].whole and words[0].text == "sudo" and program in _SAME_FOR_ROOT
    between = case.recipe.text[words[0].span[1] : words[1].span[0]]
    if not plain or between.strip(" \t"):
        return None
    return Fix("safe", (Edit(words[0].span[0], words[1].span[0], ""),), "call the program itself")


SUDO_USED = Rule(
    name="sudo-used",
    title="sudo where the build is root already",
    severity="info",
    confidence="high",
    why="A build runs as root until a USER says otherwise. sudo must be installed for nothing, and hands the "
    "program another environment: ENV and ARG are gone behind it. The fix is made for programs of the system; "
    "others may be found elsewhere through sudo's PATH. Bases whose user is not known are left alone.",
    sources=("hadolint DL3004", "sudoers: env_reset, secure_path"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM ubuntu:22.04\nRUN sudo apt-get update && sudo apt-get install -y git\n",
            "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y git\n",
        ),
        Example("FROM ubuntu:22.04\nRUN sudo -E pip install numpy\n"),
    ),
    good=(
        Example("FROM ubuntu:22.04\nUSER ubuntu\nRUN sudo apt-get update\n"),
        Example("FROM ubuntu:22.04\nRUN apt-get install -y sudo\n"),
        Example("FROM example/base\nRUN sudo apt-get update\n"),
    ),
    aliases=("DL3004",),
)
