"""Test suites inside distributions; what code of the image refers to stays."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jettison.files.record import File
from jettison.rules.inside import inside, never
from jettison.rules.record import Case, Proposal, Rule, by_owner

_SITE = re.compile(r".*/(?:site|dist)-packages/")
_TEST_FILE = re.compile(r"(?:test_[^/]*|[^/]*_tests?|conftest|test)\.(?:py|pyx|so)\Z")
_NEUTRAL = frozenset({"__init__.py", "__main__.py", "conftest.py", "setup.py", "common.py", "utils.py", "util.py"})
HARMLESS = (
    ("*/_pytesttester.py", "runs the tests"),
    ("*/_tester.py", "runs the tests"),
    ("*/conftest.py", "runs the tests"),
    ("*/runtests.py", "runs the tests"),
    ("*/setup.py", "builds the distribution"),
    ("*/noxfile.py", "runs the tests"),
    ("*/pandas/util/_exceptions.py", "compares the names of stack frames with the folder's"),
    ("*/sklearn/_min_dependencies.py", "lists extras"),
    ("*/scipy/special/_precompute/*", "made data for scipy's tests"),
)
"""Modules (fnmatch) that name test folders without reading them when a service runs, each with what it does."""
_HARMLESS = re.compile("|".join(fnmatch.translate(pattern) for pattern, _ in HARMLESS))

_FROM = re.compile(r"\s*from\s+(?P<dots>\.*)(?P<module>[\w.]*)\s+import\s+(?P<names>.*)")
_IMPORT = re.compile(r"\s*import\s+(?P<names>.*)")
_STRING = re.compile(r"""["']([^"']*)["']""")
_PATH_WORK = re.compile(r"join|Path|__file__|dirname|resource|files\(|open\(|glob|/\s*[\"']tests?[\"']")


def _propose(case: Case) -> Iterator[Proposal]:
    folders = _folders(case)
    mentioned = _mentioned(case, folders)
    files = [file for folder in sorted(folders) if folder not in mentioned for file in folders[folder]]
    reason = "tests of the distribution itself; no module outside its tests refers to them"
    yield from by_owner(files, reason, "python")


def _folders(case: Case) -> Mapping[str, list[File]]:
    """Return the outermost test folders inside distributions, with their files that may go."""
    found: defaultdict[str, list[File]] = defaultdict(list)
    blocked: set[str] = set()
    for file in inside(case):
        outer = tests_folder(file.path)
        if not outer:
            continue
        found[outer].append(file)
        if never(file.path):
            blocked.add(outer)
    return {
        folder: files for folder, files in found.items() if folder not in blocked and looks_like_tests(folder, files)
    }


def tests_folder(path: str) -> str:
    """Return the outermost test folder that a file of a Python distribution lies in; empty when none."""
    site = _SITE.match(path)
    if site is None:
        return ""
    inner = outermost("/" + path[site.end() :]).lstrip("/")
    return site[0] + inner if inner else ""


def outermost(path: str) -> str:
    """Return the outermost folder named ``tests`` or ``test`` that a path lies in; empty when none."""
    parts = path.split("/")[:-1]
    for place, part in enumerate(parts):
        if part in ("tests", "test") and place:
            return "/".join(parts[: place + 1])
    return ""


def looks_like_tests(folder: str, files: Iterable[File]) -> bool:
    """Whether a folder holds a test suite.

    One named ``tests`` must hold a test file; one named ``test`` (an API in some distributions: ``django.test``)
    nothing in its first level but test files.
    """
    names = [(file.path[len(folder) + 1 :], file.path.rpartition("/")[2]) for file in files]
    tests = sum(bool(_TEST_FILE.match(name)) for _, name in names)
    if folder.endswith("/tests"):
        return tests > 0
    modules = [name for rest, name in names if "/" not in rest and name.endswith(".py") and name not in _NEUTRAL]
    return tests > 0 and all(_TEST_FILE.match(name) for name in modules)


def _mentioned(case: Case, folders: Mapping[str, Sequence[File]]) -> frozenset[str]:
    found: set[str] = set()
    entries = {
        folder: frozenset(file.path[len(folder) + 1 :].partition("/")[0] for file in files)
        for folder, files in folders.items()
    }
    for path, hints in case.scene.table.hints.items():
        if _HARMLESS.match(path) or tests_folder(path) in folders or _is_gone(case, path):
            continue
        for hint in hints:
            left = (folder for folder in folders if folder not in found)
            found.update(folder for folder in left if mentions(path, hint, folder, entries[folder]))
    return frozenset(found)


def _is_gone(case: Case, path: str) -> bool:
    file = case.scene.table.visible.get(path)
    return file is None or (file.layer, file.index) in case.gone


def mentions(path: str, hint: str, folder: str, entries: frozenset[str] = frozenset()) -> bool:
    """Whether a line of a Python file refers to a test folder; when it is unclear, it does.

    Args:
        path: of the file.
        hint: the line: an import, or one with strings.
        folder: the test folder's path.
        entries: names in the folder.
    """
    if hint.lstrip().startswith((">>>", "#", "...")):
        return False
    here = path.rpartition("/")[0]
    if match := _FROM.match(hint):
        return any(_is_or_in(name, folder) for name in _imported(here, match))
    if match := _IMPORT.match(hint):
        modules = [name.split() for name in match["names"].split(",")]
        return any(_is_or_in(words[0].replace(".", "/"), folder) for words in modules if words)
    strings = [text for text in _STRING.findall(hint) if "://" not in text]
    works = _PATH_WORK.search(hint) is not None
    return any(_names_folder(text, here, folder) for text in _paths(strings, works=works, entries=entries))


def _paths(strings: Sequence[str], *, works: bool, entries: frozenset[str]) -> Iterator[str]:
    """Give the paths that strings of a line may be parts of.

    A bare "tests" counts where the line works with paths, or where the next string names an entry of the folder.
    """
    for place, text in enumerate(strings):
        if text.strip("./") not in ("test", "tests"):
            yield text
        elif works or (strings[place + 1 : place + 2] and strings[place + 1].partition("/")[0] in entries):
            yield "/".join([*strings[:place], text])
            yield text


def _imported(here: str, match: re.Match[str]) -> Iterator[str]:
    """Give what a ``from`` import may load, as paths: absolute ones when it is relative, else below a site folder."""
    base = match["module"].replace(".", "/")
    if match["dots"]:
        parent = here.split("/")
        parent = parent[: len(parent) - len(match["dots"]) + 1]
        base = "/".join([*parent, base]).rstrip("/")
    yield base
    for name in re.findall(r"\w+", match["names"]):
        yield f"{base}/{name}".lstrip("/")


def _is_or_in(module: str, folder: str) -> bool:
    """Whether a module (as a path, whole or its end) is a test folder or lies in it."""
    outer = outermost(f"/{module}/x").lstrip("/")
    return bool(outer) and (folder == outer or folder.endswith(f"/{outer}"))


def _names_folder(text: str, here: str, folder: str) -> bool:
    outer = outermost("/" + text.lstrip("./") + "/x").lstrip("/")
    if not outer:
        return False
    parent = folder.rpartition("/")[0]
    near = here == parent or here.startswith(f"{parent}/")
    return folder.endswith(f"/{outer}") and (near or "/" in outer)


TESTS = Rule(
    "tests",
    1,
    "test suites inside Python distributions",
    "Folders named tests (and test, where all in them are tests). A folder stays whole when a module outside it "
    "imports from it or names it in a string, because it may hold data. numpy.testing, torch.testing and the like are "
    "no tests.",
    (
        "…/pandas/tests/… goes",
        "…/numpy/testing/… stays: it is imported at run time",
        "…/foo/tests/data/… stays when …/foo/demo.py opens 'tests/data'",
    ),
    _propose,
)
