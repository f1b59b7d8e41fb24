"""Requirements files: read with what they include, and refused where pip would have to run a project's own code."""

import re
from collections.abc import Iterator
from pathlib import Path

from jettison.errors import RefusedError, UsageError

MAX_FILE = 10_000_000
_INCLUDE = re.compile(r"\s*(?:-r|-c|--requirement|--constraint)[ =]*(\S+)")
_BUILDS = re.compile(
    r"\s*(?:-e\b|--editable|--no-binary|--only-binary)"
    r"|.*(?:^|[\s@])(?:git|hg|svn|bzr)\+"
    r"|\s*\.{0,2}/(?!.*\.whl)"
    r"|.*@\s*[a-z]+:(?!\S*\.whl)"
    r"|[^#\s]*\.(?:tar\.\w+|tgz|zip)(?:\s|$)"
)


def read_requirements(path: Path) -> tuple[str, ...]:
    """Return the text of a requirements file and of those it includes, each once.

    Raises:
        UsageError: one cannot be read.
        RefusedError: a line asks for something that is not a wheel, or could.
    """
    return tuple(_texts(path, set()))


def _texts(path: Path, seen: set[Path]) -> Iterator[str]:
    if path in seen:
        return
    seen.add(path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MAX_FILE)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"requirements file {path.name} cannot be read: {error}") from error
    yield text
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        if _BUILDS.match(line):
            raise RefusedError(
                f"{path.name}: line {number}: {line.strip()[:80]!r} may not come as a wheel",
                hint="building runs a project's code with your rights: build a wheel of it first (pip wheel) "
                "and name that, or let pip's configuration find it (find-links)",
            )
        match = _INCLUDE.match(line)
        if match and "://" not in match[1]:
            yield from _texts(path.parent / match[1], seen)
