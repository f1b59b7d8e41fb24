"""``setup.cfg`` and ``setup.py``, read and never run: what is no literal is a skip."""

import ast
import configparser
import warnings
from collections.abc import Iterator, Mapping
from itertools import islice

from jettison.dockerfile.project.dependencies import Dependencies, Group, Wanted, normal, wanted
from jettison.finding import Skip

MAX_NODES = 200_000


def read_setup_cfg(content: str, path: str) -> Dependencies:
    """Return what ``setup.cfg`` asks for.

    Raises:
        ValueError: the file is malformed.
    """
    parser, skips = configparser.RawConfigParser(strict=False, delimiters=("=",)), list[Skip]()
    try:
        parser.read_string(content)
    except configparser.Error as error:
        raise ValueError(str(error).splitlines()[0]) from error
    groups = list[Group]()
    options = dict(parser["options"]) if parser.has_section("options") else {}
    for key, kind in (("install_requires", "main"), ("setup_requires", "build")):
        if said := options.get(key):
            items = tuple(_each(said.splitlines(), f"{path}: {key}", skips))
            groups.append(Group("main" if kind == "main" else "build", "", items))
    if parser.has_section("options.extras_require"):
        for name, said in parser["options.extras_require"].items():
            items = tuple(_each((said or "").splitlines(), f"{path}: {name[:80]}", skips))
            groups.append(Group("extra", normal(name), items, optional=True))
    name = parser.get("metadata", "name", fallback="")
    python = options.get("python_requires", "")
    return Dependencies(path, "setup-cfg", "", name, tuple(groups), (), python, (), tuple(skips))


def _each(lines: list[str], subject: str, skips: list[Skip]) -> Iterator[Wanted]:
    for line in lines:
        plain = line.partition(" #")[0].strip()
        if not plain or plain.startswith("#"):
            continue
        if plain.startswith("file:"):
            skips.append(
                Skip(subject, f"is read from {plain.removeprefix('file:').strip()[:80]} when the project is built")
            )
            continue
        try:
            yield wanted(plain)
        except ValueError as error:
            skips.append(Skip(f"{subject}: {plain[:80]}", str(error)))


def read_setup_py(content: str, path: str) -> Dependencies:
    """Return what the call of ``setup`` in a ``setup.py`` asks for, as far as it stands there in literals.

    Raises:
        ValueError: it is no Python.
    """
    tree, skips = _parse(content), list[Skip]()
    names = dict(_constants(tree))
    call = _call(tree)
    if call is None:
        return Dependencies(path, "setup-py", skips=(Skip(path, "no call of setup was found"),))
    said = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if len(said) < len(call.keywords):
        skips.append(Skip(path, "some arguments of setup are computed"))
    groups = list[Group]()
    for key in ("install_requires", "setup_requires"):
        if key in said:
            items = _literal(said[key], names, f"{path}: {key}", skips)
            found = tuple(_each(_lines(items), f"{path}: {key}", skips))
            groups.append(Group("main" if key == "install_requires" else "build", "", found))
    extras = (
        _literal(said["extras_require"], names, f"{path}: extras_require", skips) if "extras_require" in said else {}
    )
    for extra, items in extras.items() if isinstance(extras, dict) else ():
        found = tuple(_each(_lines(items), f"{path}: extras_require", skips))
        groups.append(Group("extra", normal(str(extra)), found, optional=True))
    name = _text(said.get("name"), names)
    return Dependencies(
        path, "setup-py", "", name, tuple(groups), (), _text(said.get("python_requires"), names), (), tuple(skips)
    )


def _parse(content: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes and comparisons in code that is not ours
        try:
            return ast.parse(content)
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError(
                f"no Python: {error.msg if isinstance(error, SyntaxError) else 'nested too deeply'}"
            ) from error


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _call(tree: ast.Module) -> ast.Call | None:
    for node in islice(ast.walk(tree), MAX_NODES):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "setup":
                return node
    return None


def _literal(node: ast.expr, names: Mapping[str, ast.expr], subject: str, skips: list[Skip], depth: int = 0) -> object:
    """Return a literal, names of the module's top followed and lists added up; None with a skip for anything else."""
    if isinstance(node, ast.Name) and node.id in names and depth < 10:  # noqa: PLR2004 -- names of names of names
        return _literal(names[node.id], names, subject, skips, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and depth < 10:  # noqa: PLR2004 -- as above
        left = _literal(node.left, names, subject, skips, depth + 1)
        right = _literal(node.right, names, subject, skips, depth + 1)
        return [*_lines(left), *_lines(right)]
    if isinstance(node, ast.Dict) and depth < 10:  # noqa: PLR2004 -- as above
        keys = [key.value if isinstance(key, ast.Constant) else "" for key in node.keys]
        values = [_literal(value, names, subject, skips, depth + 1) for value in node.values]
        return {key: value for key, value in zip(keys, values, strict=True) if key}
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        skips.append(Skip(subject, f"is computed when the project is built (line {node.lineno})"))
        return None


def _lines(found: object) -> list[str]:
    if isinstance(found, str):
        return found.splitlines()
    return [item for item in found if isinstance(item, str)] if isinstance(found, list | tuple | set) else []


def _text(node: ast.expr | None, names: Mapping[str, ast.expr]) -> str:
    found = None if node is None else _literal(node, names, "", [])
    return found if isinstance(found, str) else ""
