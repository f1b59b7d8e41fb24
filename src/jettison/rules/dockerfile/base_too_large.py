"""Bases that are larger than what runs on them needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.scope import Stage, State
from jettison.regex import regex
from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.cuda_twice import rename_base, root_of
from jettison.rules.dockerfile.packages import packages
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule
from jettison.rules.dockerfile.service import purpose, starts
from jettison.rules.dockerfile.shipping import shipped_installs
from jettison.rules.dockerfile.tables import words

_FULL_ONLY = words(
    "git gcc g++ cc c++ make curl wget svn hg bzr pkg-config autoconf automake unzip patch ssh xz file mysql_config"
    " pg_config imagemagick convert gpg dpkg-dev ps bzip2"
)
"""Programs that the full python image has, and the slim one has not."""
_SHELLS = ("/bin/sh", "/bin/bash", "sh", "bash", "/bin/ash")
_PYTHON_TAG = regex(r"(?P<version>\d+(?:\.\d+){1,2}(?:rc\d+)?)(?:-(?P<system>bookworm|bullseye|trixie|buster))?")


@dataclass(frozen=True, slots=True)
class _Advice:
    instead: str
    why: str
    fixable: bool
    sure: bool = True


def _check(case: Case) -> Iterator[Find]:
    root = root_of(case)
    base = base_of(root.image) if root else None
    if root is None or base is None or (advice := _advice(case, base)) is None:
        return
    yield Find(
        f"{base.image} {advice.why}",
        root.start.words[0].span,
        _fix(case, root, advice),
        (Claim("base", (base.image,), (advice.instead,)),) if ":" in advice.instead else (),
        confidence=None if advice.sure else "low",
    )


def _advice(case: Case, base: Base) -> _Advice | None:
    windows = case.recipe.escape != "\\" or any(state.shell[0] not in _SHELLS for state in _states(case))
    if base.family == "python" and not windows and not base.slim and (match := _PYTHON_TAG.fullmatch(base.tag)):
        return _python(case, base, match)
    if base.repository.endswith("/anaconda3"):
        return _Advice(
            "",
            "has every package of the Anaconda distribution (4 GB): miniforge or micromamba with the "
            "ones that are used is a tenth",
            fixable=False,
        )
    if base.family == "jupyter" and purpose(case) == "service":
        return _Advice(
            "", "has notebooks and their tools, and a service is started: a slim Python base does", fixable=False
        )
    if base.family == "tensorflow" and "jupyter" in base.tag and purpose(case) in ("service", "training"):
        plain = base.image.replace("-jupyter", "")
        return _Advice(plain, f"has Jupyter, and none is started: {plain} does", fixable=True)
    if base.family in ("debian", "ubuntu"):
        return _by_apt(case, base)
    return None


def _states(case: Case) -> Iterator[State]:
    return (site.state for site in case.sites if site.stage in case.shipped)


def _python(case: Case, base: Base, match: re.Match[str]) -> _Advice:
    system = f"-{match['system']}" if match["system"] else ""
    slim = f"{base.repository}:{match['version']}-slim{system}" if not base.digest else ""
    used = sorted(_uses_full(case))
    known = all(each.complete for each in shipped_installs(case))
    when = f"once {', '.join(used)} is installed" if used else "when all wheels are there"
    text = f"has compilers and the headers of 60 libraries (1 GB): {slim or 'its slim kind'} does {when}"
    return _Advice(slim, text, fixable=not used and known, sure=known)


def _uses_full(case: Case) -> set[str]:
    """Return the programs that are used in the image's stages, are in the full image only, and are not installed."""
    installed = {package.name for package in packages(case)}
    found: set[str] = set()
    for site in case.sites:
        if site.stage in case.shipped and site.script:
            found |= {command.name for command in site.script.commands} & _FULL_ONLY
        if site.stage in case.shipped and site.instruction.name == "HEALTHCHECK":
            found |= set(re.findall(r"\b(?:curl|wget)\b", site.instruction.body.text))
    installs = shipped_installs(case)
    if any("git+" in each.text for install in installs for each in install.asked):
        found.add("git")
    found |= set(re.findall(r"\b(?:curl|wget|git)\b", starts(case)))
    return found - installed


def _by_apt(case: Case, base: Base) -> _Advice | None:
    names = {package.name for package in packages(case) if package.site.stage in case.shipped}
    heavy = {"python3-pip", "python3-dev"} & names
    if base.digest or not heavy or any(re.match(r"cuda|libcudnn|rocm|nvidia", name) for name in names):
        return None
    recommends = any(
        package.name == "python3-pip" and not package.call.has("--no-install-recommends") for package in packages(case)
    )
    if not recommends:
        return None
    return _Advice(
        "",
        "gets its Python from apt: python3-pip recommends a compiler and headers (300 MB); "
        "a python:…-slim base has Python and pip and nothing else",
        fixable=False,
        sure=False,
    )


def _fix(case: Case, root: Stage, advice: _Advice) -> Fix | None:
    if not advice.fixable or not (edit := rename_base(case, root, advice.instead)):
        return None
    return Fix("unsafe", (edit,), f"take {advice.instead}")


BASE_TOO_LARGE = Rule(
    name="base-too-large",
    title="The base is larger than what it is for",
    severity="medium",
    confidence="medium",
    why="`python:3.12` is 1 GB, `python:3.12-slim` 0.12: the difference is compilers, headers, git, Mercurial, "
    "ImageMagick. Wheels need none of it. `anaconda3` has hundreds of packages for every taste. A notebook image is no "
    "base for a service. The fix takes the slim tag where no program is used that the full one has, and all that is "
    "installed is named in the file; it is unsafe, since a package without a wheel then fails to build. The builder "
    "stages may be as large as they like.",
    sources=("the official images' own sizes",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example("FROM python:3.12\nRUN pip install fastapi\n", "FROM python:3.12-slim\nRUN pip install fastapi\n"),
        Example(
            "FROM python:3.12-bookworm\nRUN pip install fastapi\n",
            "FROM python:3.12-slim-bookworm\nRUN pip install fastapi\n",
        ),
        Example("FROM python:3.12\nRUN git clone $REPO /src\n"),
        Example("FROM python:3.12\nRUN pip install -r requirements.txt\n"),
        Example("FROM python:3.12\nRUN pip install fastapi\nHEALTHCHECK CMD curl -f localhost:8000/health\n"),
        Example("FROM continuumio/anaconda3:2024.06-1\nCMD python app.py\n"),
        Example("FROM jupyter/scipy-notebook:2023-10-20\nCMD uvicorn app:app\n"),
        Example(
            "FROM tensorflow/tensorflow:2.16.1-gpu-jupyter\nCMD python serve.py\n",
            "FROM tensorflow/tensorflow:2.16.1-gpu\nCMD python serve.py\n",
        ),
        Example("FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y python3-pip\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN pip install fastapi\n"),
        Example("FROM python:3.12 AS build\nRUN pip wheel x\nFROM python:3.12-slim\nCOPY --from=build /w /w\n"),
        Example("FROM jupyter/scipy-notebook:2023-10-20\nCMD start-notebook.sh\n"),
        Example("FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y --no-install-recommends python3-pip\n"),
        Example("FROM python:3.12-windowsservercore-ltsc2022\nRUN pip install fastapi\n"),
        Example('FROM python:3.12\nSHELL ["powershell", "-Command"]\nRUN pip install fastapi\n'),
        Example("FROM example/python:3.12-team\nRUN pip install fastapi\n"),
    ),
)
