"""Caches, lists and logs of package managers: nothing at run time reads them."""

import re
from collections import defaultdict
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.record import Case, Proposal, Rule

_HOME = r"(?:root|home/[^/]+|var/www|nonexistent)"
CACHES: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (area, reason, re.compile(pattern))
    for area, reason, pattern in (
        ("apt-lists", "apt fetches its package lists again before it installs", r"var/lib/apt/lists/.+"),
        ("apt-archives", "packages that are installed already", r"var/cache/apt/(?:archives/(?!lock\Z).+|[^/]*\.bin)"),
        (
            "apt-logs",
            "logs of installations",
            r"var/log/(?:apt/.+|(?:dpkg|alternatives|bootstrap)\.log(?:\.\d+)?(?:\.gz)?)",
        ),
        ("dpkg-backups", "dpkg's and debconf's backups", r"var/(?:lib/dpkg|cache/debconf|lib/ucf)/[^/]*-old(?:\.\d+)?"),
        ("apk", "apk's downloads", r"(?:var/cache|etc)/apk/cache/.+|var/cache/apk/.+"),
        ("dnf", "downloads and metadata of dnf and yum", r"var/cache/(?:dnf|yum|libdnf5)/.+|var/log/(?:dnf|yum)[^/]*"),
        ("pip", "pip's downloads and built wheels", rf"{_HOME}/\.cache/pip/.+|tmp/pip-[^/]+/.+"),
        ("uv", "uv's downloads", rf"{_HOME}/\.cache/uv/.+"),
        ("poetry", "downloads of poetry, pipenv and pdm", rf"{_HOME}/\.cache/(?:pypoetry|pipenv|pdm)/.+"),
        ("conda", "conda's downloads", r"opt/(?:conda|miniconda3?|mambaforge|miniforge3?)/pkgs/.+\.(?:conda|tar\.bz2)"),
        ("npm", "npm's downloads and logs", rf"{_HOME}/\.npm/(?:_cacache|_logs|_npx)/.+"),
        ("yarn", "yarn's downloads", rf"{_HOME}/\.cache/yarn/.+|usr/local/share/\.cache/yarn/.+"),
        ("man", "man's index", r"var/cache/man/.+"),
        ("go", "Go's build cache", rf"{_HOME}/\.cache/go-build/.+"),
        ("ccache", "a compiler's cache", rf"{_HOME}/\.(?:cache/)?ccache/.+"),
    )
)


def is_cache(path: str) -> bool:
    """Whether a path of the rootfs is a file that only package managers read."""
    return any(pattern.fullmatch(path) for _, _, pattern in CACHES)


def _propose(case: Case) -> Iterator[Proposal]:
    groups: defaultdict[tuple[str, str], list[File]] = defaultdict(list)
    for file in case.left():
        if file.path.startswith(
            ("var/", "root/", "home/", "opt/", "usr/local/share/.cache", "tmp/", "etc/apk", "nonex")
        ):
            for area, reason, pattern in CACHES:
                if pattern.fullmatch(file.path):
                    groups[area, reason].append(file)
                    break
    for (area, reason), files in sorted(groups.items()):
        yield Proposal(area, f"{reason}; nothing at run time reads them", tuple(files))


CACHE_FILES = Rule(
    "package-caches",
    0,
    "caches, lists and logs of package managers",
    "They serve the next installation, which fetches them again. The folders themselves stay.",
    (
        "var/lib/apt/lists/…_Packages goes",
        "root/.cache/pip/http-v2/… goes",
        "root/.cache/huggingface/… stays: a service may load its model from there",
    ),
    _propose,
)
