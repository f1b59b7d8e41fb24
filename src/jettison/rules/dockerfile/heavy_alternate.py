"""Packages for which a lighter one does the same."""

import re
from collections.abc import Iterator

from jettison.dockerfile.project.needs import windows
from jettison.regex import regex
from jettison.rules.dockerfile.alternates import (
    ALTERNATES,
    DEPENDS_ON,
    EVERYTHING,
    NEEDLESS_EXTRAS,
    SYSTEM,
    WANTS_WINDOWS,
    Alternate,
)
from jettison.rules.dockerfile.around import code, context
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.cuda_twice import root_of
from jettison.rules.dockerfile.hardware import wants_gpu
from jettison.rules.dockerfile.packages import packages
from jettison.rules.dockerfile.python_installs import Asked, PythonInstall
from jettison.rules.dockerfile.record import Claim, Confidence, Example, Find, Fix, Rule
from jettison.rules.dockerfile.service import purpose
from jettison.rules.dockerfile.shipping import shipped_installs
from jettison.rules.dockerfile.words_in_runs import can_edit, renamed

_DESKTOP = regex(
    r"x11-apps|xvfb|xauth|libgtk[\w.-]+|qt5[\w-]*|libqt\w+|ros-[\w-]+|python3-tk|xfce4|x11vnc|tigervnc[\w-]*"
)


def _check(case: Case) -> Iterator[Find]:
    installs = shipped_installs(case)
    names = {asked.name for each in installs for asked in each.asked}
    for install in installs:
        if install.tool == "conda":
            continue
        for asked in install.asked:
            for row in ALTERNATES:
                # With both, the pair is another finding: replacing one would install the other twice.
                if (
                    asked.name == row.name
                    and not _old(asked)
                    and row.instead not in names
                    and _right(case, row, names, installs)
                ):
                    alone = all(each.complete for each in installs) and not (
                        names & DEPENDS_ON.get(row.name, frozenset())
                    )
                    yield _find(case, install, asked, row, fixable=alone)
            yield from _extras(case, install, asked)
    yield from _system(case)


def _old(asked: Asked) -> bool:
    """Whether a version of tensorflow is asked for that has no kind for CPUs, or was one."""
    return asked.name == "tensorflow" and bool(asked.version) and asked.version < (2, 1)


def _right(case: Case, row: Alternate, names: set[str], installs: tuple[PythonInstall, ...]) -> bool:
    if row.when == "no windows":
        kinds = {name for name in names if name.startswith("opencv-")}
        return len(kinds) == 1 and not (names & WANTS_WINDOWS) and not _desktop(case) and not windows(code(case))
    if row.when == "on CPUs":
        root = root_of(case)
        base = base_of(root.image) if root else None
        plain = base is not None and base.cuda is None and base.family in ("python", "debian", "ubuntu")
        return plain and not wants_gpu(case, installs) and "and-cuda" not in _extras_of(installs, row.name)
    return row.when == "always" or purpose(case) == "service"


def _desktop(case: Case) -> bool:
    """Whether a screen is meant: a variable for it, packages of a desktop, a notebook."""
    if purpose(case) == "notebook" or any(_DESKTOP.fullmatch(package.name) for package in packages(case)):
        return True
    if any(
        name in ("DISPLAY", "QT_X11_NO_MITSHM") for site in case.named("ENV") for name, _, _ in site.instruction.pairs()
    ):
        return True
    return re.search(r"(?:^|/)(?:ros|osrf|tiryoh)\b", case.image(len(case.scopes.stages) - 1) or "") is not None


def _extras_of(installs: tuple[PythonInstall, ...], name: str) -> set[str]:
    return {extra for each in installs for asked in each.asked if asked.name == name for extra in asked.extras}


def _find(case: Case, install: PythonInstall, asked: Asked, row: Alternate, *, fixable: bool) -> Find:
    known = context(case) is not None and bool(code(case).files)
    confidence: Confidence | None = None
    if row.when == "no windows" and not known:
        confidence = "medium"
    elif row.when == "on CPUs":
        confidence = "low"
    claims = (Claim("wheels", (asked.text,), (asked.text.replace(asked.name, row.instead, 1),)),) if row.instead else ()
    return Find(
        f"{asked.text}{asked.where} {row.why}",
        (asked.word or install.call.command).span,
        _fix(install, asked, row) if fixable else None,
        claims,
        severity="info" if not row.instead and asked.name == "psycopg2" else None,
        confidence=confidence,
    )


def _fix(install: PythonInstall, asked: Asked, row: Alternate) -> Fix | None:
    word = asked.word
    if not row.instead or word is None or not can_edit(install.site, install.call, word):
        return None
    edit = renamed(word, row.name, row.instead)
    return Fix("unsafe", (edit,), f"install {row.instead}") if edit else None


def _extras(case: Case, install: PythonInstall, asked: Asked) -> Iterator[Find]:
    """Find extras for everything, and in services those for developers."""
    wanted = NEEDLESS_EXTRAS if purpose(case) == "service" else EVERYTHING
    found = [extra for extra in asked.extras if extra in wanted]
    if found and asked.name:
        yield Find(
            f"{asked.text}{asked.where}: the extra {', '.join(found)} brings what only some of its users "
            f"need; name the "
            "ones that are used",
            (asked.word or install.call.command).span,
            confidence="medium",
        )


def _system(case: Case) -> Iterator[Find]:
    for package in packages(case):
        if package.site.stage in case.shipped and package.call.tool == "apt":
            for pattern, why in SYSTEM:
                if re.fullmatch(pattern, package.name):
                    claim = Claim("debs", (package.name,), base=case.image(package.site.stage) or "")
                    yield Find(f"{package.name} {why}", package.word.span, None, (claim,), confidence="low")


HEAVY_ALTERNATE = Rule(
    name="heavy-alternate",
    title="A lighter package does the same",
    severity="medium",
    confidence="high",
    why="`opencv-python` brings Qt and fails without libGL on slim bases; its headless kind has all but windows, video "
    "files included. `tensorflow` without GPU is `tensorflow-cpu`. Extras such as `[all]` install what a "
    "package can be "
    "used with. The fix replaces the name in a RUN and keeps the version; it is unsafe, since only the code knows "
    "whether it opens windows: with a build context the code is looked at first. In requirement files things are "
    "reported, not edited, and nothing is edited where something else may install the heavy one. Nothing is said "
    "where windows are seen (`cv2.imshow`, Qt, notebooks), where a GPU is, or "
    "where the lighter one is asked for as well.",
    sources=("opencv-python's own description of its packages", "TensorFlow's installation guide"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.12-slim\nRUN pip install 'opencv-python>=4.8' numpy\n",
            "FROM python:3.12-slim\nRUN pip install 'opencv-python-headless>=4.8' numpy\n",
        ),
        Example(
            "FROM python:3.12-slim\nRUN pip install tensorflow==2.16.1\nCMD uvicorn app:app\n",
            "FROM python:3.12-slim\nRUN pip install tensorflow-cpu==2.16.1\nCMD uvicorn app:app\n",
        ),
        Example(
            "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
            None,
            {"requirements.txt": "opencv_python==4.9.0.80\n"},
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
            None,
            {"requirements.txt": "fastapi[all]\n"},
        ),
        Example("FROM python:3.12-slim\nRUN pip install opencv-python ultralytics\n"),
        Example("FROM python:3.12-slim\nRUN pip install tensorflow tensorflow-hub\nCMD uvicorn app:app\n"),
        Example("FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y openjdk-17-jdk\n"),
        Example("FROM python:3.12-slim\nRUN pip install psycopg2==2.9.9\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN pip install opencv-python-headless\n"),
        Example("FROM python:3.12-slim\nRUN pip install opencv-python PyQt5\n"),
        Example("FROM python:3.12-slim\nENV DISPLAY=:0\nRUN pip install opencv-python\n"),
        Example("FROM python:3.12-slim\nRUN pip install opencv-python opencv-python-headless\n"),
        Example(
            "FROM python:3.12-slim\nCOPY . /app\nRUN pip install opencv-python\n",
            None,
            {"app.py": "import cv2\ncv2.imshow('a', cv2.imread('b'))\n"},
        ),
        Example("FROM python:3.6-slim\nRUN pip install tensorflow==1.7.0\nCMD uvicorn app:app\n"),
        Example("FROM tensorflow/tensorflow:2.16.1-gpu\nRUN pip install tensorflow\n"),
        Example("FROM python:3.12-slim\nRUN pip install 'tensorflow[and-cuda]'\n"),
        Example("FROM python:3.12-slim AS a\nRUN pip install opencv-python\nFROM python:3.12-slim\nCMD x\n"),
        Example("FROM python:3.12-slim\nRUN pip install 'uvicorn[standard]' psycopg2-binary\n"),
    ),
)
