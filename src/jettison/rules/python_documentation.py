"""Documentation inside Python distributions; what code of the image reads, or might import, stays."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from jettison.files.record import File
from jettison.rules.inside import inside, never
from jettison.rules.record import Case, Proposal, Rule, by_owner

_SITE = re.compile(r".*/(?:site|dist)-packages/")
_FOLDER = re.compile(r"(?P<parents>(?:[^/]+/)*?)(?P<name>docs?)/.+", re.DOTALL)
_NOTE = re.compile(r"(?:[^/]+/)?(?P<name>README|CHANGELOG|CHANGES)(?:\.(?:md|rst|txt|html))?\Z")
_TYPES = re.compile(
    r".*\.(?:rst|md|txt|html?|css|js|map|png|svg|jpe?g|gif|ico|ipynb|pdf|rtf|tex|inv|woff2?|ttf|eot)\Z", re.IGNORECASE
)
_CODE = re.compile(r".*\.(?:py|pyc|pyi|pyx|so)\Z")
_BUILDS = frozenset({"conf.py"})  # Sphinx's, which builds the pages
_WORD = re.compile(r"\b(?:docs?|README|CHANGELOG|CHANGES)\b")
_CROWD = 16  # as many hints as are kept of a file: there may be more


def _propose(case: Case) -> Iterator[Proposal]:
    subjects = {**_folders(case), **_notes(case)}
    mentioned = _mentioned(case, subjects)
    files = [file for subject in sorted(subjects.keys() - mentioned) for file in subjects[subject]]
    reason = "documentation of the distribution; none of its modules names it"
    yield from by_owner(files, reason, "python")


def _folders(case: Case) -> Mapping[str, list[File]]:
    """Return the outermost folders of documentation in packages, with their files that may go."""
    found: defaultdict[str, list[File]] = defaultdict(list)
    code: set[str] = set()
    for file in inside(case):
        folder = _folder(case, file.path)
        if not folder:
            continue
        if _CODE.match(file.path) and file.path.rpartition("/")[2] not in _BUILDS:
            code.add(folder)
        elif _TYPES.match(file.path) and not never(file.path):
            found[folder].append(file)
    return {folder: files for folder, files in found.items() if folder not in code}


def _folder(case: Case, path: str) -> str:
    """Return the folder of documentation that a file lies in; empty when none.

    The folders above it, up to site-packages, must be packages: below others (templates, static) lies what a service
    may show.
    """
    site = _SITE.match(path)
    match = _FOLDER.match(path, site.end()) if site else None
    if site is None or match is None:
        return ""
    parents = match["parents"].split("/")[:-1]
    packages = (site[0] + "/".join(parents[:count]) for count in range(1, len(parents) + 1))
    if not all(f"{package}/__init__.py" in case.scene.table.visible for package in packages):
        return ""
    return f"{site[0]}{match['parents']}{match['name']}"


def _notes(case: Case) -> Mapping[str, list[File]]:
    """Return the README and change log files that RECORDs list, in site-packages itself or a folder right below it."""
    found: dict[str, list[File]] = {}
    for file in inside(case):
        site = _SITE.match(file.path)
        noted = site is not None and _NOTE.match(file.path, site.end()) is not None
        if noted and file.owner.startswith("python:") and not never(file.path):
            found[file.path] = [file]
    return found


def _mentioned(case: Case, subjects: Mapping[str, list[File]]) -> frozenset[str]:
    """Return the folders and files that a module may read."""
    found: set[str] = set()
    for path, hints in case.scene.table.hints.items():
        file = case.scene.table.visible.get(path)
        lines = [hint for hint in hints if _WORD.search(hint)]
        if file is None or not lines or (file.layer, file.index) in case.gone:
            continue
        left = (subject for subject in subjects if subject not in found and not path.startswith(f"{subject}/"))
        found.update(subject for subject in left if _names(file, lines, subject, subjects[subject][0].owner))
    return frozenset(found)


def _names(file: File, lines: list[str], subject: str, owner: str) -> bool:
    """Whether lines of a module may name a folder or file: by its bare name near it, elsewhere with its package's."""
    word = subject.rpartition("/")[2].partition(".")[0]
    package = _top(subject)
    near = bool(file.owner == owner or (package and _top(file.path) == package))
    if near and len(lines) >= _CROWD:
        return True
    named = (line for line in lines if re.search(rf"\b{word}\b", line))
    return any(near or (package and re.search(rf"\b{re.escape(package)}\b", line)) for line in named)


def _top(path: str) -> str:
    """Return the top-level package that a path lies in; empty when it lies in none."""
    site = _SITE.match(path)
    top, slash, _ = path[site.end() :].partition("/") if site else ("", "", "")
    return top if slash else ""


PYTHON_DOCUMENTATION = Rule(
    "python-documentation",
    1,
    "documentation inside Python distributions",
    "Folders named docs or doc in packages, of which pages, pictures and notebooks go and nothing else; and README, "
    "CHANGELOG and CHANGES files beside or right inside a package. Such a folder stays whole when it holds code, "
    "because it may be imported (botocore.docs is, at run time), and when a module of the distribution, or one that "
    "also names the package, has a string with its name, because it may be read. Folders below templates, static and "
    "others that are no packages stay: a service may show them. Licences, notices and all of .dist-info stay.",
    (
        "…/foo/docs/index.html goes",
        "…/foo/README.md goes",
        "…/botocore/docs/… stays: it is a package that botocore imports",
        "…/rest_framework/templates/rest_framework/docs/index.html stays: it is a template",
        "…/foo/docs/… stays when …/foo/help.py opens 'docs/index.html'",
    ),
    _propose,
)
