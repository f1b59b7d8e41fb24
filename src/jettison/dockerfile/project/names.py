"""Which files of a context say what a project depends on, by their names."""

import os
import re
from collections.abc import Iterable

from jettison.regex import regex

KINDS: tuple[tuple[str, str], ...] = (
    ("pyproject", r"pyproject\.toml"),
    ("uv-lock", r"uv\.lock"),
    ("poetry-lock", r"poetry\.lock"),
    ("pdm-lock", r"pdm\.lock"),
    ("pylock", r"pylock(?:\.[^.]+)?\.toml"),
    ("pipfile", r"Pipfile"),
    ("pipfile-lock", r"Pipfile\.lock"),
    ("conda-lock", r"(?:.*[._-])?conda-lock\.ya?ml"),
    ("conda", r"(?:.*[._-])?(?:environment|conda|env)(?:[._-].*)?\.ya?ml"),
    ("setup-cfg", r"setup\.cfg"),
    ("setup-py", r"setup\.py"),
)
LOCKS = frozenset({"uv-lock", "poetry-lock", "pdm-lock", "pylock", "pipfile-lock", "conda-lock"})
_REQUIREMENTS = regex(r"(?:.*[._-])?(?:requirements?|reqs?|constraints?)(?:[._-].*)?\.(?:txt|in|pip)\Z", re.IGNORECASE)
_FOLDER = regex(r"(?:.*/)?(?:requirements?|reqs?)/[^/]+\.(?:txt|in|pip)\Z", re.IGNORECASE)
_CONSTRAINTS = regex(r"(?:^|[/._-])constraints?[._-]", re.IGNORECASE)
_SUFFIXES = (".toml", ".lock", ".yml", ".yaml", ".cfg", ".py", ".txt", ".in", ".pip", "Pipfile")


def kind_of(path: str) -> str:
    """Return the kind of manifest that a file is by its name, of :data:`KINDS` or ``requirements``; "" for none."""
    if not path.endswith(_SUFFIXES):
        return ""
    name = os.path.basename(path)
    for kind, pattern in KINDS:
        if re.fullmatch(pattern, name):
            return kind
    return "requirements" if _REQUIREMENTS.match(name) or _FOLDER.match(path) else ""


def is_constraints(path: str) -> bool:
    """Whether a requirements file only limits versions, by its name."""
    return _CONSTRAINTS.search(path) is not None


def manifests(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the manifests among some files, as path and kind: those nearest to the top first."""
    found = ((path, kind_of(path)) for path in paths)
    return tuple(sorted(((path, kind) for path, kind in found if kind), key=lambda item: (item[0].count("/"), item)))
