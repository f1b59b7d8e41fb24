"""Weights that RUN instructions download."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.project.flags import flag_file
from jettison.dockerfile.shell.record import Command
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.python_installs import known_text

_CALL = regex(
    r"\b(snapshot_download|hf_hub_download|[\w.]*from_pretrained|SentenceTransformer|pipeline|load_model)\s*\("
)
_REVISION = regex(r"\brevision\s*=")
_COMMIT = regex(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Download:
    """One download.

    Attributes:
        site: the instruction.
        span: of the command.
        what: the repository, address or call, for a message.
        hub: whether it is from a model hub, by its own tools.
        pinned: whether a commit is named.
    """

    site: Site
    span: tuple[int, int]
    what: str
    hub: bool
    pinned: bool


def downloads(case: Case) -> Iterator[Download]:
    """Give the downloads of weights in RUN instructions, as far as their commands tell."""
    for site in case.named("RUN"):
        for call in site.calls:
            if call.tool in ("curl", "wget"):
                yield from _by_address(site, call.command)
            elif call.tool == "hf" and call.action == "download":
                revision = call.option("--revision")
                pinned = revision is not None and _is_commit(revision.text)
                what = known_text(call.operands[0], site.state) if call.operands else "a repository"
                yield Download(site, call.command.span, what, hub=True, pinned=pinned)
            elif call.tool == "python":
                yield from _by_python(site, call.command)
        if site.script and site.script.heredoc and (found := _in_heredoc(site)):
            yield found


def _is_commit(text: str | None) -> bool:
    return text is None or _COMMIT.fullmatch(text) is not None


def _by_address(site: Site, command: Command) -> Iterator[Download]:
    for word in command.words[1:]:
        text = known_text(word, site.state)
        if "://" in text and flag_file(re.split(r"[?#]", text)[0].rpartition("/")[2]) == "weights":
            yield Download(site, command.span, text.rpartition("/")[2], hub=False, pinned=True)


def _by_python(site: Site, command: Command) -> Iterator[Download]:
    for flag, word in zip(command.words[1:], command.words[2:], strict=False):
        if flag.text == "-c" and (match := _CALL.search(word.text)):
            pinned = _REVISION.search(word.text) is not None
            yield Download(site, command.span, f"{match[1]}(…)", hub=True, pinned=pinned)


def _in_heredoc(site: Site) -> Download | None:
    """Return a download in a here-document that is Python's."""
    for heredoc in site.instruction.heredocs:
        if "python" in (site.instruction.body.text + heredoc.content[:40]) and (match := _CALL.search(heredoc.content)):
            pinned = _REVISION.search(heredoc.content) is not None
            return Download(site, heredoc.span, f"{match[1]}(…)", hub=True, pinned=pinned)
    return None
