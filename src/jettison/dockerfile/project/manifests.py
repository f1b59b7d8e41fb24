"""Any file that says what a project depends on, read into one shape."""

from collections.abc import Callable

from jettison.dockerfile.project import conda, locks, pipfile, pyproject, setupfiles
from jettison.dockerfile.project.dependencies import Dependencies
from jettison.dockerfile.project.names import LOCKS, is_constraints, kind_of
from jettison.dockerfile.project.requirements import read_requirements, requirements_of
from jettison.dockerfile.project.text import MAX_DOCUMENT, MAX_TEXT, read_text, why
from jettison.finding import Skip

READERS: dict[str, Callable[[str, str], Dependencies]] = {
    "pyproject": pyproject.read_pyproject,
    "uv-lock": locks.read_uv,
    "poetry-lock": locks.read_poetry,
    "pdm-lock": locks.read_pdm,
    "pylock": locks.read_pylock,
    "pipfile": pipfile.read_pipfile,
    "pipfile-lock": pipfile.read_pipfile_lock,
    "conda-lock": conda.read_conda_lock,
    "conda": conda.read_environment,
    "setup-cfg": setupfiles.read_setup_cfg,
    "setup-py": setupfiles.read_setup_py,
}


def read_dependencies(root: str, path: str, kind: str = "") -> Dependencies:
    """Return what a file asks for or fixes. A file that is malformed, missing or too large is a skip in the result.

    Args:
        root: folder of the build context.
        path: the file, relative to it.
        kind: what it is; by its name when empty. A file of no known name is a requirements file.
    """
    chosen = kind or kind_of(path) or "requirements"
    if chosen == "requirements":
        constraint = is_constraints(path)
        return requirements_of(read_requirements(root, path, constraint=constraint), path)
    text = read_text(root, path, MAX_DOCUMENT if chosen in LOCKS else MAX_TEXT)
    return Dependencies(path, chosen, skips=(text,)) if isinstance(text, Skip) else parse(text.text, path, chosen)


def parse(text: str, path: str, kind: str) -> Dependencies:
    """Return what a manifest asks for or fixes, from its text.

    Args:
        text: the whole file.
        path: relative to the context.
        kind: a name of :data:`READERS`.
    """
    try:
        return READERS[kind](text, path)
    except ValueError as error:
        return Dependencies(path, kind, skips=(Skip(path, f"cannot be read: {why(error)[:200]}"),))
