"""The distributions that a list of requirements brings: chosen greedily, newest first, as an installer mostly does.

It keeps no history to go back to: where demands contradict, it says so instead of searching older versions.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from jettison.errors import JettisonError
from jettison.finding import Skip
from jettison.sizes.market import Offer, pick
from jettison.sizes.record import NoAnswerError
from jettison.sizes.wheelfacts import WheelFacts

MAX_ROUNDS = 60
MAX_PROJECTS = 1_500
MAX_CHANGES = 12  # of mind, about one project
THREADS = 8
ROOT = ""
T = TypeVar("T")


class Shop(Protocol):
    """Where offers and facts come from."""

    def offers(self, project: str) -> tuple[Offer, ...]:
        """Return what there is of a project, best first."""

    def direct(self, wanted: Requirement) -> Offer:
        """Return what a requirement names by address."""

    def facts(self, offer: Offer) -> WheelFacts:
        """Return what a wheel says of itself."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A distribution that was chosen.

    Attributes:
        project: canonical name.
        offer: the file.
        facts: None when they could not be had, or it is no wheel.
        reason: why there are none.
        needed_by: projects that asked for it; empty when the caller did.
    """

    project: str
    offer: Offer
    facts: WheelFacts | None
    reason: str = ""
    needed_by: tuple[str, ...] = ()


@dataclass(slots=True)
class _State:
    shop: Shop
    environment: Mapping[str, str]
    limits: Mapping[str, SpecifierSet]
    pre: bool
    demands: dict[str, dict[str, list[Requirement]]] = field(default_factory=dict)
    offers: dict[str, tuple[Offer, ...] | NoAnswerError] = field(default_factory=dict)
    facts: dict[str, WheelFacts | NoAnswerError] = field(default_factory=dict)
    chosen: dict[str, Offer] = field(default_factory=dict)
    given: dict[str, frozenset[str]] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def parse_requirement(text: str) -> Requirement | None:
    """Return a requirement (PEP 508); None when the text is none."""
    try:
        return Requirement(text)
    except (InvalidRequirement, ValueError, RecursionError):
        return None


def holds(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str]) -> bool:
    """Whether a marker holds with any of the extras; one that cannot be evaluated holds, since pip would stop there."""
    if marker is None:
        return True
    try:
        return any(marker.evaluate({**environment, "extra": extra}) for extra in [*extras] or [""])
    except (ValueError, KeyError, TypeError, RecursionError):
        return True


def resolve(
    shop: Shop,
    wanted: Iterable[Requirement],
    environment: Mapping[str, str],
    *,
    limits: Mapping[str, SpecifierSet] | None = None,
    pre: bool = False,
    follow: bool = True,
) -> tuple[tuple[Chosen, ...], tuple[Skip, ...]]:
    """Return the distributions that requirements bring, and what could not be found, with reasons.

    Args:
        shop: where to ask.
        wanted: the caller's own requirements.
        environment: for markers.
        limits: constraints, by canonical name.
        pre: whether pre-releases count.
        follow: whether dependencies are followed; False for a list that is a lock.
    """
    state = _State(shop, environment, limits or {}, pre)
    pending = set[str]()
    for one in wanted:
        if holds(one.marker, environment, ()):
            name = canonicalize_name(one.name)
            state.demands.setdefault(name, {}).setdefault(ROOT, []).append(one)
            pending.add(name)
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(MAX_ROUNDS):
            if not pending or len(state.demands) > MAX_PROJECTS:
                break
            changed = _choose(state, pool, sorted(pending))
            pending = _follow(state, changed) if follow else set()
    left = [Skip(name, "too many distributions depend on one another; it was left out") for name in sorted(pending)]
    return _result(state), tuple(left) + tuple(
        Skip(name, reason) for name, reason in sorted(state.reasons.items()) if state.demands.get(name)
    )


def _each(pool: ThreadPoolExecutor, work: Callable[[str], T], keys: list[str]) -> dict[str, T | NoAnswerError]:
    """Do work for each key at the same time; what fails is a value as well."""

    def safe(key: str) -> T | NoAnswerError:
        try:
            return work(key)
        except NoAnswerError as error:
            return error
        except JettisonError as error:
            return NoAnswerError(error.message)

    return dict(zip(keys, pool.map(safe, keys), strict=True))


def _choose(state: _State, pool: ThreadPoolExecutor, names: list[str]) -> list[str]:
    """Choose for each name anew; return the names whose choice changed."""
    missing = [name for name in names if name not in state.offers and not _address(state, name)]
    state.offers.update(_each(pool, state.shop.offers, missing))
    changed = []
    for name in names:
        if state.changes.get(name, 0) > MAX_CHANGES and name in state.chosen:
            state.reasons[name] = "what is asked of it changes with the version that is chosen; one of them is taken"
            continue
        offer = _best(state, name)
        extras = frozenset(extra for one in _demands(state, name) for extra in one.extras)
        before = state.chosen.get(name), state.given.get(name)
        if offer is None:
            state.chosen.pop(name, None)
        else:
            state.chosen[name] = offer
        state.given[name] = extras
        if before == (offer, extras):
            continue
        state.changes[name] = state.changes.get(name, 0) + 1
        changed.append(name)
    wheels = {state.chosen[name].file.url: state.chosen[name] for name in changed if name in state.chosen}
    asked = [url for url, offer in wheels.items() if offer.named.kind == "wheel" and url not in state.facts]
    state.facts.update(_each(pool, lambda url: state.shop.facts(wheels[url]), asked))
    return changed


def _demands(state: _State, name: str) -> list[Requirement]:
    return [one for demands in state.demands.get(name, {}).values() for one in demands]


def _address(state: _State, name: str) -> Requirement | None:
    return next((one for one in _demands(state, name) if one.url), None)


def _best(state: _State, name: str) -> Offer | None:
    """Return the best offer for all demands on a project, or say why there is none."""
    demands = _demands(state, name)
    if not demands:
        return None
    state.reasons.pop(name, None)
    if named := _address(state, name):
        try:
            return state.shop.direct(named)
        except NoAnswerError as error:
            state.reasons[name] = error.message
            return None
    offers = state.offers[name]
    if isinstance(offers, NoAnswerError):
        state.reasons[name] = offers.message
        return None
    wanted = [one.specifier for one in demands]
    limit = [state.limits[name]] if name in state.limits else []
    found = pick(offers, [*wanted, *limit], pre=state.pre)
    if found is None:
        state.reasons[name] = _contradiction(state, name)
        own = [one.specifier for one in state.demands[name].get(ROOT, demands[:1])]
        found = pick(offers, own, pre=state.pre)
    return found


def _contradiction(state: _State, name: str) -> str:
    said = [
        f"{one.specifier or 'any'} ({who or 'asked for'})" for who, ones in state.demands[name].items() for one in ones
    ]
    said += [f"{state.limits[name]} (constraint)"] if name in state.limits else []
    return f"no version on the index satisfies {', '.join(said)}"[:300]


def _follow(state: _State, changed: list[str]) -> set[str]:
    """Put the demands of changed choices in place of their old ones; return the names that this concerns."""
    concerned = set[str]()
    work = list(changed)
    while work:
        name = work.pop()
        for other, demands in state.demands.items():
            if demands.pop(name, None) is not None:
                concerned.add(other)
        for one in _needs(state, name):
            other = canonicalize_name(one.name)
            state.demands.setdefault(other, {}).setdefault(name, []).append(one)
            concerned.add(other)
        # What nobody wants any more wants nothing either.
        gone = [other for other in concerned if not state.demands[other] and other in state.chosen]
        for other in gone:
            del state.chosen[other]
            work.append(other)
    return {name for name in concerned if state.demands[name]}


def _needs(state: _State, name: str) -> list[Requirement]:
    offer = state.chosen.get(name)
    facts = state.facts.get(offer.file.url) if offer else None
    if not isinstance(facts, WheelFacts):
        return []
    extras = sorted(state.given.get(name, frozenset()))
    parsed = [parse_requirement(text) for text in facts.needs]
    return [one for one in parsed if one and holds(one.marker, state.environment, ["", *extras])]


def _result(state: _State) -> tuple[Chosen, ...]:
    found = []
    for name, offer in sorted(state.chosen.items()):
        facts = state.facts.get(offer.file.url)
        known = facts if isinstance(facts, WheelFacts) else None
        reason = facts.message if isinstance(facts, NoAnswerError) else ""
        needed_by = () if ROOT in state.demands[name] else tuple(sorted(state.demands[name]))
        found.append(Chosen(name, offer, known, reason, needed_by))
    return tuple(found)
