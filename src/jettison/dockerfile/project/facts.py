"""What a Python file does, as records: imports, uses of names that matter, commands, routes, servers."""

from dataclasses import dataclass
from typing import Literal

from jettison.dockerfile.project.text import Place
from jettison.finding import Skip

Guard = Literal["", "main", "branch", "function", "try", "type-checking"]
GUARDS: tuple[Guard, ...] = ("", "main", "branch", "function", "try", "type-checking")


@dataclass(frozen=True, slots=True)
class Import:
    """One module that is imported.

    Attributes:
        module: dotted; begins with dots when relative. For ``from a import b`` it is ``a``.
        names: what is taken from it; empty for ``import a``.
        place: where.
        guard: "" when importing the file imports it; else the strongest of what stands around it: only when run as a
            program, in a branch, in a function, where a failure is caught, only for type checkers.
        dynamic: by ``importlib.import_module`` or ``__import__`` with a literal.
    """

    module: str
    names: tuple[str, ...]
    place: Place
    guard: Guard = ""
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A name that is used.

    Attributes:
        name: dotted, aliases replaced (``torch.compile``); of a method of what is unknown ``.backward``; of a device
            ``"cuda:0"``; of an argument ``torch_compile=True``.
        place: where.
        guard: as of an import.
        checked: whether it stands in a branch that asks for a GPU first.
        texts: literal texts among the arguments when it is called, lists of texts flattened.
    """

    name: str
    place: Place
    guard: Guard = ""
    checked: bool = False
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the operating system that the code starts, with literal words.

    Attributes:
        words: the command and the literal arguments that follow it directly.
        place: where.
        guard: as of an import.
        probe: only looked for (``shutil.which``).
    """

    words: tuple[str, ...]
    place: Place
    guard: Guard = ""
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A path that a web framework is told to answer.

    Attributes:
        path: as written, beginning with a slash.
        methods: HTTP methods, as far as they are literal; empty when not said.
        place: where.
    """

    path: str
    methods: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Server:
    """A call that starts a server (``uvicorn.run``, ``app.run``, ``demo.launch``).

    Attributes:
        name: dotted, or ``.run`` of what is unknown.
        target: its first argument when it is a text (``"main:app"``).
        port: literal port; 0 when none is given.
        place: where.
    """

    name: str
    target: str
    port: int
    place: Place


@dataclass(frozen=True, slots=True)
class CodeFile:
    """What one file does.

    Attributes:
        path: relative to the context.
        imports: in order of lines.
        uses: names of modules that matter here, methods, devices, arguments.
        commands: literal ones.
        routes: of web frameworks.
        servers: what starts one.
    """

    path: str
    imports: tuple[Import, ...] = ()
    uses: tuple[Use, ...] = ()
    commands: tuple[Command, ...] = ()
    routes: tuple[Route, ...] = ()
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """What the code of a context does.

    Attributes:
        files: those that could be parsed.
        skips: the others, and why.
    """

    files: tuple[CodeFile, ...]
    skips: tuple[Skip, ...] = ()
