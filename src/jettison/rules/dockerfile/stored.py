"""What the layers below an instruction hold, as far as the recipe says it by name."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copying import copying_of
from jettison.rules.dockerfile.fetches import downloads
from jettison.rules.dockerfile.places import base_at, covered_place, earlier, place_of, within

_SMALL = regex(
    r"\.(?:txt|sh|bash|toml|ya?ml|json|py|cfg|conf|ini|md|env|lock|in|list|service|properties|xml|rc|patch|diff|rules)$"
    r"|(?:^|/)(?:Pipfile|Makefile|LICENSE|README|\.\w+|entrypoint|start|run)$"
)
"""Names of files of a few kilobytes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that an instruction puts into its layer.

    Attributes:
        path: absolute.
        site: the instruction.
        how: in a few words: ``COPY``, ``git clone``, ``a download``, ``a virtual environment``.
    """

    path: str
    site: Site
    how: str

    @property
    def small(self) -> bool:
        """Whether its name is that of a file of a few kilobytes."""
        return bool(_SMALL.search(self.path))


def stored_before(case: Case, site: Site) -> Iterator[Stored]:
    """Give what the instructions in front of one store, those of parent stages included."""
    for other in earlier(case, site):
        yield from stored_by(case, other)


def stored_by(case: Case, site: Site) -> Iterator[Stored]:
    """Give what an instruction stores."""
    if copying := copying_of(case, site):
        yield from (Stored(path, site, site.instruction.name) for path in copying.places())
    if site.instruction.name != "RUN" or not site.calls:
        return
    for call in site.calls:
        if path := _cloned(case, site, call):
            yield Stored(path, site, "git clone")
        if path := environment_made(case, site, call):
            yield Stored(path, site, "a virtual environment")
    kept = (
        download for download in downloads(case, site) if download.path and not removed_in(case, site, download.path)
    )
    yield from (Stored(download.path, site, "a download") for download in kept if download.path)


def _cloned(case: Case, site: Site, call: Call) -> str | None:
    place = clone_place(case, site, call)
    return None if place is None or removed_in(case, site, place) else place


def clone_place(case: Case, site: Site, call: Call) -> str | None:
    """Return the folder that a ``git clone`` makes; None for another call, or when it is not known."""
    if call.tool != "git" or call.action != "clone" or not call.operands:
        return None
    if len(call.operands) > 1:
        return place_of(case, site, call.command, call.operands[1])
    name = posixpath.basename(re.sub(r"[\"']", "", call.operands[0].text).rstrip("/")).removesuffix(".git")
    if not re.fullmatch(r"[\w.+-]+", name):
        return None
    return place_of(case, site, call.command, ShellWord(name, name, call.command.span))


def environment_made(case: Case, site: Site, call: Call) -> str | None:
    """Return the folder of the virtual environment that a call makes; None when it makes none, or it is not known."""
    words = call.command.words
    if call.tool == "uv" and call.action == "venv":
        return place_of(case, site, call.command, call.operands[0]) if call.operands else None
    texts = [word.value for word in words]
    made = [
        at for at, text in enumerate(texts) if text in ("venv", "virtualenv") or (text or "").endswith("/virtualenv")
    ]
    if not made or not (made[0] == 0 or texts[made[0] - 1] == "-m"):
        return None
    operands = [word for word in words[made[0] + 1 :] if not word.text.startswith("-")]
    return place_of(case, site, call.command, operands[-1]) if operands else None


def removed_in(case: Case, site: Site, path: str) -> bool:
    """Whether a body removes a path itself, by name or by a pattern that may mean it."""
    for call in site.calls:
        if call.tool in ("rm", "mv") and any(_covers(case, site, call, word, path) for word in call.operands):
            return True
    return False


def _covers(case: Case, site: Site, call: Call, word: ShellWord, path: str) -> bool:
    place = covered_place(case, site, call.command, word)
    if place is not None:
        return within(path, place)
    pattern = posixpath.basename(re.sub(r"[\"']", "", word.text))
    return bool(re.fullmatch(_loose(pattern), posixpath.basename(path)))


def _loose(pattern: str) -> str:
    """Return an expression for a word of the shell in which patterns and variables may mean anything."""
    parts = re.split(r"\*|\?|\$\{[^}]*\}|\$\w+|\[[^]]*\]|\{[^}]*\}", pattern)
    return ".*".join(re.escape(part) for part in parts)


def brought_by_base(case: Case, site: Site, path: str) -> str | None:
    """Return what the base image has at a path or in it that is large; None when nothing is known to be there."""
    base = base_at(case, site.stage)
    if base is None:
        return None
    if base.family in ("conda", "pytorch", "jupyter") and within("/opt/conda", path) and path != "/":
        return "/opt/conda"
    if base.family == "cuda" and base.cuda in ("runtime", "devel") and path in ("/usr", "/usr/local"):
        return "/usr/local/cuda"
    return "/usr/local" if base.family == "python" and path in ("/usr", "/usr/local", "/usr/local/lib") else None
