"""Puts what was measured of a cold start together with what the model says."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jettison.files.record import FileTable
from jettison.plan.coldstart.levers import Case, find_levers
from jettison.plan.coldstart.loads import loads_of, rate_of
from jettison.plan.coldstart.record import ColdStart, Phase, PhaseName, Prediction
from jettison.plan.record import Plan
from jettison.run.coldstart import Imports, Pass, imports_of
from jettison.run.link import Link, Shape
from jettison.run.pullmodel import PARALLEL, Load, predict

USUAL = (12_500_000, 125_000_000, 1_250_000_000)  # 100 Mbps, 1 Gbps, 10 Gbps
_SIZE: frozenset[PhaseName] = frozenset({"network", "unpack", "pull"})


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured.

    Attributes:
        passes: at least one.
        link: how slow the link was made.
    """

    passes: tuple[Pass, ...]
    link: Link


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast layers are unpacked, bytes of gzip tar a second.

    Attributes:
        known: as an earlier pull by the same engine told it; 0 when none did.
        guess: an estimate for this machine; 0 where it is known.
        disk: bytes a second that the disk of the node writes which the model is for; 0 for one that is no limit.
    """

    known: int
    guess: int
    disk: int = 0


def make_cold_start(
    table: FileTable, plan: Plan, shape: Shape, engine: str, rate: Rate, measured: Measured | None
) -> ColdStart:
    """Explain a cold start.

    Args:
        table: of the image.
        plan: what ``slim`` would remove by its default.
        shape: of the link that was asked for.
        engine: what pulled and ran it, or would.
        rate: of unpacking, as far as it is known without this measurement.
        measured: None for the model alone.
    """
    passes = measured.passes if measured else ()
    imports = next((found for one in passes if one.again and (found := imports_of(one.again))), None)
    phases = tuple(_phases(passes, imports)) if passes else ()
    plain = [one for one in passes if one.plain]
    bandwidth = shape.bandwidth or (_seen(table, plain) if plain else USUAL[1])
    own = _own_rate(table, plain)
    fast = own or float(rate.known or rate.guess)
    disk = float(rate.disk or math.inf)
    load = next((phase.seconds for phase in phases if phase.name == "load"), None)
    levers = find_levers(Case(table, plan, fast, disk, bandwidth, PARALLEL, imports, load))
    total = sum(phase.seconds for phase in phases)
    return ColdStart(
        reference=table.image.name,
        digest=table.image.manifest_digest,
        stored=sum(layer.stored for layer in table.layers),
        disk=sum(layer.size for layer in table.layers),
        engine=engine,
        bandwidth=shape.bandwidth,
        rtt=shape.rtt,
        link=measured.link.how if measured else "",
        passes=len(passes),
        phases=phases,
        total=total,
        warm=_warm(phases),
        second_answer=_second(passes),
        unpack_rate=round(fast),
        disk_rate=rate.disk,
        measured=bool(own),
        checked=_checked(table, plain, shape, rate.known),
        predictions=tuple(_predictions(loads_of(table, fast, disk), bandwidth)),
        imports=imports.packages if imports else (),
        levers=levers,
        bottleneck=max(phases, key=lambda phase: phase.seconds).name if phases else "",
        verdict=_verdict(phases, total),
        notes=tuple(dict.fromkeys([*(measured.link.notes if measured else ()), *_notes(passes, imports)])),
    )


def _phases(passes: Sequence[Pass], imports: Imports | None) -> Iterator[Phase]:
    """Give the phases of the pass whose total is the median (of two, the shorter), and the spread of each over all."""
    every = sorted((_parts(one, imports) for one in passes), key=lambda parts: sum(parts.values()))
    for name, seconds in every[(len(every) - 1) // 2].items():
        values = [parts[name] for parts in every if name in parts]
        yield Phase(name, seconds, min(values), max(values))


def _parts(one: Pass, imports: Imports | None) -> Mapping[PhaseName, float]:
    """Return one pass's seconds by phase."""
    parts: dict[PhaseName, float] = {"network": one.pull.download, "unpack": one.pull.total - one.pull.download}
    if not one.pull.download:
        parts = {"pull": one.pull.total}
    if one.run is None:
        return parts
    parts["create"] = one.run.created_seconds
    ready = one.run.ready_seconds
    if imports is not None:
        parts["imports"] = ready * min(1.0, imports.seconds / imports.ready)
    parts["load"] = ready - parts.get("imports", 0.0)
    if one.run.answers:
        parts["first answer"] = one.run.answers[0].seconds
    return parts


def _own_rate(table: FileTable, passes: Sequence[Pass]) -> float:
    """Return the rate of unpacking that the passes tell; 0 when they tell none."""
    if not passes:
        return 0.0
    total = statistics.median(one.pull.total for one in passes)
    rate = rate_of(table, total, _seen(table, passes), PARALLEL)
    return rate if math.isfinite(rate) else 0.0


def _seen(table: FileTable, passes: Sequence[Pass]) -> int:
    """Return the bytes a second at which the image came."""
    stored = sum(layer.stored for layer in table.layers)
    return max(1, round(stored / max(1e-6, statistics.median(one.pull.download for one in passes))))


def _warm(phases: Sequence[Phase]) -> float | None:
    rest = [phase.seconds for phase in phases if phase.name not in _SIZE]
    return sum(rest) if rest else None


def _second(passes: Sequence[Pass]) -> float | None:
    found = [one.run.answers[1].seconds for one in passes if one.run and len(one.run.answers) > 1]
    return statistics.median(found) if found else None


def _checked(table: FileTable, passes: Sequence[Pass], shape: Shape, rate: int) -> float | None:
    """Return how far the model was from what was then measured: with the rate that was known before."""
    if not passes or not shape.bandwidth or not rate:
        return None
    measured = statistics.median(one.pull.total for one in passes)
    return predict(loads_of(table, rate), shape.bandwidth).total / measured - 1


def _predictions(loads: Sequence[Load], bandwidth: int) -> Iterator[Prediction]:
    for one in sorted({bandwidth, *USUAL}):
        pull = predict(loads, one)
        yield Prediction(one, pull.download, pull.unpack, pull.total)


def _verdict(phases: Sequence[Phase], total: float) -> str:
    if not phases:
        return "Nothing was measured: this is the model alone. A workload (-w) and a run say where the rest goes."
    longest = max(phases, key=lambda phase: phase.seconds)
    pull = sum(phase.seconds for phase in phases if phase.name in _SIZE)
    words = {
        "network": "The network is the bottleneck: fewer bytes in the pull help most.",
        "unpack": "Unpacking is the bottleneck: fewer bytes on disk help, and a codec that unpacks faster; a faster "
        "network does not.",
        "pull": "The pull is the bottleneck, and the engine does not tell its network from its unpacking.",
        "create": "Making the container is the bottleneck: look at the engine and its disk.",
        "imports": "Imports are the bottleneck: a smaller image changes them little; bytecode and fewer imports do.",
        "load": "Loading the model and starting the server is the bottleneck: the image's size is not.",
        "first answer": "The first answer is the bottleneck: warm the service up before it says that it is ready.",
    }
    size = f"Image size decides {pull / total:.0%} of it, and only on a node that has not got the image"
    warm = any(phase.name not in _SIZE for phase in phases)
    rest = f": a pod that starts again there takes {total - pull:.1f} s." if warm else "."
    return f"{words[longest.name]} {size}{rest}"


def _notes(passes: Sequence[Pass], imports: Imports | None) -> Iterator[str]:
    for one in passes:
        yield from one.notes
    ran = [one for one in passes if one.run]
    if passes and not ran:
        yield "no workload was given, so only the pull was measured"
    elif ran and imports is None:
        yield "imports were not told apart from loading: it is no Python, or several processes of it"
    if ran and not any(one.run and one.run.answers for one in ran):
        yield "the workload has no probe, so no answer was waited for"
