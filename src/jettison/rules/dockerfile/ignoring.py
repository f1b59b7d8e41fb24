"""What the build context sends without need, and an ignore file that keeps it out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jettison.dockerfile.project.context import Flagged, flagged
from jettison.dockerfile.project.copied import Copied, copied
from jettison.dockerfile.project.flags import flag_folder
from jettison.dockerfile.project.ignore import NAME, kept_out, parse_ignore, with_lines
from jettison.dockerfile.project.patterns import has_wildcards
from jettison.dockerfile.project.read import Project
from jettison.rules.dockerfile.around import asks, code
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import Copying, copyings
from jettison.rules.dockerfile.mounts import mounts_of
from jettison.rules.dockerfile.tables import words

_CACHES = words(
    "__pycache__ .pytest_cache .mypy_cache .ruff_cache .ipynb_checkpoints .tox .nox .hypothesis .eggs htmlcov"
)
"""Folders that are made anew by their tools, and that no service reads."""
_READS_VCS = words(
    "setuptools-scm hatch-vcs versioningit pbr poetry-dynamic-versioning versioneer dunamai vcs-versioning"
)
USUAL = (".git", "**/__pycache__", "**/*.pyc", "**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache", ".venv", ".idea",
         ".vscode")  # fmt: skip
"""What an ignore file has in any case."""


@dataclass(frozen=True, slots=True)
class Waste:
    """Something in the context that nothing in the image reads.

    Attributes:
        pattern: the ignore file's line for it.
        found: what it is about.
    """

    pattern: str
    found: Flagged


def takers(case: Case, project: Project) -> Iterator[tuple[Copying, Copied]]:
    """Give the COPYs and ADDs of the context in stages that are built, with the files that each takes."""
    for copying in copyings(case):
        if copying.origin is None and copying.sources and copying.site.stage in case.built:
            instruction = copying.site.instruction
            exclude = tuple(flag.value or "" for flag in instruction.flags_named("exclude"))
            parents = instruction.flag("parents") is not None
            yield copying, copied(project.context, copying.sources, exclude=exclude, parents=parents)


def wholes(case: Case, project: Project) -> tuple[tuple[Copying, Copied], ...]:
    """Return the COPYs that take the whole context."""
    return tuple((copying, taken) for copying, taken in takers(case, project) if copying.whole)


def waste(case: Case, project: Project) -> tuple[Waste, ...]:
    """Return what can be kept out without a change of what the image does, the largest first."""
    found: list[Waste] = []
    for each in flagged(project.context):
        pattern = _pattern(case, project, each) if each.count else ""
        if pattern and not _named(case, pattern, each.path):
            found.append(Waste(pattern, each))
    return tuple(found)


def _pattern(case: Case, project: Project, each: Flagged) -> str:
    name = each.path.rpartition("/")[2]
    if each.flag == "vcs":
        return "" if _reads_vcs(case, project) else each.path
    if each.flag == "venv":
        return each.path
    if each.flag == "editor":
        return f"**/{name}"
    if each.flag == "cache" and name in _CACHES:
        return f"**/{name}"
    return "**/*.pyc" if name.endswith(".pyc") else ""


def _reads_vcs(case: Case, project: Project) -> bool:
    """Whether the build may read the repository: git is run, or a build tool takes the version from it."""
    if any(
        call.tool == "git" and call.action not in ("clone", "config")
        for site in case.named("RUN")
        for call in site.calls
    ):
        return True
    for path, kind in project.manifests:
        if kind in ("pyproject", "setup-cfg", "setup-py"):
            names = {wanted.name for group in asks(case, path, kind).groups for wanted in group.wanted}
            if names & _READS_VCS or kind != "pyproject":
                return True
    return any(command.words[:1] == ("git",) for file in code(case).files for command in file.commands)


def _named(case: Case, pattern: str, path: str) -> bool:
    """Whether a COPY or a mount names what a pattern would keep out."""
    plain = pattern.removeprefix("**/")
    sources = [source for copying in copyings(case) if copying.origin is None for source in copying.sources]
    sources += [
        (mount.fields.get("source") or mount.fields.get("src") or "").strip("/")
        for site in case.named("RUN")
        for mount in mounts_of(site)
        if mount.type == "bind" and "from" not in mount.fields
    ]
    return any(
        source == path
        or source.startswith(f"{path}/")
        or plain in source.split("/")
        or (has_wildcards(source) and source not in ("*", "**"))
        for source in sources
    )


def written(project: Project, patterns: Iterable[str]) -> dict[str, str] | None:
    """Return the ignore file with patterns added, by its name.

    Returns:
        None when it would keep out what an ignore file lets through on purpose, or it cannot be written beside the
        context's top.
    """
    ignore = project.context.ignore
    name = ignore.path or NAME
    new = [
        pattern for pattern in dict.fromkeys(patterns) if pattern not in {line.text.strip() for line in ignore.lines}
    ]
    if not new or name.startswith("../") or ignore.skips:
        return None
    text = with_lines(ignore, add=new)
    made = parse_ignore(text, name)
    files = (e.path for e in project.context.entries.values() if not e.ignored and e.type == "file")
    lost = [path for path in kept_out(made, files) if not _expected(path)]
    venvs = tuple(entry.path + "/" for entry in project.context.entries.values() if entry.flag == "venv")
    return None if any(not path.startswith(venvs) for path in lost) else {name: text}


def _expected(path: str) -> bool:
    """Whether a file is one that the patterns are meant for."""
    parts = path.split("/")
    return path.endswith(".pyc") or any(part in _CACHES or flag_folder(part) in ("vcs", "editor") for part in parts)


def in_megabytes(size: int) -> str:
    """Return a size for a message."""
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"  # noqa: PLR2004 -- 0.1 MB
