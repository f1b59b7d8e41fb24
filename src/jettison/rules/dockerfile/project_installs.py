"""Installs of what a project's own files ask for, without the project: which files of the context they read."""

from collections.abc import Mapping
from dataclasses import dataclass

from jettison.dockerfile.project.dependencies import Dependencies
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.tables import words


@dataclass(frozen=True, slots=True)
class Reads:
    """What one kind of install reads.

    Attributes:
        tool: its tool.
        actions: its sub-commands.
        without: the option that leaves the project itself out; empty when it is left out in any case.
        options: what else may be said without reading more.
        needed: files that must be there.
        also: files that are read when they are there.
    """

    tool: str
    actions: tuple[str, ...]
    without: str
    options: frozenset[str]
    needed: tuple[str, ...]
    also: tuple[str, ...] = ()


_READS = (
    Reads(
        "uv",
        ("sync",),
        "--no-install-project",
        words(
            "--frozen --locked --no-dev --dev --no-cache -n --compile-bytecode --extra --all-extras --group --no-group"
            " --only-group --all-groups --no-editable -q --quiet -v --verbose --link-mode --no-progress"
            " --no-default-groups --no-install-workspace --no-build --no-python-downloads --native-tls"
        ),
        ("pyproject.toml", "uv.lock"),
        ("uv.toml", ".python-version"),
    ),
    Reads(
        "poetry",
        ("install", "sync"),
        "--no-root",
        words(
            "--no-interaction -n --no-ansi --only --without --with --no-dev --sync --no-cache -q --quiet -v -vv -vvv"
            " --verbose --all-extras --extras -E --compile --remove-untracked"
        ),
        ("pyproject.toml", "poetry.lock"),
        ("poetry.toml",),
    ),
    Reads(
        "pipenv",
        ("install", "sync"),
        "",
        words("--system --deploy --ignore-pipfile --dev -d --clear --verbose -v --quiet --categories"),
        ("Pipfile", "Pipfile.lock"),
    ),
)

WITHOUT_PROJECT = {row.tool: row.without for row in _READS if row.without}
"""By tool the option that leaves the project itself out."""


def reads_of(call: Call) -> Reads | None:
    """Return what a call reads; None when it installs more than dependencies, or that is not known."""
    for row in _READS:
        known = all(option.name == row.without or option.name in row.options for option in call.options)
        if call.tool == row.tool and call.action in row.actions and not call.group and not call.operands and known:
            return row if not row.without or call.has(row.without) else None
    return None


def asks_for_local(found: Mapping[str, Dependencies]) -> bool:
    """Whether one of these files asks for something that lies in the context, or was not understood.

    Args:
        found: what was read, by path.
    """
    for path, each in found.items():
        own = each.name
        wanted = (one for group in each.groups for one in group.wanted)
        if each.skips or any(one.source == "path" or one.editable for one in wanted):
            return True
        if path.endswith(".lock") and any(
            one.source == "path" and one.name != own and one.url not in ("", ".") for one in each.locked
        ):
            return True
    return False
