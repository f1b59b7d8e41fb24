"""The commit that a tag or branch of a git repository names, asked over HTTP (git's "http-protocol", smart clients)."""

import os
import re

from jettison.sizes.record import NoAnswerError
from jettison.sizes.transport import Web
from jettison.sizes.web import get

FORGE = "https://github.com"
"""Where actions of workflows live, unless JETTISON_FORGE says otherwise."""
MAX_REFS = 30_000_000
_LINE = re.compile(rb"([0-9a-f]{40}) (refs/[^\x00\n]+)")


def commit_of(web: Web, repository: str, ref: str) -> str:
    """Return the commit that a tag (of annotated ones what they point at) or else a branch names.

    Args:
        web: how to ask.
        repository: ``owner/name``.
        ref: its name.

    Raises:
        NoAnswerError: offline, no answer, or there is no such tag or branch.
    """
    if web.offline:
        raise NoAnswerError("nobody is asked, offline")
    forge = os.environ.get("JETTISON_FORGE", FORGE).rstrip("/")
    url = f"{forge}/{repository}.git/info/refs?service=git-upload-pack"
    body = get(web, url, limit=MAX_REFS, trusted=True).body
    found: dict[str, str] = {name.decode(errors="replace"): commit.decode() for commit, name in _LINE.findall(body)}
    for name in (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}"):
        if name in found:
            return found[name]
    raise NoAnswerError(f"{repository} has no tag or branch {ref}")
