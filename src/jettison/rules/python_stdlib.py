"""Parts of the standard library that serve developing: tests, IDLE, ensurepip."""

import re
from collections.abc import Iterator

from jettison.rules.inside import inside
from jettison.rules.record import Case, Proposal, Rule, by_owner

_STDLIB = re.compile(
    r"(?:.*/)?lib/python3\.\d+/(?:test|idlelib|turtledemo|ensurepip|lib2to3/tests|unittest/test|tkinter/test|ctypes/test"
    r"|distutils/tests|sqlite3/test|config-[^/]+/libpython[^/]*\.a)(?:/.*)?\Z"
)
_TEST_IMPORT = re.compile(r"\s*(?:from\s+test(?:\.\S+)?\s+import|import\s+test\b)")


def _propose(case: Case) -> Iterator[Proposal]:
    imported = any(_TEST_IMPORT.match(hint) for hints in case.scene.table.hints.values() for hint in hints)
    files = (file for file in inside(case) if _STDLIB.match(file.path) and not (imported and "/test" in file.path))
    yield from by_owner(files, "tests, IDLE, demos and the bundled installer of Python's standard library", "python")


PYTHON_STDLIB = Rule(
    "python-stdlib",
    1,
    "tests, IDLE and ensurepip in the standard library",
    "Left alone when a module of the image imports from test.",
    ("usr/local/lib/python3.11/test/… goes", "usr/local/lib/python3.11/unittest/… stays"),
    _propose,
)
