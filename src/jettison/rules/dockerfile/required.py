"""Which files of the context an install of requirements reads."""

from jettison.dockerfile.project.read import Project
from jettison.dockerfile.project.requirements import RequirementLine, Requirements, read_requirements
from jettison.regex import regex

_NAME = regex(r"\w[\w./+-]*\Z")


def required_files(project: Project | None, name: str, *, constraint: bool = False) -> tuple[str, ...] | None:
    """Return a requirements file and those that it includes.

    Args:
        project: the build context; None when there is none.
        name: of the file, relative to the context.
        constraint: whether it is one of constraints.

    Returns:
        without a context the file alone; None when a file is missing, ignored, or asks for something local.
    """
    if not _plain(name):
        return None
    if project is None:
        return (name,)
    found = read_requirements(project.root, name, constraint=constraint)
    names = tuple(file.path for file in found.files)
    if found.skips or not all(_plain(each) and _is_sent(project, each) for each in names) or _is_local(found):
        return None
    return names


def _plain(name: str) -> bool:
    """Whether a name can stand in a COPY as it is."""
    return _NAME.match(name) is not None and ".." not in name.split("/")


def _is_sent(project: Project, name: str) -> bool:
    entry = project.context.entries.get(name)
    return entry is not None and entry.type == "file" and not entry.ignored


def _is_local(found: Requirements) -> bool:
    """Whether a file asks for something that lies in the context."""
    return any(_line_is_local(line) for file in found.files for line in file.lines)


def _line_is_local(line: RequirementLine) -> bool:
    if line.kind == "invalid" or (line.wanted is not None and (line.wanted.source == "path" or line.wanted.editable)):
        return True
    return any(name in ("--find-links", "--editable") and "://" not in value for name, value in line.options)
