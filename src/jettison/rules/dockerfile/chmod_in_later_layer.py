"""Files stored a second time because a later layer changes their mode."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.relabel import Relabel, mended, relabels, run_by_root, safety, simple, sources
from jettison.rules.dockerfile.weights import context_mode, stored_again

_OCTAL = regex(r"0?[0-7]{3}$")
_RUNNABLE = {"+x": 0o111, "a+x": 0o111, "ugo+x": 0o111, "u+x": 0o100}


def _check(case: Case) -> Iterator[Find]:
    for found in relabels(case, "chmod"):
        deep = found.call.has("-R", "--recursive")
        small = found.stored is not None and found.stored.small
        yield Find(
            f"chmod {'-R ' if deep else ''}stores {found.what} a second time ({found.path})",
            found.call.command.span,
            _fix(case, found),
            stored_again(case, found.stored.site) if found.stored and deep else (),
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
    deep = found.call.has("-R", "--recursive")
    sure = safety(case, found)
    if not _OCTAL.match(mode):
        if mode not in _RUNNABLE or deep or len(filled) != 1:
            return None
        # What +x gives depends on the mode in the build context: known where there is one, else nearly always 644
        before = context_mode(case, filled[0].sources[0]) if filled[0].origin is None else None
        mode = f"{(before or 0o644) | _RUNNABLE[mode]:o}"
        sure = sure if before is not None else "unsafe"
    edits = mended(case, found, [(copying, f"--chmod={mode}") for copying in filled])
    return Fix(sure, edits, "give the mode where the files are copied") if edits else None


CHMOD_IN_LATER_LAYER = Rule(
    name="chmod-in-later-layer",
    title="chmod stores files of a layer below again",
    severity="medium",
    confidence="high",
    why="A layer holds whole files: a change of the mode alone writes their content again. `COPY --chmod=` gives "
    "the mode where the files are stored; it needs BuildKit, which every Docker since 23.0 builds with.\n\nWhere "
    "no build context is given, the fix for `+x` takes 644 for the mode in it, and is marked unsafe. Small scripts "
    "are told as info.",
    sources=("measured: 317 MB against 267 MB for one file of 50 MB", "Dockerfile reference, COPY --chmod"),
    check=_check,
    fixes="safe",
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
        Example(
            "FROM debian:bookworm\nCOPY run.sh /run.sh\nRUN chmod +x /run.sh\n",
            "FROM debian:bookworm\nCOPY --chmod=755 run.sh /run.sh\n",
            {"run.sh": "#!/bin/sh\n"},
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
