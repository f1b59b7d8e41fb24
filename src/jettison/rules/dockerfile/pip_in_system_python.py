"""pip and the Python that the distribution manages."""

import re
from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.caches import is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Rule

_MANAGED = regex(
    r"(?:^|-)(?:bookworm|trixie|forky|sid|testing|unstable|1[2-9](?:\.\d+)?|lunar|mantic|noble|oracular|plucky|2[4-9]\.\d\d"
    r"|23\.(?:04|10)|ubuntu2[4-9]\.\d\d)(?:-|$)"
)
_OTHER_PYTHON = regex(
    r"EXTERNALLY-MANAGED|get-pip|deadsnakes|conda|mamba|pyenv|virtualenv|-m venv|uv venv|make install|/bin/activate"
)


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("pip", "install"):
        if site.stage not in case.built:
            continue
        if call.has("--break-system-packages"):
            yield Find(
                "this writes into the distribution's own Python: pip may replace what Debian's packages installed",
                call.command.span,
            )
        elif _refused(case, site, call):
            yield Find(
                "this distribution's pip refuses to install into its Python (externally-managed-environment)",
                call.command.span,
                severity="high",
                confidence="medium",
            )


def _refused(case: Case, site: Site, call: Call) -> bool:
    base = base_of(case.image(site.stage))
    managed = base is not None and base.family in ("debian", "ubuntu", "cuda") and _MANAGED.search(base.tag)
    program = call.head[0].value or ""
    if not managed or program.startswith("/") or not re.match(r"pip3?$|python3?$", program):
        return False
    if call.has("-t", "--target", "--prefix", "--root") or is_set(site, call, "PIP_BREAK_SYSTEM_PACKAGES"):
        return False
    if any(name in site.state.variables for name in ("PATH", "VIRTUAL_ENV")) or call.wrappers:
        return False
    lineage = {stage.index for stage in case.scopes.lineage(site.stage)}
    before = [each for each in case.sites if each.stage in lineage and each.instruction.span <= site.instruction.span]
    by_apt = any(
        word.value == "python3-pip" for each in before for each_call in apt_calls(each) for word in each_call.operands
    )
    return by_apt and not any(_OTHER_PYTHON.search(text_of(case, each)) for each in before)


PIP_IN_SYSTEM_PYTHON = Rule(
    name="pip-in-system-python",
    title="pip installs into the distribution's Python",
    severity="low",
    confidence="high",
    why="Since Debian 12 and Ubuntu 23.04 pip refuses to install beside the distribution's packages (PEP 668). "
    "`--break-system-packages` makes it do so: it then replaces files that dpkg owns, and an upgrade puts them back. A "
    "virtual environment, or a `python` base image, keeps the two apart, and can be copied alone into a final stage.",
    sources=("PEP 668", "Debian 12's release notes, 5.2.5"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian:12\nRUN pip3 install --break-system-packages flask==3.0.3\n"),
        Example("FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y python3-pip\nRUN pip3 install flask==3\n"),
    ),
    good=(
        Example("FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y python3-pip\nRUN pip3 install flask==3\n"),
        Example(
            "FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y python3-pip python3-venv\n"
            "RUN python3 -m venv /v\nENV PATH=/v/bin:$PATH\nRUN pip install flask==3\n"
        ),
        Example("FROM python:3.11-bookworm\nRUN apt-get install -y python3-pip\nRUN pip install flask==3\n"),
        Example("FROM ubuntu:24.04\nRUN apt-get install -y python3-pip\nRUN pip3 install -t /app flask==3\n"),
    ),
)
