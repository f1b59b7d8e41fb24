"""Files stored a second time because a later layer changes their mode."""

import re
from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule, Safety
from jettison.rules.dockerfile.relabel import Relabel, mended, relabels, run_by_root, safety, simple, sources

_OCTAL = re.compile(r"0?[0-7]{3}$")
_RUNNABLE = ("+x", "a+x", "u+x", "ugo+x")


def _check(case: Case) -> Iterator[Find]:
    for found in relabels(case, "chmod"):
        deep = found.call.has("-R", "--recursive")
        small = found.stored is not None and found.stored.small
        yield Find(
            f"chmod {'-R ' if deep else ''}stores {found.what} a second time ({found.path})",
            found.call.command.span,
            _fix(case, found),
            severity="info" if small else None,
        )


def _fix(case: Case, found: Relabel) -> Fix | None:
    if not simple(found) or not run_by_root(case, found.site) or found.stored is None:
        return None
    filled = sources(case, found)
    if not filled or any(copying.instruction.name != "COPY" for copying in filled):
        return None
    if any(copying.instruction.flag("chmod") or copying.instruction.heredocs for copying in filled):
        return None
    mode = found.call.operands[0].text
    edits = mended(case, found, [(copying, f"--chmod={_octal(mode)}") for copying in filled]) if _octal(mode) else None
    if not edits or (mode in _RUNNABLE and found.call.has("-R", "--recursive")):
        return None
    # What +x gives depends on the mode in the build context: nearly always 644
    sure: Safety = safety(case, found) if _OCTAL.match(mode) else "unsafe"
    return Fix(sure, edits, "give the mode where the files are copied")


def _octal(mode: str) -> str:
    if _OCTAL.match(mode):
        return mode
    return "755" if mode in _RUNNABLE else ""


CHMOD_IN_LATER_LAYER = Rule(
    name="chmod-in-later-layer",
    title="chmod stores files of a layer below again",
    severity="medium",
    confidence="high",
    why="A layer holds whole files: a change of the mode alone writes their content again. `COPY --chmod=` gives the "
    "mode where the files are stored; it needs BuildKit, which every Docker since 23.0 builds with.\n\nA fix for "
    "`+x` takes 644 for the mode in the build context, and is therefore marked unsafe. Small scripts are told as info.",
    sources=("measured: 317 MB against 267 MB for one file of 50 MB", "Dockerfile reference, COPY --chmod"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            'FROM debian:bookworm\nCOPY run.sh /run.sh\nRUN chmod 755 /run.sh\nCMD ["/run.sh"]\n',
            'FROM debian:bookworm\nCOPY --chmod=755 run.sh /run.sh\nCMD ["/run.sh"]\n',
        ),
        Example(
            "FROM debian:bookworm\nCOPY run.sh /usr/bin/\nRUN set -e && chmod +x /usr/bin/run.sh && apt-get update\n",
            "FROM debian:bookworm\nCOPY --chmod=755 run.sh /usr/bin/\nRUN set -e && apt-get update\n",
        ),
        Example(
            "FROM debian:bookworm\nCOPY weights /models\nRUN chmod -R 755 /models\n",
            "FROM debian:bookworm\nCOPY --chmod=755 weights /models\nRUN chmod 755 /models\n",
        ),
        Example("FROM debian:bookworm\nCOPY weights /models\nRUN chmod -R a+rX /models\n"),
        Example("FROM debian:bookworm\nCOPY a.sh b.sh /bin/\nRUN chmod +x /bin/a.sh\n"),
    ),
    good=(
        Example("FROM debian:bookworm\nRUN curl -fo /bin/tool https://example.org/tool && chmod 755 /bin/tool\n"),
        Example("FROM debian:bookworm\nRUN mkdir /data && chmod 700 /data\n"),
        Example("FROM debian:bookworm\nCOPY --chmod=755 run.sh /run.sh\n"),
    ),
)
