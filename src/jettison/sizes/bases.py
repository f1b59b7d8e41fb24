"""What base images weigh and hold, from a dated table that ships, and from the registry where one can be asked."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from jettison.sizes.record import BaseWeight, Facts, NoAnswerError, Weight
from jettison.sizes.transport import Web
from jettison.sources.imagename import ImageName, parse_image_name

PULL_SHARE = 0.40
"""Bytes in the pull for a byte on disk: 0.37 to 0.46 over the images whose both sizes are in the table."""
_VERSION = re.compile(r"\d+(?:\.\d+)*")
_RELEASES = re.compile(r"(?:ubuntu|alpine|debian|ubi|rockylinux)?\d+\.\d+|bookworm|trixie|bullseye|buster|jammy|noble")


@dataclass(frozen=True, slots=True)
class Row:
    """A size in the table.

    Attributes:
        image: ``repository:tag``.
        pull: bytes; None when nobody says.
        disk: bytes; None when nobody says.
        date: of the source; empty when it has none.
        source: what says so.
        exact: whether that is the publisher's own record.
    """

    image: str
    pull: int | None
    disk: int | None
    date: str
    source: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Bases:
    """The table.

    Attributes:
        rows: sizes.
        facts: pattern and the fields that it sets, in order.
        releases: a release's distribution and end of life.
        aliases: other names of releases.
    """

    rows: tuple[Row, ...]
    facts: tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...]
    releases: Mapping[str, Mapping[str, str]]
    aliases: Mapping[str, str]


@cache
def bases() -> Bases:
    """Return the table that ships."""
    document = tomllib.loads((files("jettison.sizes") / "tables" / "bases.toml").read_text("utf-8"))
    rows = tuple(
        Row(one["image"], one.get("pull"), one.get("disk"), one.get("date", ""), one["from"], one.get("exact", False))
        for one in document["size"]
    )
    facts = tuple((re.compile(one["image"]), one) for one in document["facts"])
    return Bases(rows, facts, document["releases"], document["aliases"])


def base_facts(image: str) -> Facts:
    """Return what is known of an image by its name; empty where nothing is.

    Args:
        image: as a Dockerfile names it.
    """
    name = parse_image_name(image)
    if name is None or not name.tag:
        return Facts()
    table, found = bases(), dict[str, Any]()
    known = {field.name for field in fields(Facts)}
    for pattern, said in table.facts:
        if match := pattern.search(name.short):
            found |= {key: value for key, value in said.items() if key in known}
            found |= {key: value for key, value in match.groupdict().items() if value and key in known}
    release = table.aliases.get(found.get("release", ""), found.get("release", ""))
    about = table.releases.get(release, {})
    seeds = tuple(found.pop("seeds", ()))
    return Facts(**{**found, **about, **({"release": release} if release else {}), "seeds": seeds})


def weigh_base_image(web: Web, image: str, *, machine: str = "amd64", registry: str = "") -> BaseWeight:
    """Return what a base image weighs, and what is known of it.

    The registry's own number comes first, then the table's, then that of the table's nearest relative.

    Args:
        web: how to ask.
        image: as a Dockerfile names it.
        machine: the processor as OCI names it.
        registry: address of the registry for names without a host; empty asks none.
    """
    name = parse_image_name(image)
    if image == "scratch":
        return BaseWeight(image, Weight(source="scratch holds nothing"), Facts(shell=False, compiler=False, curl=False))
    if name is None:
        return BaseWeight(image, None, reason="this is no image's name")
    facts = base_facts(image)
    row, near = _find(name)
    try:
        weight = _from_registry(web, name, machine, registry, row)
        return BaseWeight(image, weight, facts, "the pull is exact, the size on disk estimated")
    except NoAnswerError as error:
        asked = error.message
    if row is None:
        return BaseWeight(image, None, facts, f"no size is known for it; {asked}")
    reason = f"the size is {row.image}'s; {asked}" if near else f"from a table; {asked}"
    return BaseWeight(image, _from_row(row, near=near), facts, reason)


def _from_registry(web: Web, name: ImageName, machine: str, registry: str, row: Row | None) -> Weight:
    from jettison.sizes.registry import pulled  # noqa: PLC0415 -- only findings about bases ask for it

    size = pulled(web, name, machine, registry)
    share = row.pull / row.disk if row and row.pull and row.disk else PULL_SHARE
    return Weight(int(size.bytes / share), size.bytes, f"registry manifest, {size.day}; disk estimated", estimated=True)


def _from_row(row: Row, *, near: bool) -> Weight:
    pull = row.pull if row.pull is not None else int((row.disk or 0) * PULL_SHARE)
    disk = row.disk if row.disk is not None else int((row.pull or 0) / PULL_SHARE)
    whole = row.pull is not None and row.disk is not None and row.exact and not near
    when = f", {row.date}" if row.date else ", undated"
    what = f"nearest known image {row.image}: " if near else ""
    return Weight(disk, pull, f"{what}{row.source}{when}", not whole)


def _find(name: ImageName) -> tuple[Row | None, bool]:
    """Return the row of an image, or of its nearest relative; and whether it is a relative."""
    wanted = _normal(name)
    best, least = None, None
    for row in bases().rows:
        other = parse_image_name(row.image)
        if other is None or _normal(other)[0] != wanted[0]:
            continue
        if other.tag == name.tag and not name.digest:
            return row, False
        distance = _distance(wanted[1], other.tag)
        if distance is not None and (least is None or distance < least):
            best, least = row, distance
    return best, best is not None


def _normal(name: ImageName) -> tuple[str, str]:
    repository = f"{name.host}/{name.repository}" if name.host else name.repository
    return repository.replace("nvcr.io/nvidia/cuda", "nvidia/cuda").replace("quay.io/jupyter", "jupyter"), name.tag


def _distance(wanted: str, known: str) -> tuple[int, ...] | None:
    """Return how far a tag's image is from another's; None when their flavours differ, so that nothing follows."""
    (want, want_words, want_release), (have, have_words, have_release) = _parts(wanted), _parts(known)
    if want_words != have_words:
        return None
    padded = [*want, 0, 0, 0][:3], [*have, 0, 0, 0][:3]
    steps = [abs(a - b) for a, b in zip(*padded, strict=True)]
    return (0 if want_release == have_release else 1, *steps)


def _parts(tag: str) -> tuple[list[int], frozenset[str], str]:
    """Return a tag's version, the words that say what is in the image, and the distribution's release."""
    words, release, version = list[str](), "", list[int]()
    for number, word in enumerate(tag.split("-")):
        plain = word.removeprefix("v")
        if number == 0 and _VERSION.fullmatch(plain):
            version = [int(part[:9]) for part in plain.split(".")]
        elif (number == 0 and word == "latest") or word.startswith(("cuda", "2")) or word in {"rc", "py3"}:
            continue
        elif _RELEASES.fullmatch(word):
            release = word if not word.startswith("alpine") else ""
            words += ["alpine"] if word.startswith("alpine") else []
        else:
            words.append(re.sub(r"\d+\Z", "", word))  # cudnn8, cudnn9
    return version, frozenset(words), release
