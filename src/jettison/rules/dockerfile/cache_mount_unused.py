"""A cache mount for a pip that keeps no cache."""

from collections.abc import Iterator

from jettison.dockerfile.edit import remove_words
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.caches import CACHES, folder_of, is_off, is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import Mount, mounts_of
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_TOOLS = ("pip", "uv")


def _check(case: Case) -> Iterator[Find]:
    for tool in _TOOLS:
        for site, call in case.calls(tool, "install", "download", "wheel", "sync"):
            mount = next((each for each in mounts_of(site, "cache") if _meant(case, site, call, each)), None)
            if mount and is_off(site, call):
                why = _reason(site, call)
                yield Find(
                    f"the cache mount does nothing: {why} makes {tool} keep no cache",
                    call.command.span,
                    _fix(case, site, call, mount),
                )


def _meant(case: Case, site: Site, call: Call, mount: Mount) -> bool:
    folder = folder_of(case, site, call)
    return bool(folder and mount.covers(folder)) or bool(mount.target and mount.target.endswith(CACHES[call.tool].home))


def _reason(site: Site, call: Call) -> str:
    cache = CACHES[call.tool]
    variable = next((name for name in cache.off_variables if is_set(site, call, name)), "")
    return variable or next((option.name for option in call.options if option.name in cache.off), "an option")


def _fix(case: Case, site: Site, call: Call, mount: Mount) -> Fix | None:
    cache, folder = CACHES[call.tool], folder_of(case, site, call)
    words = [option.word for option in call.options if option.name in cache.off and option.name.startswith("--")]
    if not words or any(is_set(site, call, name) for name in cache.off_variables):
        return None
    if not folder or not mount.covers(folder) or not site.editable or not call.command.plain:
        return None
    edits = remove_words(case.recipe, words) if all(word.whole for word in words) else None
    return Fix("safe", edits, "let the mount be used") if edits else None


CACHE_MOUNT_UNUSED = Rule(
    name="cache-mount-unused",
    title="a cache mount beside an option that turns the cache off",
    severity="medium",
    confidence="high",
    why="A cache mount keeps downloads on the build machine for the next build. `--no-cache-dir` or `PIP_NO_CACHE_DIR` "
    "(with any value, `off` and `0` too) tells pip to use no cache, so that every build downloads again. With the "
    "mount "
    "the option saves nothing: the cache is in no layer. A variable is not removed by the fix: other RUNs may rely on "
    "it.",
    sources=("pip's cmdoptions.py, _handle_no_cache_dir", "uv's documentation, UV_NO_CACHE"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\n"
            "RUN --mount=type=cache,target=/root/.cache/pip \\\n    pip install --no-cache-dir -r requirements.txt\n",
            "FROM python:3.11-slim\n"
            "RUN --mount=type=cache,target=/root/.cache/pip \\\n    pip install -r requirements.txt\n",
        ),
        Example(
            "FROM python:3.11-slim\nENV PIP_NO_CACHE_DIR=1\n"
            "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt\n",
        ),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/pip pip install torch\n"),
        Example(
            "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/hub pip install --no-cache-dir torch\n"
        ),
        Example(
            "FROM python:3.11-slim\nENV PIP_NO_CACHE_DIR=\n"
            "RUN --mount=type=cache,target=/root/.cache/pip pip install torch\n"
        ),
    ),
)
