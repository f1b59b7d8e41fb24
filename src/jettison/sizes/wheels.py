"""What Python distributions weigh: chosen as an installer would, weighed from indexes and the wheels' own directories.

On disk a wheel is the sum of its files' sizes, which stand in its directory, plus the bytecode an installer makes. In
a gzip-compressed layer it is about what the wheel is, since a wheel is compressed the same way, plus the bytecode.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from jettison.finding import Skip
from jettison.sizes.closure import Chosen, parse_requirement, resolve
from jettison.sizes.market import Market, Offer, direct_offer
from jettison.sizes.place import marker_environment
from jettison.sizes.record import Bill, Line, NoAnswerError, Weight, bill, guessed
from jettison.sizes.shipped import Shipped, shipped_wheels
from jettison.sizes.wheelfacts import WheelFacts, wheel_facts

BYTECODE = 1.4
"""Bytes of bytecode for a byte of Python source: measured, see docs/architecture/sizes.md."""
BYTECODE_PULL = 0.33
"""Compressed bytes of that bytecode for a byte of it."""
LAYER = 0.99
"""Compressed bytes in a layer for a byte of the wheel."""
UNPACKED = 2.6
"""Bytes on disk for a byte of a wheel whose directory cannot be read."""
SDIST = 4.0
"""Bytes on disk for a byte of a source distribution."""
MAX_WANTED = 2_000


@dataclass(frozen=True, slots=True)
class _Shop:
    """A market with a table behind it."""

    market: Market
    table: Mapping[str, Shipped]

    def offers(self, project: str) -> tuple[Offer, ...]:
        """Return what the indexes have, else what the table has."""
        try:
            return self.market.offers(project)
        except NoAnswerError as error:
            if project in self.table and not _is_absence(error):
                return (self.table[project].offer,)
            raise

    def direct(self, wanted: Requirement) -> Offer:
        """Return what a requirement names by address."""
        return direct_offer(self.market, wanted)

    def facts(self, offer: Offer) -> WheelFacts:
        """Return what a wheel says, or what the table says it did."""
        row = self.table.get(offer.named.project)
        if row and row.offer == offer:
            return row.facts
        return wheel_facts(self.market.web, offer.file)


def _is_absence(error: NoAnswerError) -> bool:
    return error.message.startswith("no index has")


def weigh_wheels(
    market: Market, lines: Iterable[str], *, constraints: Iterable[str] = (), follow: bool = True, bytecode: bool = True
) -> Bill:
    """Return what requirements weigh with all they depend on.

    Args:
        market: where to ask.
        lines: requirements (PEP 508).
        constraints: such lines, which bound versions and bring nothing.
        follow: whether dependencies are followed; False for a list that is a lock already.
        bytecode: whether the installer compiles (pip does; uv does not unless told).
    """
    wanted, odd = _parsed(lines)
    limits = _limits(constraints)
    chosen, missing = resolve(
        _Shop(market, shipped_wheels()),
        wanted,
        marker_environment(market.place),
        limits=limits,
        pre=market.indexes.pre,
        follow=follow,
    )
    priced = [_line(one, bytecode=bytecode) for one in chosen]
    unknown = [skip for one in chosen if (skip := _unknown_needs(one, follow=follow))]
    return bill(priced, [*odd, *missing, *unknown])


def _parsed(lines: Iterable[str]) -> tuple[list[Requirement], list[Skip]]:
    wanted, odd = list[Requirement](), list[Skip]()
    for number, line in enumerate(lines):
        if number >= MAX_WANTED:
            odd.append(Skip("the rest", f"more than {MAX_WANTED} requirements"))
            break
        if one := parse_requirement(line):
            wanted.append(one)
        else:
            odd.append(Skip(line[:80], "this is no requirement that names a distribution"))
    return wanted, odd


def _limits(lines: Iterable[str]) -> dict[str, SpecifierSet]:
    found = dict[str, SpecifierSet]()
    for line in lines:
        if one := parse_requirement(line):
            name = canonicalize_name(one.name)
            found[name] = found.get(name, SpecifierSet()) & one.specifier
    return found


def _line(one: Chosen, *, bytecode: bool) -> Line:
    weight = _weight(one, bytecode=bytecode)
    return Line(one.project, str(one.offer.named.version), weight, one.needed_by)


def _weight(one: Chosen, *, bytecode: bool) -> Weight:
    day = one.offer.day
    if one.facts:
        compiled = int(one.facts.python * BYTECODE) if bytecode else 0
        disk = one.facts.unpacked + compiled
        pull = int(one.facts.size * LAYER + compiled * BYTECODE_PULL)
        if not one.offer.file.url:
            return guessed(Weight(disk, pull), f"estimate: the shipped table of {day}")
        return Weight(disk, pull, f"package index and the wheel's own directory, {day}")
    size = one.offer.file.size
    if one.offer.named.kind == "sdist":
        if size is None:
            return Weight(0, 0, "unknown: a source distribution of unknown size", estimated=True)
        return Weight(int(size * SDIST), size, f"estimate: source distribution times {SDIST:g}, {day}", estimated=True)
    if size is None:
        return Weight(0, 0, "unknown: a wheel of unknown size", estimated=True)
    return Weight(int(size * UNPACKED), size, f"estimate: wheel times {UNPACKED:g}, {day}", estimated=True)


def _unknown_needs(one: Chosen, *, follow: bool) -> Skip | None:
    """Say that what a distribution depends on is not known, where it matters."""
    if one.facts:
        return None
    name = f"{one.project} {one.offer.named.version}"
    if one.offer.named.kind == "sdist":
        return Skip(name, "there is no wheel, only a source distribution: its size and what it needs are not known")
    what = "what it needs and what it unpacks to are" if follow else "what it unpacks to is"
    return Skip(name, f"{what} not known: {one.reason}")
