"""When distributions and languages stop getting security fixes: a dated table.

Sources: Debian and Ubuntu from the package ``distro-info-data`` (Debian with LTS, Ubuntu without Pro); Python from PEP
373, 478, 494, 537, 569, 596, 619, 664, 693, 719; Alpine's releases page; Node's release schedule; CentOS and Fedora
from their projects' pages. Checked on :data:`CHECKED`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from jettison.rules.dockerfile.bases import Base

CHECKED = date(2026, 11, 26)
"""When the table was last compared with its sources: what has ended by then has ended, whatever a clock says."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release: its name for messages, when its support ends, what follows that is supported for long."""

    name: str
    ends: date
    next: str


_DEBIAN = {
    "wheezy": ("7", "2018-05-31"),
    "jessie": ("8", "2020-06-30"),
    "stretch": ("9", "2022-06-30"),
    "buster": ("10", "2024-06-30"),
    "bullseye": ("11", "2026-08-31"),
    "bookworm": ("12", "2028-06-30"),
    "trixie": ("13", "2030-06-30"),
}
_UBUNTU = {
    "trusty": ("14.04", "2019-04-25"),
    "xenial": ("16.04", "2021-04-30"),
    "bionic": ("18.04", "2023-05-31"),
    "focal": ("20.04", "2025-05-29"),
    "jammy": ("22.04", "2027-06-01"),
    "kinetic": ("22.10", "2023-07-20"),
    "lunar": ("23.04", "2024-01-25"),
    "mantic": ("23.10", "2024-07-11"),
    "noble": ("24.04", "2029-05-31"),
    "oracular": ("24.10", "2025-07-10"),
    "plucky": ("25.04", "2026-01-15"),
    "questing": ("25.10", "2026-07-09"),
    "resolute": ("26.04", "2031-05-29"),
}
_PYTHON = {
    "2.7": "2020-01-01",
    "3.4": "2019-03-18",
    "3.5": "2020-09-30",
    "3.6": "2021-12-23",
    "3.7": "2023-06-27",
    "3.8": "2024-10-07",
    "3.9": "2025-10-31",
    "3.10": "2026-10-31",
    "3.11": "2027-10-31",
    "3.12": "2028-10-31",
    "3.13": "2029-10-31",
    "3.14": "2030-10-31",
}
_ALPINE = {
    "3.8": "2020-05-01",
    "3.9": "2020-11-01",
    "3.10": "2021-05-01",
    "3.11": "2021-11-01",
    "3.12": "2022-05-01",
    "3.13": "2022-11-01",
    "3.14": "2023-05-01",
    "3.15": "2023-11-01",
    "3.16": "2024-05-23",
    "3.17": "2024-11-22",
    "3.18": "2025-05-09",
    "3.19": "2025-11-01",
    "3.20": "2026-04-01",
    "3.21": "2026-11-01",
}
_NODE = {
    "8": "2019-12-31",
    "10": "2021-04-30",
    "12": "2022-04-30",
    "14": "2023-04-30",
    "16": "2023-09-11",
    "18": "2025-04-30",
    "20": "2026-04-30",
    "22": "2027-04-30",
}
_CENTOS = {"6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31", "stream8": "2024-05-31", "stream9": "2027-05-31"}
_OF_DEBIAN = ("debian", "python", "node")
"""Families whose tags name a Debian release or an Alpine one, as official images do."""


def releases_of(base: Base) -> Iterator[Release]:
    """Give what a base image's name says it is made of, as far as the table has it."""
    parts = re.split(r"[-_]", base.tag.lower())
    yield from _ubuntu(base, parts)
    yield from _debian(base, parts)
    yield from _others(base, parts)


def _ubuntu(base: Base, parts: list[str]) -> Iterator[Release]:
    for name, (number, ends) in _UBUNTU.items():
        plain = base.family == "ubuntu" and parts[0] in (name, number)
        if plain or f"ubuntu{number}" in parts:
            yield Release(f"Ubuntu {number}", date.fromisoformat(ends), "Ubuntu 24.04")


def _debian(base: Base, parts: list[str]) -> Iterator[Release]:
    for name, (number, ends) in _DEBIAN.items():
        numbered = base.family == "debian" and parts[0].partition(".")[0] == number
        if numbered or (base.family in _OF_DEBIAN and name in parts) or f"debian{number}" in _words(base):
            yield Release(f"Debian {number} ({name})", date.fromisoformat(ends), "Debian 13 (trixie)")


def _words(base: Base) -> list[str]:
    return re.split(r"[-_/]", base.repository) if base.family == "distroless" else []


def _others(base: Base, parts: list[str]) -> Iterator[Release]:
    minor = re.match(r"(\d+\.\d+)", parts[0])
    if base.family == "python" and minor and minor[1] in _PYTHON:
        yield Release(f"Python {minor[1]}", date.fromisoformat(_PYTHON[minor[1]]), "Python 3.13")
    major = re.match(r"(\d+)", parts[0])
    if base.family == "node" and major and major[1] in _NODE:
        yield Release(f"Node {major[1]}", date.fromisoformat(_NODE[major[1]]), "Node 24")
    alpine = minor[1] if base.family == "alpine" and minor else _behind("alpine", parts)
    if alpine in _ALPINE:
        yield Release(f"Alpine {alpine}", date.fromisoformat(_ALPINE[alpine]), "Alpine 3.23")
    centos = _centos(base, parts)
    if centos in _CENTOS:
        yield Release(
            f"CentOS {centos}", date.fromisoformat(_CENTOS[centos]), "a supported release of Rocky or Alma Linux"
        )


def _centos(base: Base, parts: list[str]) -> str:
    if base.repository.rpartition("/")[2] in ("centos", "stream"):
        return re.sub(r"^centos", "", parts[0]).partition(".")[0]
    return _behind("centos", parts)


def _behind(word: str, parts: list[str]) -> str:
    """Return what follows ``word`` within one part of a tag (``alpine3.18``); empty when no part has it."""
    return next((part.removeprefix(word) for part in parts if part.startswith(word) and part != word), "")
