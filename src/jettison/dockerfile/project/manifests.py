"""Which files of a context say what a project depends on, and reading any of them into one shape."""

import os
import re
from collections.abc import Callable, Iterable

from jettison.dockerfile.project import conda, locks, pipfile, pyproject, setupfiles
from jettison.dockerfile.project.dependencies import Dependencies
from jettison.dockerfile.project.requirements import read_requirements, requirements_of
from jettison.dockerfile.project.text import MAX_DOCUMENT, MAX_TEXT, read_text, why
from jettison.finding import Skip

Reader = Callable[[str, str], Dependencies]
READERS: tuple[tuple[str, str, Reader], ...] = (
    ("pyproject", r"pyproject\.toml", pyproject.read_pyproject),
    ("uv-lock", r"uv\.lock", locks.read_uv),
    ("poetry-lock", r"poetry\.lock", locks.read_poetry),
    ("pdm-lock", r"pdm\.lock", locks.read_pdm),
    ("pylock", r"pylock(?:\.[^.]+)?\.toml", locks.read_pylock),
    ("pipfile", r"Pipfile", pipfile.read_pipfile),
    ("pipfile-lock", r"Pipfile\.lock", pipfile.read_pipfile_lock),
    ("conda-lock", r"(?:.*[._-])?conda-lock\.ya?ml", conda.read_conda_lock),
    ("conda", r"(?:.*[._-])?(?:environment|conda|env)(?:[._-].*)?\.ya?ml", conda.read_environment),
    ("setup-cfg", r"setup\.cfg", setupfiles.read_setup_cfg),
    ("setup-py", r"setup\.py", setupfiles.read_setup_py),
)
_REQUIREMENTS = re.compile(
    r"(?:.*[._-])?(?:requirements?|reqs?|constraints?)(?:[._-].*)?\.(?:txt|in|pip)\Z", re.IGNORECASE
)
_FOLDER = re.compile(r"(?:.*/)?(?:requirements?|reqs?)/[^/]+\.(?:txt|in|pip)\Z", re.IGNORECASE)
_CONSTRAINTS = re.compile(r"(?:^|[/._-])constraints?[._-]", re.IGNORECASE)
_LOCKS = frozenset({"uv-lock", "poetry-lock", "pdm-lock", "pylock", "pipfile-lock", "conda-lock"})


def kind_of(path: str) -> str:
    """Return the kind of manifest that a file is by its name; "" for none."""
    name = os.path.basename(path)
    for kind, pattern, _ in READERS:
        if re.fullmatch(pattern, name):
            return kind
    return "requirements" if _REQUIREMENTS.match(name) or _FOLDER.match(path) else ""


def manifests(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the manifests among some files, as path and kind: those nearest to the top first."""
    found = ((path, kind_of(path)) for path in paths)
    return tuple(sorted(((path, kind) for path, kind in found if kind), key=lambda item: (item[0].count("/"), item)))


def read_dependencies(root: str, path: str, kind: str = "") -> Dependencies:
    """Return what a file asks for or fixes. A file that is malformed, missing or too large is a skip in the result.

    Args:
        root: folder of the build context.
        path: the file, relative to it.
        kind: what it is; by its name when empty. A file of no known name is a requirements file.
    """
    chosen = kind or kind_of(path) or "requirements"
    if chosen == "requirements":
        constraint = _CONSTRAINTS.search(path) is not None
        return requirements_of(read_requirements(root, path, constraint=constraint), path)
    text = read_text(root, path, MAX_DOCUMENT if chosen in _LOCKS else MAX_TEXT)
    return Dependencies(path, chosen, skips=(text,)) if isinstance(text, Skip) else parse(text.text, path, chosen)


def parse(text: str, path: str, kind: str) -> Dependencies:
    """Return what a manifest asks for or fixes, from its text.

    Args:
        text: the whole file.
        path: relative to the context.
        kind: a name of :data:`READERS`.
    """
    reader = next(reader for name, _, reader in READERS if name == kind)
    try:
        return reader(text, path)
    except ValueError as error:
        return Dependencies(path, kind, skips=(Skip(path, f"cannot be read: {why(error)[:200]}"),))
