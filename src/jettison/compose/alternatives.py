"""``update-alternatives --install`` lines of maintainer scripts, read and done natively."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from jettison.compose.tree import Tree


@dataclass(frozen=True, slots=True)
class Alternative:
    """One candidate: ``link`` → ``/etc/alternatives/name`` → ``path``, with followers of the same form."""

    link: str
    name: str
    path: str
    priority: int
    slaves: tuple[tuple[str, str, str], ...] = ()


def parse_alternatives(script: str) -> tuple[Alternative, ...]:
    """Return the candidates a script installs; those made up from variables are left out."""
    found = []
    for statement in statements(script):
        if "update-alternatives" in statement and "--install" in statement and "$" not in statement:
            alternative = _parse(statement)
            if alternative:
                found.append(alternative)
    return tuple(found)


def statements(script: str) -> list[str]:
    """Return a shell script's lines without comments, continued lines joined."""
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _parse(statement: str) -> Alternative | None:
    try:
        words = shlex.split(statement.partition("||")[0].rstrip("; "))
    except ValueError:
        return None
    at = words.index("--install") if "--install" in words else len(words)
    main = words[at + 1 : at + 5]
    if len(main) < 4 or not re.fullmatch(r"-?\d{1,9}", main[3]):  # noqa: PLR2004 -- link name path priority
        return None
    rest = words[at + 5 :]
    slaves = tuple(
        (rest[n + 1], rest[n + 2], rest[n + 3])
        for n, word in enumerate(rest)
        if word == "--slave" and len(rest) >= n + 4
    )
    return Alternative(main[0], main[1], main[2], int(main[3]), slaves)


def link_alternatives(tree: Tree, candidates: Iterable[Alternative]) -> None:
    """Make the links of the best candidate of each name, where its file is there."""
    best: dict[str, Alternative] = {}
    for candidate in candidates:
        there = _is_there(tree, candidate.path)
        if there and (candidate.name not in best or candidate.priority > best[candidate.name].priority):
            best[candidate.name] = candidate
    for name in sorted(best):
        chosen = best[name]
        for link, key, path in ((chosen.link, chosen.name, chosen.path), *chosen.slaves):
            # A link over a shipped file would lose that file.
            if _is_there(tree, path) and "/" not in key and not _is_there(tree, link):
                tree.add_link(f"etc/alternatives/{key}", path, owner="alternatives")
                tree.add_link(link, f"/etc/alternatives/{key}", owner="alternatives")


def _is_there(tree: Tree, path: str) -> bool:
    return tree.resolve(path) in tree.nodes
