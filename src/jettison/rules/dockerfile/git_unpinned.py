"""Clones of whatever a branch holds that day."""

import re
from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import later
from jettison.rules.dockerfile.record import Example, Find, Rule

_FIXES = regex(r"\bgit\b[^\n]*?\b(?:checkout|reset|switch|fetch|submodule\s+update|apply|am)\b")


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("git", "clone"):
        if site.stage in case.built and call.operands and not _pinned(call) and not _checked_out(case, site):
            branch = call.option("-b", "--branch")
            what = f"the branch {branch.text}" if branch else "the default branch"
            yield Find(f"git clone takes whatever {what} holds at the hour of the build", call.command.span)


def _pinned(call: Call) -> bool:
    """Whether a clone names a tag or a commit: a name with a digit, or one that is not known."""
    branch = call.option("-b", "--branch", "--revision")
    return branch is not None and (branch.text is None or bool(re.search(r"\d", branch.text)))


def _checked_out(case: Case, site: Site) -> bool:
    for other in (site, *later(case, site)):
        body = whole_body(other)
        if _FIXES.search(body):
            return True
    return False


GIT_UNPINNED = Rule(
    name="git-unpinned",
    title="git clone without a commit or tag",
    severity="info",
    confidence="medium",
    why="The same recipe gives another image tomorrow, and a cached layer hides it until the day the cache is "
    "gone. Check out a commit, or name a tag with `--branch`. A branch whose name has a digit may be a tag, and is "
    "left alone.",
    sources=("SLSA, build: dependencies are fixed",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian\nRUN git clone https://example.org/a/b.git\n"),
        Example("FROM debian\nRUN git clone -b main --depth 1 https://example.org/a/b.git\n"),
    ),
    good=(
        Example("FROM debian\nRUN git clone --branch v1.2.0 https://example.org/a/b.git\n"),
        Example("FROM debian\nRUN git clone https://example.org/a/b.git && cd b && git checkout 1a2b3c4\n"),
        Example("FROM debian\nARG REF\nRUN git clone -b $REF https://example.org/a/b.git\n"),
    ),
)
