"""How often files change, from the text of ``git log``: what changes often belongs into a late COPY.

Running git is the caller's: :data:`GIT_LOG` is the command whose output is read here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from jettison.finding import Skip
from jettison.regex import regex

MAX_CHANGES = 2_000_000
MAX_COMMITS = 100_000
MAX_LINE = 20_000
GIT_LOG = (
    "git", "-c", "core.quotePath=true", "log", "--no-merges", "--no-renames", "--max-count=5000",
    "--format=%x01%H %ct", "--name-only",
)  # fmt: skip
_HEAD = regex(r"\x01([0-9a-f]{7,64}) (\d{1,12})\Z")
_QUOTED = regex(r'\\(?:([abtnvfr"\\])|([0-7]{3}))')
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_STATUS = regex(r"([ACDMRTUXB])\d{0,3}\t")


@dataclass(frozen=True, slots=True)
class History:
    """Which commits changed which files.

    Attributes:
        commits: number of commits read.
        times: of each commit, seconds since the epoch, in the log's order.
        changes: by path (as from the top of the repository), the indexes of the commits that changed it, ascending.
        skips: what was not read, and why.
    """

    commits: int
    times: tuple[int, ...]
    changes: Mapping[str, tuple[int, ...]]
    skips: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often some files changed together.

    Attributes:
        commits: number of commits that changed any of them.
        share: of all commits that were read, 0 to 1.
        days: number of days on which any of them changed.
        last: of the latest change, seconds since the epoch; 0 for none.
    """

    commits: int
    share: float
    days: int
    last: int


def parse_log(text: str, prefix: str = "") -> History:
    """Return what the output of :data:`GIT_LOG` says; ``-z`` and ``--name-status`` are understood as well.

    Quoted names (``core.quotePath``) are unquoted; a rename counts for both names. Other lines are one skip.

    Args:
        text: the output.
        prefix: path of the build context in the repository; what lies outside of it is left out, and the rest is given
            relative to it.
    """
    times, changes, odd, count = list[int](), dict[str, list[int]](), 0, 0
    begin = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    skips = list[Skip]()
    for line in _lines(text):
        head = _HEAD.match(line[:100])
        if head:
            if len(times) >= MAX_COMMITS:
                skips.append(Skip("git log", f"more than {MAX_COMMITS} commits: the older ones were not read"))
                break
            times.append(int(head[2]))
            continue
        if not times or len(line) > MAX_LINE or "\x01" in line:
            odd += 1
            continue
        count += 1
        if count > MAX_CHANGES:
            skips.append(Skip("git log", f"more than {MAX_CHANGES} changes: the older ones were not read"))
            break
        _add(changes, _paths(line), begin, len(times) - 1)
    if odd:
        skips.append(Skip("git log", f"{odd} lines were not understood"))
    return History(len(times), tuple(times), {path: tuple(seen) for path, seen in changes.items()}, tuple(skips))


def _lines(text: str) -> Iterable[str]:
    """Give the lines that say something, one by one: a log may be larger than one wants twice in memory."""
    ends, place = re.compile(r"[\n\0]"), 0
    while place < len(text):
        match = ends.search(text, place)
        end = match.start() if match else len(text)
        if end > place:
            yield text[place : min(end, place + MAX_LINE + 1)]
        place = end + 1


def _paths(line: str) -> list[str]:
    """Return the names on a line: one, or two of a rename with its status before them."""
    status = _STATUS.match(line)
    names = line[status.end() :].split("\t") if status else [line]
    return [_unquoted(name) for name in names]


def _unquoted(name: str) -> str:
    """Return a name as git quotes it in C's manner; bytes that are no UTF-8 become surrogates, as in the context."""
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':  # noqa: PLR2004 -- two quotes
        return name
    data, place, inner = bytearray(), 0, name[1:-1]
    for match in _QUOTED.finditer(inner):
        data += inner[place : match.start()].encode("utf-8", "surrogateescape")
        data.append(_LETTERS[match[1]] if match[1] else int(match[2], 8) & 0xFF)
        place = match.end()
    data += inner[place:].encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def _add(changes: dict[str, list[int]], paths: list[str], begin: str, commit: int) -> None:
    for path in paths:
        if not path.startswith(begin):
            continue
        seen = changes.setdefault(path[len(begin) :], [])
        if not seen or seen[-1] != commit:
            seen.append(commit)


def frequency(history: History, chosen: Iterable[str] | Callable[[str], bool]) -> Frequency:
    """Return how often some files changed together: how often a COPY of them is invalidated.

    Args:
        history: what was read.
        chosen: their paths, or what tells whether a path is one of them.
    """
    if callable(chosen):
        commits = {commit for path, seen in history.changes.items() if chosen(path) for commit in seen}
    else:
        commits = {commit for path in chosen for commit in history.changes.get(path, ())}
    times = [history.times[commit] for commit in commits]
    share = len(commits) / history.commits if history.commits else 0.0
    return Frequency(len(commits), share, len({time // 86400 for time in times}), max(times, default=0))
