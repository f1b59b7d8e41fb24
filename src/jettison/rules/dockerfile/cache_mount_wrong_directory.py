"""A cache mount where the tool does not cache."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.caches import CACHES, folder_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import Mount, mounts_of, set_target
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.users import who

_APT = ("/var/cache/apt", "/var/lib/apt", "/var/cache", "/var/lib")
_CARGO = regex(r".*/\.?cargo(?=/|$)")


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A mount at the wrong place: the tool it is meant for, and where that caches (empty: elsewhere)."""

    mount: Mount
    tool: str
    right: str


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        mounts = [
            mount for mount in mounts_of(site, "cache") if mount.target and not {"from", "source"} & {*mount.fields}
        ]
        if not mounts:
            continue
        seen: set[int] = set()
        for wrong in (found for call in site.calls for found in _of_call(case, site, call, mounts)):
            if wrong.mount.flag.word.span[0] not in seen:
                seen.add(wrong.mount.flag.word.span[0])
                yield _find(case, mounts, wrong)


def _find(case: Case, mounts: list[Mount], wrong: _Wrong) -> Find:
    where = f": it is {wrong.right} for this user" if wrong.right else ""
    edit = set_target(case.recipe, wrong.mount, wrong.right) if wrong.right else None
    taken = any(mount.target == wrong.right for mount in mounts)
    return Find(
        f"{wrong.mount.target} is not where {wrong.tool} caches{where}",
        wrong.mount.flag.word.span,
        Fix("safe", (edit,), f"mount {wrong.right}") if edit and not taken else None,
    )


def _of_call(case: Case, site: Site, call: Call, mounts: list[Mount]) -> Iterator[_Wrong]:
    if call.tool in CACHES:
        yield from _of_python(case, site, call, mounts)
    elif call.tool == "apt" and call.action in ("install", "update"):
        for mount in mounts:
            if re.search(r"(?:^|/)apt(?:/|$)", mount.target or "") and not (mount.target or "").startswith(_APT):
                yield _Wrong(mount, "apt", "")
    elif call.tool == "conda":
        yield from _of_conda(case, site, mounts)
    elif call.tool == "cargo":
        yield from _of_cargo(case, site, mounts)


def _of_python(case: Case, site: Site, call: Call, mounts: list[Mount]) -> Iterator[_Wrong]:
    cache = CACHES[call.tool]
    name = re.escape(cache.home.rpartition("/")[2])
    meant = [mount for mount in mounts if re.search(rf"(?:^|/)(?:{name}|\.cache/{call.tool})$", mount.target or "")]
    folder = folder_of(case, site, call)
    if any(folder is not None and mount.covers(folder) for mount in mounts) or not meant:
        return
    if folder:
        yield _Wrong(meant[0], call.tool, folder)
    elif who(case, site).root is False and "sudo" not in call.wrappers and _in_roots_home(site, call, meant[0]):
        yield _Wrong(meant[0], call.tool, "")


def _in_roots_home(site: Site, call: Call, mount: Mount) -> bool:
    moved = ("HOME", *(name for name, _ in CACHES[call.tool].variables))
    known = not any(name in site.state.variables for name in moved) and not call.command.assignments
    return known and (mount.target or "").startswith("/root/")


def _of_conda(case: Case, site: Site, mounts: list[Mount]) -> Iterator[_Wrong]:
    base = base_of(case.image(site.stage))
    if base is None or base.family != "conda" or "CONDA_PKGS_DIRS" in site.state.variables:
        return
    for mount in mounts:
        if (
            (mount.target or "").endswith("/pkgs")
            and mount.target != "/opt/conda/pkgs"
            and "micro" not in base.repository
        ):
            yield _Wrong(mount, "conda", "/opt/conda/pkgs")


def _of_cargo(case: Case, site: Site, mounts: list[Mount]) -> Iterator[_Wrong]:
    base = base_of(case.image(site.stage))
    official = base is not None and re.fullmatch(r"(?:library/)?rust", base.repository) is not None
    variable = site.state.variables.get("CARGO_HOME")
    home = variable.value if variable else "/usr/local/cargo" if official else None
    for mount in mounts:
        match = _CARGO.match(mount.target or "")
        if home and match and match[0] != home.rstrip("/"):
            yield _Wrong(mount, "cargo", home.rstrip("/") + (mount.target or "")[match.end() :])


CACHE_MOUNT_WRONG_DIRECTORY = Rule(
    name="cache-mount-wrong-directory",
    title="a cache mount where the tool does not cache",
    severity="medium",
    confidence="high",
    why="A cache mount works only at the folder that the tool uses: for pip and uv below the home of the user who runs "
    "it, or what `PIP_CACHE_DIR`, `UV_CACHE_DIR` or `XDG_CACHE_HOME` say. `/root/.cache/pip` under another user holds "
    "nothing, and the real cache goes into the layer. The `rust` images keep Cargo's registry below "
    "`/usr/local/cargo`.",
    sources=("pip's and uv's documentation, Caching", "the rust image's ENV CARGO_HOME", "hadolint has no such rule"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN useradd -m app\nUSER app\n"
            "RUN --mount=type=cache,target=/root/.cache/pip pip install flask\n",
            "FROM python:3.11-slim\nRUN useradd -m app\nUSER app\n"
            "RUN --mount=type=cache,target=/home/app/.cache/pip pip install flask\n",
        ),
        Example(
            "FROM python:3.11-slim\nENV UV_CACHE_DIR=/var/uv\n"
            "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked\n",
            "FROM python:3.11-slim\nENV UV_CACHE_DIR=/var/uv\nRUN --mount=type=cache,target=/var/uv uv sync --locked\n",
        ),
        Example(
            "FROM rust:1.80\nRUN --mount=type=cache,target=/root/.cargo/registry cargo build --release\n",
            "FROM rust:1.80\nRUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --release\n",
        ),
        Example("FROM debian:12\nRUN --mount=type=cache,target=/root/.cache/apt apt-get update\n"),
        Example(
            "FROM registry.example/ml:3\nUSER 1000\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask\n",
        ),
    ),
    good=(
        Example("FROM python:3.11\nRUN --mount=type=cache,target=/root/.cache pip install flask\n"),
        Example("FROM registry.example/ml:3\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask\n"),
        Example(
            "FROM python:3.11\nARG CACHE\nRUN --mount=type=cache,target=${CACHE} pip install flask\n",
        ),
        Example(
            "FROM python:3.11\nENV PIP_CACHE_DIR=/root/.cache/pip\nUSER 1000\n"
            "RUN --mount=type=cache,target=/root/.cache/pip,uid=1000 pip install flask\n"
        ),
        Example(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/cache/apt/archives,sharing=locked apt-get update\n"
        ),
    ),
)
