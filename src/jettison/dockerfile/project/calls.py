"""What calls in code start or serve, where their arguments are literal: commands, routes, servers."""

import ast
import re
import shlex
from collections.abc import Iterator

from jettison.dockerfile.project.facts import Command, Guard, Route, Server
from jettison.dockerfile.project.text import Place

MAX_WORDS = 20
_ROUTES = frozenset(
    {"get", "head", "post", "route", "api_route", "add_api_route", "add_url_rule", "add_route", "add_get"}
)
_SERVERS = frozenset({"run", "launch", "run_app", "serve", "start", "listen"})
_STARTS = frozenset(
    f"{module}.{name}"
    for module, names in {
        "subprocess": "run call check_call check_output Popen getoutput getstatusoutput",
        "os": "system popen execv execve execvp execvpe execl execlp spawnvp posix_spawn posix_spawnp",
        "asyncio": "create_subprocess_exec create_subprocess_shell",
    }.items()
    for name in names.split()
)
_SPREAD = frozenset({"os.execl", "os.execlp", "asyncio.create_subprocess_exec"})  # words are arguments of the call
_FILE_FIRST = frozenset({"os.execv", "os.execve", "os.execvp", "os.execvpe", "os.posix_spawn", "os.posix_spawnp"})


def text(node: ast.expr | None) -> str:
    """Return a literal text; "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def texts(call: ast.Call) -> Iterator[str]:
    """Give the literal texts among the arguments of a call, lists flattened."""
    for node in (*call.args, *(keyword.value for keyword in call.keywords)):
        yield from flat(node)


def flat(node: ast.expr) -> Iterator[str]:
    """Give the literal texts of a list, of its tuples the first; of a text, that."""
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    for item in items[:MAX_WORDS]:
        first = item.elts[0] if isinstance(item, ast.Tuple) and item.elts else item  # ("CUDAExecutionProvider", {…})
        if said := text(first):
            yield said[:200]


def commands(call: ast.Call, name: str, place: Place, guard: Guard) -> Iterator[Command]:
    """Give the commands of the operating system that a call starts or looks for."""
    first = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "args"), None)
    if name == "shutil.which" and (said := text(first)):
        yield Command((said,), place, guard, probe=True)
    if name not in _STARTS or first is None:
        return
    if name in _FILE_FIRST and len(call.args) > 1:
        first = call.args[1]
    if name in _SPREAD:
        yield from _argv(list(call.args), place, guard)
    elif isinstance(first, ast.List | ast.Tuple):
        yield from _argv(first.elts, place, guard)
    elif isinstance(first, ast.JoinedStr):
        yield from _shell(text(first.values[0]) if first.values else "", place, guard)
    elif isinstance(first, ast.BinOp):
        yield from _shell(text(first.left), place, guard)
    else:
        yield from _shell(text(first), place, guard)


def _argv(nodes: list[ast.expr], place: Place, guard: Guard) -> Iterator[Command]:
    words = list[str]()
    for node in nodes[:MAX_WORDS]:
        if not (said := text(node)):
            break
        words.append(said)
    if words:
        yield Command(tuple(words), place, guard)


def _shell(text: str, place: Place, guard: Guard) -> Iterator[Command]:
    """Give the simple commands of a line for the shell; a line that is not simple gives none."""
    for part in re.split(r"&&|\|\|?|;|\n", text[:2000]):
        try:
            words = shlex.split(part)
        except ValueError:
            return
        while words and re.match(r"[A-Za-z_]\w*=", words[0]):
            words.pop(0)
        if words and re.match(r"[\w./-]+\Z", words[0]):
            yield Command(tuple(words[:MAX_WORDS]), place, guard)


def routes(call: ast.Call, place: Place) -> Iterator[Route]:
    """Give the path that a call tells a web framework to answer."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _ROUTES or not call.args:
        return
    path = text(call.args[0])
    if not path.startswith("/") or len(path) > 200:  # noqa: PLR2004 -- no route that a health check would ask for
        return
    methods = [said.upper() for k in call.keywords if k.arg == "methods" for said in flat(k.value)]
    if call.func.attr in {"get", "head", "post"}:
        methods = [call.func.attr.upper()]
    yield Route(path, tuple(methods), place)


def servers(call: ast.Call, name: str, place: Place) -> Iterator[Server]:
    """Give the server that a call starts."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _SERVERS:
        return
    ports = [
        k.value.value for k in call.keywords if k.arg in {"port", "server_port"} and isinstance(k.value, ast.Constant)
    ]
    port = next((said for said in ports if isinstance(said, int) and 0 < said < 65536), 0)  # noqa: PLR2004 -- TCP's
    target = text(call.args[0]) if call.args else ""
    known = name.partition(".")[0] in {"uvicorn", "hypercorn", "waitress", "granian", "bjoern"} or bool(ports)
    by_name = getattr(call.func.value, "id", "") in {"app", "application", "server", "demo", "iface", "interface"}
    if known or (by_name and call.func.attr in {"run", "launch"}):
        yield Server(name or f".{call.func.attr}", target[:200], port, place)
