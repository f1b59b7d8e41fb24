"""Which stages' work ends in the image: those it is built on, and those it copies an environment from."""

import functools
import posixpath

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.python_installs import PythonInstall, python_installs

_ENVIRONMENT = regex(
    r"(?:site-packages|dist-packages|venv|virtualenv|/opt/conda|/opt/(?:python|poetry|env)|\.local|"
    r"^/usr/local(?:/(?:lib|bin)(?:/python[\d.]*)?)?$|^/usr(?:/lib)?$|^/$|/install(?:$|/)|wheel|/root/\.local|/env(?:$|/))"
)


@functools.lru_cache(maxsize=2)
def environments(case: Case) -> frozenset[int]:
    """Return the stages whose installed Python packages are in the image: its own, and those copied from."""
    found = set(case.shipped)
    for site in case.sites:
        flag = site.instruction.flag("from")
        if site.instruction.name != "COPY" or site.stage not in case.shipped or flag is None or not flag.value:
            continue
        other = case.scopes.find(flag.value, site.stage)
        sources = [
            site.state.expand(word.text, case.recipe.escape) or word.text for word in site.instruction.words[:-1]
        ]
        if other is not None and any(_ENVIRONMENT.search(posixpath.normpath(source)) for source in sources):
            found |= {stage.index for stage in case.scopes.lineage(other)}
    return frozenset(found)


@functools.lru_cache(maxsize=2)
def shipped_installs(case: Case) -> tuple[PythonInstall, ...]:
    """Return the calls whose Python packages are in the image, in order."""
    stages = environments(case)
    return tuple(install for install in python_installs(case) if install.site.stage in stages)
