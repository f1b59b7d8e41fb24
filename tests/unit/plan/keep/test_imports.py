"""What a source imports, by its lines."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.plan.keep.imports import Import, find_constants, find_imports

NAMES = st.sampled_from(["a", "b_1", "numpy", "x.y", "x.y.z"])


def imports(source: str) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(one.module, one.names, one.lazy) for one in find_imports(source.encode())]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os, sys as s", [("os", (), False), ("sys", (), False)]),
        ("from . import a, b as c", [(".", ("a", "b"), False)]),
        ("from ..x.y import (\n    a,  # first\n    b as c,\n)", [("..x.y", ("a", "b"), False)]),
        ("def f():\n    from m import n", [("m", ("n",), True)]),
        ("try:\n    import fast\nexcept ImportError:\n    import slow", [("fast", (), True), ("slow", (), True)]),
        ("x = importlib.import_module('a.b')", [("a.b", (), True)]),
        ("from m import *", [("m", (), False)]),
        ("from m import a, \\\n    b", [("m", ("a", "b"), False)]),
        ("if TYPE_CHECKING:\n    import heavy\nimport light", [("light", (), False)]),
        (
            "if typing.TYPE_CHECKING:\n    from heavy import (\n        x,\n    )\n\nimport light",
            [("light", (), False)],
        ),
        ("important = 1\nfrom_here = 2", []),
    ],
)
def test_imports_are_found(source: str, found: list[tuple[str, tuple[str, ...], bool]]) -> None:
    """In every form; what only type checkers see is left out."""
    assert imports(source) == found


@given(
    st.lists(
        st.tuples(NAMES, st.lists(st.sampled_from(["p", "q", "r"]), max_size=3, unique=True), st.booleans()), max_size=6
    )
)
def test_what_python_s_parser_finds_is_found(statements: list[tuple[str, list[str], bool]]) -> None:
    """Nothing that is an import is missed."""
    lines = ["def f():", "    pass"]
    for module, names, lazy in statements:
        statement = f"from {module} import {', '.join(names)}" if names else f"import {module}"
        lines.append(f"{'    ' if lazy else ''}{statement}" if lines[-1].startswith("    ") or not lazy else statement)
    source = "\n".join(lines)
    wanted = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            wanted.add(str(node.module))
    assert wanted == {one.module for one in find_imports(source.encode())}


@given(st.binary(max_size=200))
def test_any_bytes_are_read(source: bytes) -> None:
    """A source that is none has imports at most."""
    assert all(isinstance(one, Import) for one in find_imports(source))


def test_constants_of_compiled_modules() -> None:
    """Whole constants only: names beside it alone, others by the package's first part."""
    code = b"\0sklearn.neighbors._partition_nodes\0_typedefs\0numpy.core\0x_typedefs\0sklearn\0_other"
    assert find_constants(code, ["_typedefs", "_other"], "sklearn") == {
        "sklearn.neighbors._partition_nodes",
        "_typedefs",
    }
