"""What findings cost: the claims of rules, which know names only, as bytes and seconds."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from jettison.dockerfile.project.read import Project
from jettison.dockerfile.project.requirements import read_requirements
from jettison.finding import Skip
from jettison.rules.dockerfile.finding import Cost, LintedFile, RecipeFinding
from jettison.rules.dockerfile.record import Claim
from jettison.sizes.record import Weight
from jettison.sizes.scales import Scales, weigh_base, weigh_debs, weigh_requirements

LINK = 125_000_000
"""Bytes a second at which a build fetches: 1 Gbps."""
INSTALLED = 47_000_000
"""Bytes on disk that pip installs in a second, fetching apart: 6.3 GB took 134 s (2 cores, Debian 12, 2026-11)."""
PACKED = 0.4
"""Share of the bytes on disk that the pull has, where only those are known: as of base images, 0.37 to 0.46."""
BUDGET_S = 20.0
"""Seconds for all questions of one run."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Where prices come from, and those known so far; made by :func:`make_prices`.

    Attributes:
        scales: what weighs.
        known: by claim, with requirement files read.
        deadline: of questions, as ``time.monotonic`` counts.
        unpriced: claims that were not asked about because time had run out.
    """

    scales: Scales
    known: dict[Claim, Cost | None] = field(default_factory=dict)
    deadline: float = 0.0
    unpriced: list[Claim] = field(default_factory=list)


def make_prices(scales: Scales, budget_s: float = BUDGET_S) -> Prices:
    """Return prices, none of them known yet.

    Args:
        scales: what weighs; offline or not.
        budget_s: seconds for all questions.
    """
    return Prices(scales, deadline=time.monotonic() + budget_s)


def priced(prices: Prices, file: LintedFile, project: Project | None) -> LintedFile:
    """Return a file's findings with what they cost, where that is known.

    Args:
        prices: where from.
        file: the findings.
        project: the files around the Dockerfile, for requirement files that it names.
    """
    findings = tuple(_finding(prices, each, project) for each in file.findings)
    return replace(file, findings=findings, saves=_together(prices, findings, project))


def price_of(prices: Prices, claim: Claim, project: Project | None) -> Cost | None:
    """Return what one claim comes to; None when that is not known, or nothing."""
    return _cost(prices, _whole(claim, project))


def left_out(prices: Prices) -> tuple[Skip, ...]:
    """Return why some findings have no cost."""
    if not prices.unpriced:
        return ()
    why = f"not asked for: the questions before them took {BUDGET_S:.0f} s; a second run has their answers cached"
    return (Skip(f"the cost of {len(prices.unpriced)} findings", why),)


def _finding(prices: Prices, finding: RecipeFinding, project: Project | None) -> RecipeFinding:
    costs = [cost for claim in finding.claims if (cost := _cost(prices, _whole(claim, project)))]
    return replace(finding, cost=_sum(costs)) if costs else finding


def _together(prices: Prices, findings: Sequence[RecipeFinding], project: Project | None) -> Cost | None:
    """Return what acting on all findings saves at most: a name that several weigh counts once."""
    costs: list[Cost] = []
    seen: set[tuple[str, str]] = set()
    for finding in findings:
        for claim in finding.claims:
            whole = _whole(claim, project)
            names = {(claim.kind if claim.kind in ("bytes", "rebuild") else "name", name) for name in whole.of}
            cost = _cost(prices, whole)
            if cost is None or (names and names <= seen) or claim.kind == "rebuild":
                continue
            seen |= names
            costs.append(cost)
    return _sum(costs) if costs else None


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(
        sum(cost.disk for cost in costs),
        sum(cost.pull for cost in costs),
        sum(cost.rebuild_s for cost in costs),
        "; ".join(dict.fromkeys(cost.source for cost in costs)),
        estimated=any(cost.estimated for cost in costs),
    )


def _whole(claim: Claim, project: Project | None) -> Claim:
    """Return a claim with the requirement files that it names read: ``-r FILE`` becomes what the file asks for."""
    if not any(name.startswith("-r ") for name in claim.of):
        return claim
    names = (each for name in claim.of for each in (_lines(project, name[3:]) if name.startswith("-r ") else (name,)))
    return replace(claim, of=tuple(dict.fromkeys(names)))


def _lines(project: Project | None, file: str) -> Iterable[str]:
    if project is None or not project.root:
        return ()
    wanted = PurePosixPath(file)
    there = [path for path, _ in project.manifests if wanted.match(path) or PurePosixPath(path).name == wanted.name]
    if not there:
        return ()
    read = read_requirements(project.root, there[0])
    return [line.wanted.text for each in read.files for line in each.lines if line.wanted is not None]


def _cost(prices: Prices, claim: Claim) -> Cost | None:
    if claim not in prices.known:
        if time.monotonic() > prices.deadline:
            prices.unpriced.append(claim)
            return None
        weight = _WEIGHERS[claim.kind](prices.scales, claim)
        prices.known[claim] = _of_weight(claim, weight) if weight else None
    return prices.known[claim]


def _of_weight(claim: Claim, weight: Weight) -> Cost | None:
    if claim.kind == "rebuild":
        seconds = weight.pull / LINK + weight.disk / INSTALLED
        source = f"{weight.source}; fetched at 1 Gbps, installed at {INSTALLED / 1e6:.0f} MB/s"
        return Cost(0, 0, round(seconds, 1), source, estimated=True) if seconds >= 1 else None
    disk, pull = max(0, weight.disk) * claim.times, max(0, weight.pull) * claim.times
    return Cost(disk, pull, 0, weight.source, weight.estimated) if disk or pull else None


def _requirements(scales: Scales, claim: Claim) -> Weight | None:
    lines = [*([f"--index-url {claim.index}"] if claim.index else []), *claim.of]
    found = weigh_requirements(scales, lines)
    if not found.lines:
        return None
    weight = found.total
    if claim.instead:
        other = weigh_requirements(scales, [*lines[: len(lines) - len(claim.of)], *claim.instead])
        if not other.lines:
            return None
        weight = _less(weight, other.total)
    return replace(weight, estimated=weight.estimated or bool(found.unresolved))


def _downloads(scales: Scales, claim: Claim) -> Weight | None:
    """Return the weight of a cache of downloads: the wheels as they are, which no layer packs smaller."""
    weight = _requirements(scales, claim)
    return replace(weight, disk=weight.pull) if weight else None


def _debs(scales: Scales, claim: Claim) -> Weight | None:
    found = weigh_debs(scales, claim.of, image=claim.base, recommends=False)
    return found.total if found.lines else None


def _recommends(scales: Scales, claim: Claim) -> Weight | None:
    whole = weigh_debs(scales, claim.of, image=claim.base, recommends=True)
    part = weigh_debs(scales, claim.of, image=claim.base, recommends=False)
    return _less(whole.total, part.total) if whole.lines else None


def _base(scales: Scales, claim: Claim) -> Weight | None:
    of, instead = weigh_base(scales, claim.of[0]).weight, weigh_base(scales, claim.instead[0]).weight
    return _less(of, instead) if of and instead else None


def _bytes(scales: Scales, claim: Claim) -> Weight:
    del scales
    return Weight(claim.size, round(claim.size * PACKED), claim.source, estimated=True)


def _less(weight: Weight, other: Weight) -> Weight:
    source = "; ".join(dict.fromkeys(part for each in (weight, other) for part in each.source.split("; ") if part))
    return Weight(weight.disk - other.disk, weight.pull - other.pull, source, weight.estimated or other.estimated)


_WEIGHERS: Mapping[str, Callable[[Scales, Claim], Weight | None]] = {
    "wheels": _requirements,
    "downloads": _downloads,
    "debs": _debs,
    "recommends": _recommends,
    "base": _base,
    "bytes": _bytes,
    "rebuild": _requirements,
}
