"""A conda environment as what the runtime stage takes: one folder with its own interpreter and libraries.

It is taken only where the service uses it by PATH alone: then activating it, which runs scripts of its packages, is not
part of what the container does. conda itself stays in the builder.
"""

import re

from jettison.dockerfile.project.read import dependencies_of
from jettison.dockerfile.tools.record import Call
from jettison.plan.dockerfile.rewrite_record import Choice, Refusal
from jettison.rules.dockerfile.around import context, in_context
from jettison.rules.dockerfile.case import Case, Site

RUNTIME_IMAGE = "debian:bookworm-slim"
"""An environment brings all but libc, and asks for an old one (conda-forge: glibc 2.17 to 2.28; bookworm has 2.36)."""
_ROOT = re.compile(r"(?:continuumio/(?:mini|ana)conda3|condaforge/(?:miniforge3|mambaforge))(?::.*)?")
_HARMLESS = ("clean", "config", "info", "list")
_FOLDER = re.compile(r"(?:/[\w.-]+)+")
_PROFILE = re.compile(r"(?:echo|printf)\s[^;&|]*>>?\s*(?:~|\$HOME|/root)/\.(?:bashrc|profile|bash_profile)\s*$")


def conda_environment(case: Case) -> str | Refusal:
    """Return the folder of the one environment that a recipe makes and puts in front of PATH; or why not."""
    final = case.final
    line = final.start.line if final else 1
    if final is None or not _ROOT.fullmatch(final.image or ""):
        known = "continuumio/miniconda3, anaconda3 and condaforge/miniforge3"
        return Refusal(f"line {line}: where conda lies in this base is not known", f"known are {known}")
    calls = [(site, call) for site, call in case.calls("conda") if call.action not in _HARMLESS]
    made = [(site, call) for site, call in calls if (call.group, call.action) == ("env", "create")]
    if len(made) != 1 or len(calls) != 1:
        where = calls[0][0].instruction.line if calls else line
        advice = "make the one environment by conda env create -f environment.yml, and nothing else by conda"
        return Refusal(f"line {where}: conda does more than make one environment", advice)
    for site in case.named("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        if re.search(r"\b(?:micro)?(?:conda|mamba)\b|\bactivate\b", site.instruction.body.text):
            advice = "start the program itself: the environment is in front of PATH"
            return Refusal(f"line {site.instruction.line}: {site.instruction.name} starts by conda", advice)
    folder = _folder(case, *made[0])
    if not _FOLDER.fullmatch(folder):
        why = f"line {made[0][0].instruction.line}: which environment is made is not known"
        return Refusal(why, "name it: conda env create -n NAME -f environment.yml")
    values = [value for site in case.named("ENV") for name, value, _ in site.instruction.pairs() if name == "PATH"]
    if not any(value.strip("\"'").startswith(f"{folder}/bin:") for value in values):
        return Refusal("the environment is not in front of PATH", f"add ENV PATH={folder}/bin:$PATH behind it")
    return folder


def _folder(case: Case, site: Site, call: Call) -> str:
    """Return where an environment is made; empty where that is not known."""
    prefix, name = call.option("-p", "--prefix"), call.option("-n", "--name")
    if prefix:
        return prefix.text or ""
    if name:
        return f"/opt/conda/envs/{name.text}" if name.text else ""
    file = call.option("-f", "--file")
    path = in_context(case, site, (file.text or "") if file else "environment.yml")
    project = context(case)
    said = dependencies_of(project, path, "conda").name if project and path else ""
    return f"/opt/conda/envs/{said}" if said else ""


def is_profile(site: Site) -> bool:
    """Whether a RUN only writes to a profile of interactive shells, which a service never reads."""
    return _PROFILE.fullmatch(site.instruction.body.text.strip()) is not None


def conda_choice(folder: str) -> Choice:
    """Return the decision on the runtime stage's base, with its reasons."""
    why = f"{folder} brings its own interpreter and libraries; conda and its caches stay in the builder"
    return Choice("runtime base", RUNTIME_IMAGE, (why, "of the system it needs libc, which may be newer"))
