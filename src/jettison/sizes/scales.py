"""The scales: one record of settings, and the functions that lint and estimate call. They answer, and never raise.

What cannot be had is a result with a reason; what is guessed says so.
"""

import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jettison.errors import JettisonError
from jettison.finding import Skip
from jettison.sizes.bases import base_facts, weigh_base_image
from jettison.sizes.cache import Answers
from jettison.sizes.debian import present, shipped_index, weigh_packages
from jettison.sizes.debindex import DebIndex, read_index
from jettison.sizes.market import Market
from jettison.sizes.pipconfig import Index, Indexes, configured, named, read_constraints
from jettison.sizes.place import Place, make_place
from jettison.sizes.record import BaseWeight, Bill, Facts, NoAnswerError, bill
from jettison.sizes.transport import Limits, Web
from jettison.sizes.wheels import weigh_wheels
from jettison.sources.imagename import default_registry

MAX_LINES = 10_000
APK_REPOSITORIES = Path("/etc/apk/repositories")
_OPTION = re.compile(
    r"(--index-url|--extra-index-url|--find-links|--pypi-url|--no-index|--pre|-i|-f)(?:[= \t]+(\S.*))?\Z"
)
_TRAILING = re.compile(r"(?:^|\s+)#.*\Z|\s+--(?:hash|global-option|config-settings|install-option)[= ].*\Z")


@dataclass(frozen=True, slots=True)
class Scales:
    """Settings of weighing, and what was asked and answered so far; made by :func:`make_scales`.

    Attributes:
        place: Python, processor and C library that wheels are for.
        indexes: package indexes; None for those pip is configured for.
        mirror: address of a Debian or Ubuntu archive; empty for the machine's own apt configuration.
        apk: addresses of Alpine repositories.
        registry: address of the registry for image names without a host; empty asks none.
        bytecode: whether the installer compiles (pip does; uv does not unless told).
        web: how to ask.
        archives: indexes of archives read so far.
        bills: of requirements weighed so far, by what was asked.
    """

    place: Place = field(default_factory=Place)
    indexes: Indexes | None = None
    mirror: str = ""
    apk: tuple[str, ...] = ()
    registry: str = ""
    bytecode: bool = True
    web: Web = field(default_factory=Web)
    archives: dict[str, DebIndex] = field(default_factory=dict)
    bills: dict[tuple[tuple[str, ...], tuple[str, ...], bool], Bill] = field(default_factory=dict)


def make_scales(
    *,
    offline: bool = False,
    python: str = "3.11",
    machine: str = "",
    libc: str = "glibc",
    index: str = "",
    mirror: str = "",
    limits: Limits | None = None,
    answers: Answers | None = None,
) -> Scales:
    """Return scales.

    Args:
        offline: ask nobody: only what was answered before and what ships counts.
        python: version that distributions are for.
        machine: processor; empty for this machine's.
        libc: ``glibc`` or ``musl``.
        index: address of a package index instead of pip's first one.
        mirror: address of a Debian or Ubuntu archive instead of the machine's.
        limits: on requests, seconds and bytes.
        answers: the cache; None for the user's.

    Raises:
        UsageError: no wheels are known for such a place.
    """
    place = make_place(python, machine or platform.machine(), "musl" if libc == "musl" else "glibc")
    indexes = configured()
    if index:
        indexes = named(indexes, [("--index-url", index)], trusted=True)
    web = Web(
        limits=limits or Limits(),
        answers=answers or Answers(),
        offline=offline,
        ca=indexes.ca,
        proxy=indexes.proxy,
    )
    return Scales(place, indexes, mirror, _apk_repositories(), default_registry(), web=web)


def _apk_repositories() -> tuple[str, ...]:
    try:
        lines = APK_REPOSITORIES.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return ()
    return tuple(line.strip() for line in lines if line.strip().startswith(("http://", "https://")))


def weigh_requirements(
    scales: Scales, lines: Iterable[str], *, constraints: Iterable[str] = (), locked: bool = False
) -> Bill:
    """Return what Python requirements weigh, with all they depend on.

    Args:
        scales: settings.
        lines: of a requirements file, or arguments of ``pip install``, one requirement or option each. Options that
            name indexes are followed as a stranger's: public addresses only.
        constraints: lines that bound versions.
        locked: whether the lines name everything already; dependencies are then not followed.
    """
    asked = tuple(lines), tuple(constraints), locked
    if asked not in scales.bills:
        scales.bills[asked] = _weigh_requirements(scales, *asked)
    return scales.bills[asked]


def _weigh_requirements(scales: Scales, lines: tuple[str, ...], constraints: tuple[str, ...], locked: bool) -> Bill:  # noqa: FBT001 -- as above
    wanted, options, skips = _read_lines(lines)
    try:
        own = configured() if scales.indexes is None else scales.indexes
        market = Market(scales.web, named(own, options, trusted=False), scales.place)
        limits = [*read_constraints(own), *constraints]
        found = weigh_wheels(market, wanted, constraints=limits, follow=not locked, bytecode=scales.bytecode)
    except JettisonError as error:
        return bill([], [*skips, *(Skip(line, error.message) for line in wanted)])
    return Bill(found.lines, found.total, (*skips, *found.unresolved))


def _read_lines(lines: Iterable[str]) -> tuple[list[str], list[tuple[str, str]], list[Skip]]:
    wanted, options, skips = list[str](), list[tuple[str, str]](), list[Skip]()
    for line in _joined(lines):
        if match := _OPTION.match(line):
            options.append((match[1], (match[2] or "").strip().strip("'\"")))
        elif line.startswith(("-r", "--requirement", "-c", "--constraint")):
            skips.append(Skip(line[:80], "an included file is not looked into here"))
        elif line.startswith(("-e", "--editable", ".", "/")) or re.match(r"[a-z]+\+[a-z]+://", line):
            skips.append(Skip(line[:80], "it is built from source, so its size is not known before"))
        elif not line.startswith("-"):
            wanted.append(line)
    return wanted, options, skips


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Give lines with continuations joined, comments and per-requirement options gone, empty ones left out."""
    held = ""
    for number, line in enumerate(lines):
        if number >= MAX_LINES:
            break
        text = held + line.rstrip("\r\n")
        if text.endswith("\\"):
            held = text[:-1] + " "
            continue
        held = ""
        if plain := _TRAILING.sub("", _TRAILING.sub("", text)).strip():
            yield plain
    if plain := held.strip():
        yield plain


def weigh_debs(scales: Scales, names: Sequence[str], *, image: str = "", recommends: bool = True) -> Bill:
    """Return what installing system packages adds to a base image.

    Args:
        scales: settings.
        names: as on the command line of ``apt-get install`` or ``apk add``.
        image: the base, which decides the distribution, the suite and what is there already; empty for Debian 12.
        recommends: whether Recommends are followed: apt does, unless told ``--no-install-recommends``.
    """
    facts = base_facts(image) if image else Facts(distribution="debian", release="bookworm")
    try:
        if facts.packages == "apk":
            from jettison.sizes.apkindex import weigh_apks  # noqa: PLC0415 -- few bases are Alpine

            return weigh_apks(scales.web, names, _of_release(scales.apk, facts.release), scales.place.machine)
        index, reason = _archive(scales, facts)
        slim = "slim" in image or facts.distribution == "ubuntu"
        have = present(index, facts.seeds)
        found = weigh_packages(index, names, have=have, recommends=recommends, slim=slim)
    except JettisonError as error:
        return bill([], (Skip(name, error.message) for name in names))
    more = [Skip("the system packages' sizes", reason)] if reason else []
    return Bill(found.lines, found.total, (*found.unresolved, *more))


def _of_release(repositories: Iterable[str], release: str) -> list[str]:
    """Return repositories moved to a release: their addresses hold it as ``v3.20``."""
    return [re.sub(r"/v3\.\d+/", f"/v{release}/", url) if release else url for url in repositories]


def _archive(scales: Scales, facts: Facts) -> tuple[DebIndex, str]:
    """Return the index for a base, and why it is another one's; the shipped one when no archive answers."""
    kind, suite = facts.distribution or "debian", SUITES.get(facts.release, facts.release) or "bookworm"
    key = f"{kind} {suite}"
    if key not in scales.archives:
        from jettison.compose.aptsources import archive_sources  # noqa: PLC0415 -- most runs ask no archive

        try:
            sources = archive_sources(kind, suite, scales.mirror)
            scales.archives[key] = read_index(scales.web, sources, scales.place.architecture)
        except NoAnswerError as error:
            return shipped_index(), f"those of Debian 12 on amd64, from a shipped table: {error.message}"
    return scales.archives[key], ""


SUITES = {"18.04": "bionic", "20.04": "focal", "22.04": "jammy", "24.04": "noble"}
"""Ubuntu's archives have names where its images have numbers."""


def weigh_base(scales: Scales, image: str) -> BaseWeight:
    """Return what a base image weighs and what is known of it.

    Args:
        scales: settings.
        image: as a Dockerfile names it.
    """
    try:
        return weigh_base_image(scales.web, image, machine=scales.place.architecture, registry=scales.registry)
    except JettisonError as error:
        return BaseWeight(image, None, reason=error.message)


__all__ = ["Index", "Indexes", "Scales", "make_scales", "weigh_base", "weigh_debs", "weigh_requirements"]
