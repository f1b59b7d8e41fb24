"""A repository's history in the image."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import joined
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule, Safety
from jettison.rules.dockerfile.stored import clone_place, removed_in

_SHALLOW = ("--depth", "--shallow-since", "--shallow-exclude", "--filter", "--bare", "--mirror", "--reference")
_NEEDS_HISTORY = regex(
    r"\bgit\b[^\n]*?\b(?:checkout|reset|describe|log|fetch|rev-list|merge|cherry-pick|switch|pull|revert)\b"
)
_BUILDS = regex(r"\bpip\b|setup\.py|\bbuild\b|poetry|\buv\b|\bmake\b|cmake|ninja|bazel|cargo|\.sh\b")
_HOSTS = regex(r"https://(?:github|gitlab)\.com/", re.IGNORECASE)
_LARGE_FILES = regex(r"//(?:[^/@]*@)?huggingface\.co/", re.IGNORECASE)


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("git", "clone"):
        if site.stage not in case.shipped or not call.operands:
            continue
        large = bool(_LARGE_FILES.search(call.operands[0].text))
        if (call.has(*_SHALLOW) and not large) or _removed(case, site, call):
            continue
        yield Find(
            "git clone of a model keeps every weight twice: once in .git/lfs"
            if large
            else "git clone keeps the whole history in the image (.git)",
            call.command.span,
            None if large else _fix(case, site, call),
            severity="medium" if large else None,
        )


def _removed(case: Case, site: Site, call: Call) -> bool:
    place = clone_place(case, site, call)
    git = joined(place, ".git")
    body = whole_body(site)
    return (git is not None and removed_in(case, site, git)) or bool(re.search(r"\brm\b[^&|;]*\.git\b", body))


def _fix(case: Case, site: Site, call: Call) -> Fix | None:
    address = call.operands[0].text.strip("\"'")
    if (
        not site.editable
        or "sh -c" in call.command.inside
        or not call.head[-1].whole
        or "function" in call.command.inside
    ):
        return None
    if address.startswith((".", "/", "file:", "$")):
        return None
    behind = case.recipe.text[call.command.span[1] :]  # other stages may copy the clone, and go on with it
    if _NEEDS_HISTORY.search(behind):
        return None
    sure: Safety = "safe" if _HOSTS.match(address) and not _BUILDS.search(behind) else "unsafe"
    return Fix(sure, (insert_after(call.head[-1], "--depth 1"),), "fetch the last commit only")


GIT_HISTORY_SHIPPED = Rule(
    name="git-history-shipped",
    title="a repository's history is in the image",
    severity="low",
    confidence="high",
    why="`git clone` fetches every version of every file; what runs needs one. `--depth 1` leaves the rest. A "
    "commit that is checked out later is not in a clone of depth 1: there the rule only tells. A model cloned with "
    "LFS has each weight in `.git/lfs` as well: remove `.git` in the same RUN, or download the files.\n\nThe fix "
    "is unsafe where something is built behind it: a version told by tags (setuptools-scm) would be another one.",
    sources=("git's manual, clone --depth", "git-lfs: objects are kept in .git/lfs"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian\nRUN git clone https://github.com/a/b.git /b\n",
            "FROM debian\nRUN git clone --depth 1 https://github.com/a/b.git /b\n",
        ),
        Example(
            "FROM debian\nRUN git clone https://github.com/a/b.git /b && pip install /b\n",
            "FROM debian\nRUN git clone --depth 1 https://github.com/a/b.git /b && pip install /b\n",
        ),
        Example("FROM debian\nRUN git clone https://github.com/a/b.git && cd b && git checkout 1a2b3c4\n"),
        Example("FROM debian\nRUN git lfs install && git clone --depth 1 https://huggingface.co/a/b /m\n"),
    ),
    good=(
        Example("FROM debian\nRUN git clone --depth=1 https://github.com/a/b.git\n"),
        Example("FROM debian\nRUN git clone https://github.com/a/b.git /b && make -C /b && rm -rf /b\n"),
        Example("FROM debian AS x\nRUN git clone https://github.com/a/b.git\nFROM debian\nCOPY --from=x /b/c /c\n"),
    ),
)
