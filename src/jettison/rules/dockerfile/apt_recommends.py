"""apt installs what packages recommend."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule

_LONE = frozenset(
    [
        "ca-certificates",
        "curl",
        "tini",
        "dumb-init",
        "gosu",
        "libgomp1",
        "libgl1",
        "libgl1-mesa-glx",
        "libglib2.0-0",
        "libglib2.0-0t64",
        "libsm6",
        "libxext6",
        "libxrender1",
        "libxrender-dev",
        "libsndfile1",
        "libpq5",
        "libpq-dev",
        "tzdata",
        "unzip",
        "zip",
        "bzip2",
        "xz-utils",
        "jq",
        "locales",
        "netcat-openbsd",
        "procps",
        "libffi-dev",
        "libssl-dev",
        "zlib1g-dev",
        "libgomp1",
        "libjpeg62-turbo",
        "libpng16-16",
        "libopenblas0",
        "python3-venv",
        "python3.11-venv",
        "python3.10-venv",
        "libxml2",
        "libxslt1.1",
        "make",
        "cmake",
        "ninja-build",
        "pkg-config",
        "patchelf",
        "libaio1",
        "libaio-dev",
        "zstd",
        "pigz",
        "rsync",
        "vim-tiny",
        "less",
        "nano",
        "lsb-release",
        "libcurl4",
        "libgl1-mesa-dev",
    ]
)
"""Packages that do the same without what they recommend, read from Debian bookworm's and Ubuntu jammy's indexes: they
recommend nothing, or nothing that a build in a container calls (libarchive-tools, bash-completion, nics).

Not in it, each with what goes missing: python3-pip (build-essential, python3-dev), build-essential's gcc (libc6-dev),
git (ca-certificates: https fails), wget (ca-certificates), ffmpeg (drivers, SDL), openssh-client (xauth), gnupg
(dirmngr: keyservers), software-properties-common, openjdk, nodejs, texlive.
"""
_SAYS = ("Install-Recommends", "install-recommends", "InstallRecommends")


def _check(case: Case) -> Iterator[Find]:
    configured = False
    for site in case.named("RUN", "COPY"):
        text = text_of(case, site)
        said = any(word in text for word in _SAYS)
        configured = configured or (said and "apt.conf" in text)
        if site.instruction.name != "RUN" or configured or site.stage not in case.shipped:
            continue
        calls = [call for call in apt_calls(site, "install") if not _answered(call)]
        if calls:
            yield _find(case, site, calls)


def _answered(call: Call) -> bool:
    told = call.has("--no-install-recommends", "--install-recommends") or not call.operands
    option = any("recommends" in (value or "recommends").lower() for value in call.values("-o", "--option"))
    return told or option or all("/" in word.text for word in call.operands)


def _find(case: Case, site: Site, calls: list[Call]) -> Find:
    names = tuple(word.value or "" for call in calls for word in call.operands if word.value)
    image = case.image(site.stage) or ""
    return Find(
        "apt installs what these packages recommend as well, which a service hardly ever needs",
        calls[0].command.span,
        _fix(site, calls),
        (Claim("recommends", names, base=image),) if names else (),
    )


def _fix(site: Site, calls: list[Call]) -> Fix | None:
    words = [call.head[-1] for call in calls]
    if not site.editable or not all(word.whole for word in words) or not all(call.command.plain for call in calls):
        return None
    alone = all((word.value or "?").partition("=")[0] in _LONE for call in calls for word in call.operands)
    edits = tuple(insert_after(word, "--no-install-recommends") for word in words)
    return Fix("safe" if alone else "unsafe", edits, "install no recommended packages")


APT_RECOMMENDS = Rule(
    name="apt-recommends",
    title="apt installs recommended packages",
    severity="medium",
    confidence="high",
    why="Debian's and Ubuntu's packages recommend others, which apt installs unless told not to: documentation tools, "
    "X libraries, compilers. The fix is safe only for packages that are known to do the same alone. Others may be "
    "missed: `python3-pip` recommends `build-essential` and `python3-dev`, `git` and `wget` recommend "
    "`ca-certificates`, without which https fails. Name what you need, then leave the rest out.",
    sources=("43 % of 148 public ML Dockerfiles", "Debian policy 7.2", "hadolint DL3015"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:12\nRUN apt-get update && apt-get install -y libgomp1 curl && rm -rf /var/lib/apt/lists/*\n",
            "FROM debian:12\nRUN apt-get update && apt-get install --no-install-recommends -y libgomp1 curl && "
            "rm -rf /var/lib/apt/lists/*\n",
        ),
        Example(
            "FROM debian:12\nRUN apt-get -y install \\\n    python3-pip \\\n    git\n",
            "FROM debian:12\nRUN apt-get -y install --no-install-recommends \\\n    python3-pip \\\n    git\n",
        ),
        Example("FROM debian:12\nRUN if true; then apt-get install -y git; fi\n"),
    ),
    good=(
        Example("FROM debian:12\nRUN apt-get install -y --no-install-recommends git\n"),
        Example("FROM debian:12\nRUN apt-get install -y -o APT::Install-Recommends=false git\n"),
        Example(
            "FROM debian:12\nRUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/01\n"
            "RUN apt-get install -y git\n"
        ),
        Example("FROM debian:12 AS build\nRUN apt-get install -y gcc\nFROM debian:12\nCOPY --from=build /a /a\n"),
    ),
    aliases=("DL3015",),
)
