"""pip's cache left in a layer."""

from collections.abc import Iterator, Sequence

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.cache_kept import kept, mount_fix
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.installs import index_of, weighed, wishes_of
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    if _configured(case):
        return
    for site, calls in kept(case, "pip", "install", "download", "wheel"):
        fetching = [call for call in calls if _fetches(call)]
        if fetching:
            names = tuple(name for call in fetching for name in weighed(call))
            claims = (Claim("downloads", names, index=index_of(fetching[0])),) if names else ()
            yield Find(
                "pip keeps every file that it downloads in its cache, and this layer keeps the cache",
                fetching[0].command.span,
                _fix(case, site, fetching),
                claims,
            )


def _configured(case: Case) -> bool:
    """Whether a configuration file may turn the cache off."""
    config = any("no-cache-dir" in word.text for _, call in case.calls("pip", "config") for word in call.operands)
    return config or any(
        word.text.endswith(("pip.conf", "/pip.conf/"))
        for site in case.named("COPY", "ADD")
        for word in site.instruction.words
    )


def _fetches(call: Call) -> bool:
    """Whether a call may download anything."""
    wishes = wishes_of(call)
    local = bool(wishes) and all(wish.kind == "path" for wish in wishes) and not call.has("-r", "--requirement")
    return not call.has("--no-index", "--dry-run") and not (local and call.has("--no-deps"))


def _fix(case: Case, site: Site, calls: Sequence[Call]) -> Fix | None:
    return mount_fix(case, site, calls[0]) or _option_fix(site, calls)


def _option_fix(site: Site, calls: Sequence[Call]) -> Fix | None:
    words = [call.head[-1] for call in calls]
    if not site.editable or not all(call.command.plain for call in calls) or not all(word.whole for word in words):
        return None
    edits = tuple(insert_after(word, "--no-cache-dir") for word in words)
    return Fix("safe", edits, "keep no cache")


PIP_CACHE_SHIPPED = Rule(
    name="pip-cache-shipped",
    title="pip's cache stays in the image",
    severity="medium",
    confidence="high",
    why="pip keeps what it downloads below `~/.cache/pip`. In a RUN without a cache mount that folder becomes part of "
    "the layer: for a CUDA build of torch about 3 GB that nothing reads again. A cache mount keeps it on the build "
    "machine, where the next build uses it. The fix adds the mount where the user is root and the folder is known, and "
    "`--no-cache-dir` elsewhere: a mount that the user cannot write to, or in a folder that pip does not use, does "
    "nothing. Mounts need BuildKit. Left alone are stages that are not shipped, bodies that remove the cache, and a "
    "cache that some instruction copies, fills or reads.",
    sources=(
        "50 % of 148 public ML Dockerfiles leave pip's cache",
        "pip's documentation, Caching",
        "hadolint DL3042",
    ),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN pip install torch==2.4.1\n",
            "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/pip pip install torch==2.4.1\n",
        ),
        Example(
            "FROM python:3.11-slim\nENV PIP_CACHE_DIR=/var/pip\nRUN <<EOF\nset -e\npip install torch==2.4.1\nEOF\n",
            "FROM python:3.11-slim\nENV PIP_CACHE_DIR=/var/pip\n"
            "RUN --mount=type=cache,target=/var/pip <<EOF\nset -e\npip install torch==2.4.1\nEOF\n",
        ),
        Example(
            "FROM registry.example/ml:3\nRUN pip install -U pip && \\\n    pip install -r requirements.txt\n",
            "FROM registry.example/ml:3\nRUN pip install --no-cache-dir -U pip && \\\n"
            "    pip install --no-cache-dir -r requirements.txt\n",
        ),
        Example(
            "# syntax=docker/dockerfile:1.0\nFROM python:3.11\nRUN pip install flask\n",
            "# syntax=docker/dockerfile:1.0\nFROM python:3.11\nRUN pip install --no-cache-dir flask\n",
        ),
        Example("FROM registry.example/ml:3\nRUN if true; then pip install flask; fi\n"),
        Example(
            "FROM python:3.11-slim\nRUN pip install flask\nRUN rm -rf /root/.cache && ls /root/.cache/huggingface\n",
            "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask\n"
            "RUN rm -rf /root/.cache && ls /root/.cache/huggingface\n",
        ),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN pip install --no-cache-dir torch==2.4.1\n"),
        Example("FROM python:3.11-slim\nENV PIP_NO_CACHE_DIR=off\nRUN pip install torch==2.4.1\n"),
        Example("FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache pip install torch==2.4.1\n"),
        Example("FROM python:3.11-slim\nRUN pip install torch==2.4.1 && rm -rf /root/.cache\n"),
        Example("FROM python:3.11-slim\nRUN pip install torch && pip cache purge\n"),
        Example("FROM python:3.11-slim\nRUN pip install torch\nRUN cp -r ~/.cache/pip /opt/wheels\n"),
        Example("FROM python:3.11-slim\nCOPY wheels /root/.cache/pip\nRUN pip install torch\n"),
        Example("FROM python:3.11 AS a\nRUN pip install torch\nFROM a\nCOPY --from=a /root/.cache /root/.cache\n"),
        Example("FROM python:3.11-slim\nRUN pip config set global.no-cache-dir true\nRUN pip install torch\n"),
        Example(
            "FROM python:3.11-slim AS build\nRUN pip install torch\nFROM python:3.11-slim\nCOPY --from=build /v /v\n"
        ),
        Example("FROM python:3.11-slim\nRUN pip install --no-deps /wheels/*.whl ./app\n"),
    ),
    aliases=("DL3042",),
)
