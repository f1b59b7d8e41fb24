"""A Rust toolchain in the image."""

import re
from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_INSTALLS = regex(r"sh\.rustup\.rs|\brustup-init\b|\brustup\s+(?:toolchain\s+)?install\b|static\.rust-lang\.org")
_REMOVES = regex(r"\brustup\s+self\s+uninstall\b|\brm\b[^\n;&|]*(?:cargo|rustup)", re.IGNORECASE)
_PACKAGES = ("rustc", "cargo", "rustup")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.shipped or site.script is None:
            continue
        text = text_of(case, site)
        names = tuple(
            word.value for call in apt_calls(site, "install") for word in call.operands if word.value in _PACKAGES
        )
        purged = any(call.action in ("purge", "remove") for call in apt_calls(site))
        by_rustup = _INSTALLS.search(text) and not _REMOVES.search(text)
        if by_rustup or (names and not purged):
            yield Find(
                "a Rust toolchain is installed, and stays in this layer of the shipped image",
                _place(site),
                claims=(Claim("debs", tuple(name for name in names if name), base=case.image(site.stage) or ""),)
                if names
                else (),
            )


def _place(site: Site) -> tuple[int, int]:
    return site.instruction.keyword_span


RUST_TOOLCHAIN_SHIPPED = Rule(
    name="rust-toolchain-shipped",
    title="a Rust toolchain stays in the image",
    severity="medium",
    confidence="high",
    why="Rust is needed to build wheels that have none for this platform (tokenizers, safetensors, pydantic-core on "
    "old "
    "pips), never to run them. rustup's default profile brings the compiler, its documentation and clippy, more than a "
    "gigabyte. Build the wheels in another stage, or let a newer pip find ready ones; else "
    "`rustup self uninstall -y` in the same RUN.",
    sources=("rustup's documentation, Profiles", "40 % of 148 public ML Dockerfiles ship compilers"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM python:3.9-slim\nRUN curl -sSf https://sh.rustup.rs | sh -s -- -y\nRUN pip install tokenizers==0.13\n"
        ),
        Example("FROM python:3.9-slim\nRUN apt-get update && apt-get install -y rustc cargo\n"),
    ),
    good=(
        Example("FROM python:3.9 AS b\nRUN curl -sSf https://sh.rustup.rs | sh -s -- -y\nFROM python:3.9-slim\n"),
        Example(
            "FROM python:3.9-slim\nRUN curl -sSf https://sh.rustup.rs | sh -s -- -y && pip install x==1 "
            "&& rustup self uninstall -y\n"
        ),
    ),
)
