"""One pass over a syntax tree, without recursion: trees of strangers may be deeper than Python's own stack."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from jettison.dockerfile.project.calls import commands as commands_of
from jettison.dockerfile.project.calls import flat, text, texts
from jettison.dockerfile.project.calls import routes as routes_of
from jettison.dockerfile.project.calls import servers as servers_of
from jettison.dockerfile.project.facts import GUARDS, CodeFile, Command, Guard, Import, Route, Server, Use
from jettison.dockerfile.project.signs import ARGUMENTS, METHODS, TOPS
from jettison.dockerfile.project.text import Place
from jettison.regex import regex

MAX_FACTS = 20_000
MAX_CONDITION = 100  # nodes
_DEVICE = regex(r"cuda(?::\d+)?\Z")
_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "OSError"})
_ASKS_GPU = regex(r"is_available|cuda|gpu|device_count|get_available_providers|list_physical_devices", re.IGNORECASE)
_DYNAMIC = frozenset({"importlib.import_module", "__import__", "importlib.util.find_spec", "pytest.importorskip"})


@dataclass(frozen=True, slots=True)
class _Around:
    guard: Guard = ""
    checked: bool = False

    def within(self, guard: Guard, *, checked: bool = False) -> "_Around":
        stronger = max(self.guard, guard, key=GUARDS.index)
        return _Around(stronger, self.checked or checked)


@dataclass(slots=True)
class _Found:
    path: str
    imports: list[Import] = field(default_factory=list)
    calls: list[tuple[ast.Call, _Around]] = field(default_factory=list)
    chains: list[tuple[ast.expr, _Around]] = field(default_factory=list)
    devices: list[Use] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


def visit(tree: ast.Module, path: str, shell: list[Command]) -> CodeFile:
    """Return what a module does.

    Args:
        tree: the module.
        path: relative to the context.
        shell: commands found elsewhere (a notebook's).
    """
    found = _Found(path)
    waiting: list[tuple[ast.AST, _Around]] = [(tree, _Around())]
    while waiting:
        node, around = waiting.pop()
        kind = type(node)
        take = _TAKES.get(kind)
        if take is None:
            split = _SPLITS.get(kind)
            _descend(node, kind._fields, around, split(node, around) if split else _NOTHING, waiting)
        else:
            _descend(node, take(found, node, around), around, _NOTHING, waiting)
    uses, commands, routes, servers = _resolved(found)
    return CodeFile(
        path,
        tuple(sorted(found.imports, key=lambda item: item.place.line))[:MAX_FACTS],
        tuple(sorted(uses, key=lambda item: item.place.line))[:MAX_FACTS],
        (*shell, *sorted(commands, key=lambda item: item.place.line)),
        tuple(sorted(routes, key=lambda item: item.place.line)),
        tuple(sorted(servers, key=lambda item: item.place.line)),
    )


def _descend(
    node: ast.AST,
    fields: tuple[str, ...],
    around: _Around,
    inner: dict[str, _Around],
    waiting: list[tuple[ast.AST, _Around]],
) -> None:
    """Add to what waits what lies in some fields of a node."""
    for name in fields:
        value = getattr(node, name, None)
        here = inner.get(name, around)
        if value.__class__ is list:
            waiting.extend([(item, here) for item in value if isinstance(item, ast.AST) and type(item) not in _LEAVES])
        elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
            waiting.append((value, here))


def _function(node: ast.AST, around: _Around) -> dict[str, _Around]:
    del node
    return {"body": around.within("function")}


def _try(node: ast.AST, around: _Around) -> dict[str, _Around]:
    if not isinstance(node, ast.Try | ast.TryStar) or not _catches_import(node):
        return _NOTHING
    caught = around.within("try")
    return {"body": caught, "handlers": caught, "orelse": caught}


def _with(node: ast.AST, around: _Around) -> dict[str, _Around]:
    suppresses = isinstance(node, ast.With) and any(_suppresses(item.context_expr) for item in node.items)
    return {"body": around.within("try")} if suppresses else _NOTHING


def _if_else(node: ast.AST, around: _Around) -> dict[str, _Around]:
    checked = around.within("", checked=isinstance(node, ast.IfExp) and _asks_gpu(node.test))
    return {"body": checked, "orelse": checked}


def _compare(node: ast.AST, around: _Around) -> dict[str, _Around]:
    del node
    asked = around.within("", checked=True)
    return {"left": asked, "comparators": asked}


def _branches(node: ast.AST, around: _Around) -> dict[str, _Around]:
    if not isinstance(node, ast.If):
        return _NOTHING
    said = _words_of(node.test)
    if "TYPE_CHECKING" in said:
        return {"body": around.within("type-checking")}
    if "__name__" in said and "__main__" in said:
        return {"body": around.within("main")}
    inside = around.within("branch", checked=_speaks_of_gpu(said))
    return {"body": inside, "orelse": inside}


def _words_of(test: ast.expr) -> list[str]:
    """Return the names and literal texts of a condition; none of one that is too long."""
    nodes = list(islice(ast.walk(test), MAX_CONDITION + 1))
    if len(nodes) > MAX_CONDITION:
        return []
    words = (getattr(node, "attr", "") or getattr(node, "id", "") or getattr(node, "value", "") for node in nodes)
    return [word for word in words if isinstance(word, str)]


def _asks_gpu(test: ast.expr) -> bool:
    return _speaks_of_gpu(_words_of(test))


def _speaks_of_gpu(words: list[str]) -> bool:
    return _ASKS_GPU.search("\n".join(words)) is not None


def _catches_import(node: ast.Try | ast.TryStar) -> bool:
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for kind in kinds:
            if kind is None or getattr(kind, "id", getattr(kind, "attr", "")) in _CATCHES:
                return True
    return False


def _suppresses(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or getattr(node.func, "attr", getattr(node.func, "id", "")) != "suppress":
        return False
    return any(getattr(item, "id", "") in _CATCHES for item in node.args)


# --- taking -----------------------------------------------------------------------------------------------------------


def _take_import(found: _Found, node: ast.AST, around: _Around) -> tuple[str, ...]:
    if isinstance(node, ast.Import):
        for name in node.names:
            found.imports.append(Import(name.name, (), Place(found.path, node.lineno), around.guard))
            short = name.name.partition(".")[0]
            found.names[name.asname or short] = name.name if name.asname else short
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        names = tuple(name.name for name in node.names)
        found.imports.append(Import(module, names, Place(found.path, node.lineno), around.guard))
        found.names.update({name.asname or name.name: f"{module}.{name.name}" for name in node.names})
    return ()


def _take_call(found: _Found, node: ast.AST, around: _Around) -> tuple[str, ...]:
    if not isinstance(node, ast.Call):
        return ()
    found.calls.append((node, around))
    # A default that is only taken where nothing else is said leaves the choice open.
    open_ = getattr(node.func, "attr", getattr(node.func, "id", "")) in _LEAVE_OPEN
    for value in (*node.args, *(keyword.value for keyword in node.keywords)):
        _devices(found, value, around.within("", checked=open_))
    return ("args", "keywords") if _bottom(node.func) is not None else ("func", "args", "keywords")


def _take_chain(found: _Found, node: ast.AST, around: _Around) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute | ast.Name) and _bottom(node) is not None:
        found.chains.append((node, around))
        return ()
    return ("value",)


def _take_assign(found: _Found, node: ast.AST, around: _Around) -> tuple[str, ...]:
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = (getattr(target, "attr", getattr(target, "id", "")) for target in targets)
        if any("device" in name.lower() for name in names):
            _devices(found, node.value, around)
    return type(node)._fields


def _take_defaults(found: _Found, node: ast.AST, around: _Around) -> tuple[str, ...]:
    if isinstance(node, ast.arguments):
        for value in (*node.defaults, *node.kw_defaults):
            if value is not None:
                _devices(found, value, around.within("", checked=True))
    return type(node)._fields


def _take_keyword(found: _Found, node: ast.AST, around: _Around) -> tuple[str, ...]:
    del found, node, around
    return ("value",)


def _devices(found: _Found, node: ast.expr, around: _Around) -> None:
    """Take the name of a GPU that stands as a value, alone or as one of two."""
    if isinstance(node, ast.IfExp):
        chosen = around.within("", checked=_asks_gpu(node.test))
        values = [(node.body, chosen), (node.orelse, chosen)]
    else:
        values = [(node, around)]
    for value, here in values:
        if (said := text(value)) and _DEVICE.match(said):
            found.devices.append(Use(f'"{said}"', Place(found.path, value.lineno), here.guard, here.checked))


def _bottom(node: ast.expr) -> str | None:
    """Return the name that a chain of attributes begins with; None when it begins with something else."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


_NOTHING: dict[str, _Around] = {}
_LEAVES = frozenset({ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.alias}).union(
    ast.operator.__subclasses__(), ast.cmpop.__subclasses__(), ast.unaryop.__subclasses__(), ast.boolop.__subclasses__()
)
_LEAVE_OPEN = frozenset({"add_argument", "getenv", "get", "Option", "option", "Field", "Argument", "pop", "setdefault"})
_Take = Callable[[_Found, ast.AST, _Around], tuple[str, ...]]
_TAKES: dict[type[ast.AST], _Take] = {
    ast.Import: _take_import,
    ast.ImportFrom: _take_import,
    ast.Call: _take_call,
    ast.Attribute: _take_chain,
    ast.Name: _take_chain,
    ast.Assign: _take_assign,
    ast.AnnAssign: _take_assign,
    ast.keyword: _take_keyword,
    ast.arguments: _take_defaults,
}
_SPLITS: dict[type[ast.AST], Callable[[ast.AST, _Around], dict[str, _Around]]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.If: _branches,
    ast.IfExp: _if_else,
    ast.Compare: _compare,
}


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Return a chain of attributes as a dotted name, its first part replaced by what was imported; "" for another."""
    parts = list[str]()
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    first = names.get(node.id)
    return (
        ".".join((first, *reversed(parts)))
        if first
        else f"__import__{''.join(parts)}"
        if node.id == "__import__"
        else ""
    )


def _resolved(found: _Found) -> tuple[list[Use], list[Command], list[Route], list[Server]]:
    uses, commands, routes, servers = list(found.devices), list[Command](), list[Route](), list[Server]()
    for call, around in found.calls:
        name = _dotted(call.func, found.names)
        place = Place(found.path, call.lineno)
        if name in _DYNAMIC and (module := text(call.args[0] if call.args else None)):
            guard = around.within("try").guard if name.endswith(("find_spec", "importorskip")) else around.guard
            found.imports.append(Import(module, (), place, guard, dynamic=True))
        commands.extend(commands_of(call, name, place, around.guard))
        routes.extend(routes_of(call, place))
        servers.extend(servers_of(call, name, place))
        uses.extend(_of_call(call, name, place, around))
    for node, around in found.chains:
        name = _dotted(node, found.names)
        if name.partition(".")[0] in TOPS:
            uses.append(Use(name, Place(found.path, node.lineno), around.guard, around.checked))
    return uses, commands, routes, servers


def _of_call(call: ast.Call, name: str, place: Place, around: _Around) -> Iterator[Use]:
    if name.partition(".")[0] in TOPS:
        yield Use(name, place, around.guard, around.checked, tuple(texts(call)))
    elif isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
        yield Use(f".{call.func.attr}", place, around.guard, around.checked, tuple(texts(call)))
    for keyword in call.keywords:
        if keyword.arg in ARGUMENTS and isinstance(keyword.value, ast.Constant | ast.List):
            said = tuple(flat(keyword.value))
            shown = getattr(keyword.value, "value", "") if isinstance(keyword.value, ast.Constant) else "[]"
            yield Use(f"{keyword.arg}={shown}"[:200], place, around.guard, around.checked, said)
