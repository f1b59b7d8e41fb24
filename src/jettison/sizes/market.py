"""What the indexes offer for one project: its files on all of them, and which of them a place takes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from jettison.sizes.cache import DAY
from jettison.sizes.pipconfig import Index, Indexes
from jettison.sizes.place import PATCH, Place, ranks
from jettison.sizes.record import NoAnswerError
from jettison.sizes.simple import ACCEPT, File, Named, folder_files, of_project, parse_name, parse_page
from jettison.sizes.transport import Web
from jettison.sizes.web import cached_get
from jettison.sources.address import path_of


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that could be installed.

    Attributes:
        file: where it is.
        named: what its name says.
        rank: the lower, the better it fits; source distributions come after all wheels.
        day: when the index said so, as ``2026-11-26``.
    """

    file: File
    named: Named
    rank: int
    day: str = ""


@dataclass(frozen=True, slots=True)
class Market:
    """Where files are looked for.

    Attributes:
        web: how to ask.
        indexes: whom to ask.
        place: what for.
    """

    web: Web
    indexes: Indexes
    place: Place

    def offers(self, project: str) -> tuple[Offer, ...]:
        """Return all files of a project that the place takes, from every index, best first; yanked ones last.

        Raises:
            NoAnswerError: no index answered, or none has the project, or nothing for the place.
        """
        if not self.indexes.places:
            raise NoAnswerError("no package index is configured")
        found, reasons = list[Offer](), list[str]()
        for index in self.indexes.places:
            try:
                files, day = self._files(index, project)
                found += [offer for file, named in files if (offer := self.offer(file, named, day))]
            except NoAnswerError as error:
                if not index.flat or len(self.indexes.places) == 1:
                    reasons.append(error.message)
        if not found:
            raise NoAnswerError(_no_offer(reasons, self.place))
        return tuple(sorted(found, key=_order, reverse=True))

    def _files(self, index: Index, project: str) -> tuple[list[tuple[File, Named]], str]:
        url = index.url if index.flat else f"{index.url.rstrip('/')}/{canonicalize_name(project)}/"
        is_local = urlsplit(index.url).scheme == "file"
        if is_local and not index.trusted:
            raise NoAnswerError("a folder that a file names is not looked into")
        if is_local and index.flat and not path_of(index.url).endswith((".html", ".htm")):
            return list(of_project(folder_files(index.url), project)), self.web.answers.today()
        answer, at = cached_get(self.web, url, accept=ACCEPT, max_age=DAY, trusted=index.trusted)
        files = parse_page(answer.body, at, trusted=index.trusted)
        return list(of_project(files, project)), answer.day

    def offer(self, file: File, named: Named, day: str) -> Offer | None:
        """Return a file as an offer; None when the place does not take it."""
        if not _takes(self.place, file.requires):
            return None
        if named.kind == "sdist":
            return Offer(file, named, 1 << 30, day)
        known = ranks(self.place)
        found = [known[tag] for tag in named.tags if tag in known]
        return Offer(file, named, min(found), day) if found else None


def _order(offer: Offer) -> tuple[bool, Version, int, tuple[int, str]]:
    return not offer.file.yanked, offer.named.version, -offer.rank, (offer.named.build or (0, ""))


@lru_cache(maxsize=1000)
def _takes(place: Place, requires: str) -> bool:
    if not requires:
        return True
    try:
        return SpecifierSet(requires).contains(f"{place.python}.{PATCH}", prereleases=True)
    except InvalidSpecifier:
        return True  # as pip: what cannot be read forbids nothing


def _no_offer(reasons: Iterable[str], place: Place) -> str:
    missing = [reason for reason in reasons if not reason.endswith((" 404", " 410"))]
    if missing:
        return "; ".join(dict.fromkeys(missing))[:300]
    return f"no index has a file of it for Python {place.python} on {place.machine} ({place.libc})"


def direct_offer(market: Market, wanted: Requirement) -> Offer:
    """Return the file that a requirement names by address (PEP 508, ``name @ address``).

    Raises:
        NoAnswerError: it is no wheel that the place takes.
    """
    url = (wanted.url or "").partition("#")[0]
    name = url.rpartition("/")[2].replace("%2B", "+").replace("%2b", "+")
    parsed = parse_name(name)
    if parsed is None or parsed.kind != "wheel" or not re.match(r"https?://", url):
        raise NoAnswerError("it is named by an address that is no wheel's, so its size is not known before it is built")
    offer = market.offer(File(name, url), parsed, market.web.answers.today())
    if offer is None:
        raise NoAnswerError(f"the wheel at its address is not for Python {market.place.python} on this platform")
    return offer


def pick(offers: Iterable[Offer], wanted: Iterable[SpecifierSet], *, pre: bool) -> Offer | None:
    """Return the best offer that satisfies all specifiers: the newest version, and of it the file that fits best.

    Pre-releases count where a specifier names one, where they are asked for, and where there is nothing else; yanked
    files only where one version is pinned (PEP 592).
    """
    together = SpecifierSet()
    for specifiers in wanted:
        together &= specifiers
    pinned = any(one.operator in {"==", "==="} and not one.version.endswith("*") for one in together)
    usable = [offer for offer in offers if pinned or not offer.file.yanked]
    early = pre or bool(together.prereleases)
    first = next((o for o in usable if together.contains(o.named.version, prereleases=early)), None)
    return first or next((o for o in usable if together.contains(o.named.version, prereleases=True)), None)
