"""Which files of the context an install of requirements reads."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jettison.dockerfile.project.read import Project  # type: ignore[import-not-found,unused-ignore]

_NAME = re.compile(r"[\w][\w./-]*\Z")


def required_files(project: "Project | None", name: str, *, constraint: bool = False) -> tuple[str, ...] | None:
    """Return a requirements file and those that it includes.

    Args:
        project: the build context; None when there is none.
        name: of the file, relative to the context.
        constraint: whether it is one of constraints.

    Returns:
        without a context the file alone; None when a file is missing, ignored, or asks for something local.
    """
    if not _NAME.match(name) or ".." in name.split("/"):
        return None
    if project is None:
        return (name,)
    return None
