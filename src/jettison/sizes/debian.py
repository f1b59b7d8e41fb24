"""What Debian and Ubuntu packages weigh: their closure by the archive's index, less what the base has.

Alternatives are taken as apt takes them on an empty system: the first that there is. Versions in relations are not
looked at: within one suite they hold.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from jettison.compose.stanza import names_of
from jettison.finding import Skip
from jettison.sizes.debindex import DebIndex, DebRow, make_index
from jettison.sizes.record import Bill, Line, Weight, bill
from jettison.sizes.shipped import shipped_document

DISK = 0.99
"""Bytes on disk for a byte of Installed-Size; measured, see docs/architecture/sizes.md."""
SLIM_DISK = 0.91
"""The same where documentation, manual pages and locales are left out, as slim images do."""
PULL = 1.49
"""Bytes in a gzip-compressed layer for a byte of the archive file, which xz makes; measured."""
SLIM_PULL = 1.33
"""The same where documentation is left out."""
MINIMAL = ("apt", "debian-archive-keyring", "ubuntu-keyring")  # beside the essential ones, in the official base images
MAX_NAMES = 2_000


@cache
def shipped_index() -> DebIndex:
    """Return the index that ships: what packages common in ML images bring, Debian 12, amd64."""
    document = shipped_document("debs.json")
    return make_index((DebRow(*one) for one in document["packages"]), document["date"], estimated=True)


def present(index: DebIndex, seeds: Iterable[str] = ()) -> frozenset[str]:
    """Return the packages that a base has: the essential and required ones, apt, the seeds, and all these need."""
    first = [row.name for row in index.rows.values() if row.base]
    return frozenset(_closure(index, [*first, *MINIMAL, *seeds], frozenset(), recommends=False)[0])


def weigh_packages(
    index: DebIndex, names: Sequence[str], *, have: frozenset[str], recommends: bool, slim: bool = False
) -> Bill:
    """Return what installing packages adds.

    Args:
        index: of the suite.
        names: as on apt-get's command line; ``name=version`` and ``name:arch`` are taken for ``name``.
        have: what the base has.
        recommends: whether Recommends are followed, as apt does unless told otherwise.
        slim: whether the base leaves documentation out.
    """
    wanted = [name.partition("=")[0].partition("/")[0].partition(":")[0] for name in names[:MAX_NAMES]]
    chosen, missing = _closure(index, wanted, have, recommends=recommends)
    where = "the shipped table of Debian 12" if index.estimated else "archive index"
    lines = []
    for name, needed_by in chosen.items():
        row = index.rows[name]
        disk = int(row.installed * (SLIM_DISK if slim else DISK))
        weight = Weight(disk, int(row.size * (SLIM_PULL if slim else PULL)), f"{where}, {index.day}", index.estimated)
        lines.append(Line(name, row.version, weight, (needed_by,) if needed_by else ()))
    reason = "the shipped table does not have it" if index.estimated else "the archive does not have it"
    return bill(lines, (Skip(name, reason) for name in missing))


def _closure(
    index: DebIndex, names: Iterable[str], have: frozenset[str], *, recommends: bool
) -> tuple[dict[str, str], list[str]]:
    """Return the packages to install with what asked for each, and the asked names that are not there."""
    chosen, missing = dict[str, str](), list[str]()
    queue, wanted = list[tuple[str, str]](), dict.fromkeys(names)
    for asked in wanted:
        if asked in have:
            continue
        if name := _real(index, (asked,)):
            queue.append((name, ""))
        else:
            missing.append(asked)
    position = 0
    while position < len(queue):
        name, needed_by = queue[position]
        position += 1
        if name in chosen or name in have:
            continue
        chosen[name] = needed_by
        row = index.rows[name]
        relations = f"{row.depends}, {row.recommends}" if recommends else row.depends
        for group in names_of(relations):
            there = any(other in chosen or other in have or other in wanted for other in _satisfying(index, group))
            if not there and (other := _real(index, group)):
                queue.append((other, name))
    return chosen, missing


def _satisfying(index: DebIndex, group: tuple[str, ...]) -> Iterable[str]:
    for name in group:
        yield name
        yield from index.providers.get(name, ())


def _real(index: DebIndex, group: tuple[str, ...]) -> str:
    """Return the package that apt would take for a relation: the first alternative that there is, else a provider."""
    for name in group:
        if name in index.rows:
            return name
        if providers := index.providers.get(name):
            return providers[0]
    return ""
