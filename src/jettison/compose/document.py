"""A compose file (TOML) read and checked; its format: docs/reference/compose-file.md."""

import re
import signal
import tomllib
from pathlib import Path, PurePosixPath
from typing import cast

from jettison.compose.record import DebianBase, FileLayer, FileRule, PythonPart, Recipe, Runtime, Style
from jettison.compose.strict import Table
from jettison.errors import UsageError

MAX_FILE = 1_000_000
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")  # deb-control(5)
_SUITE = re.compile(r"[a-z0-9][a-z0-9._/-]*\Z")
_TAG = re.compile(r"[a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?\Z")
_OWNER = re.compile(r"(\d{1,10}):(\d{1,10})\Z")
_MODE = re.compile(r"[0-7]{3,4}\Z")
_PORT = re.compile(r"(\d{1,5})(?:/(?:tcp|udp|sctp))?\Z")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ADDRESS = re.compile(r"(?:https?|file|copy|mirror(?:\+\w+)?)://?[^\s\[\]]+\Z")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(s|m)\Z")
_MAX_ID = 2**32 - 2
_REAL_TIME = re.compile(r"RTMIN(?:\+(?:\d|1[0-5]))?\Z|RTMAX(?:-(?:\d|1[0-4]))?\Z")  # as engines know them


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a compose file.

    Raises:
        UsageError: the file cannot be read, is not TOML, or says something that is not known or does not fit.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return parse_recipe(data, path)


def parse_recipe(data: bytes, path: Path) -> Recipe:
    """Return the recipe in the text of a compose file.

    Args:
        data: TOML, UTF-8.
        path: where it lies: relative names in it start from its folder.

    Raises:
        UsageError: as :func:`read_recipe`.
    """
    if len(data) > MAX_FILE:
        raise UsageError(f"{path}: larger than {MAX_FILE} bytes, which no compose file is")
    try:
        values = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    return _recipe(Table(values, path.name), path.absolute())


def _recipe(top: Table, path: Path) -> Recipe:
    style = cast("Style", top.choice("style", ("lean", "naive"), "lean"))
    base, debian = _base(top.table("base")), _debian(top.table("debian"), top.where)
    if bool(base) == (debian is not None):
        raise UsageError(f"{top.where}: one of [base] and [debian] is needed, not both")
    if base and style == "naive":
        raise UsageError(f"{top.where}: style = 'naive' makes its own base from [debian], it cannot stand on [base]")
    if base and top.flag("debug", default=False):
        raise UsageError(f"{top.where}: debug = true adds a package, and [base] brings no packages")
    recipe = Recipe(
        path=path,
        name=_checked(top, "name", top.text("name", path.stem.lower()), _TAG),
        style=style,
        debug=top.flag("debug", default=False),
        lock=top.flag("lock", default=True),
        max_layers=top.number("max-layers", 12, 3, 120),
        base=base,
        debian=debian,
        python=_python(top.table("python"), path.parent),
        files=tuple(_file(table, path.parent) for table in top.tables("files")),
        runtime=_runtime(top.table("image")),
    )
    top.done()
    return recipe


def _base(table: Table | None) -> str:
    if table is None:
        return ""
    image = table.text("image")
    table.done()
    if not image:
        raise UsageError(f"{table.where}: 'image' is missing", hint="such as image = 'oci:base'")
    return image


def _debian(table: Table | None, where: str) -> DebianBase | None:
    if table is None:
        return None
    debian = DebianBase(
        suite=_checked(table, "suite", table.text("suite", "host"), _SUITE),
        components=_all_checked(table, "components", ("main",), _SUITE),
        packages=_all_checked(table, "packages", (), _PACKAGE),
        exclude=_all_checked(table, "exclude", (), _PACKAGE),
        mirror=_address(table),
        keyring=table.text("keyring"),
        ignore_scripts=_all_checked(table, "ignore-scripts", (), _PACKAGE),
    )
    table.done()
    if not debian.components:
        raise UsageError(f"{where}: [debian]: 'components' is empty")
    return debian


def _address(table: Table) -> str:
    mirror = table.text("mirror")
    if mirror and not _ADDRESS.match(mirror):
        raise UsageError(f"{table.where}: 'mirror' is {mirror!r:.80}, which is no address of an archive")
    return mirror


def _python(table: Table | None, folder: Path) -> PythonPart | None:
    if table is None:
        return None
    requirements = table.text("requirements", "requirements.txt")
    interpreter = table.text("interpreter")
    target = table.text("target")
    part = PythonPart(
        requirements=folder / requirements,
        interpreter=_inside(table, "interpreter", interpreter) if interpreter else "",
        target=_inside(table, "target", target).strip("/") if target else "",
        compile=table.flag("compile", default=True),
    )
    table.done()
    if not part.requirements.is_file():
        raise UsageError(f"{table.where}: there is no file {requirements}")
    return part


def _file(table: Table, folder: Path) -> FileRule:
    source, to = table.text("from"), table.text("to")
    if not source or not to:
        raise UsageError(f"{table.where}: 'from' and 'to' are needed")
    mode, owner = table.text("mode"), table.text("owner", "0:0")
    if mode and not _MODE.match(mode):
        raise UsageError(f"{table.where}: 'mode' is {mode!r:.80}, not three or four octal digits")
    ids = _OWNER.match(owner)
    if not ids or max(int(ids[1]), int(ids[2])) > _MAX_ID:
        raise UsageError(
            f"{table.where}: 'owner' is {owner!r:.80}, not numbers as in '0:0'",
            hint="names mean what the image's /etc/passwd says, and that is not known everywhere",
        )
    rule = FileRule(
        source=_source(table, source, folder),
        to=_inside(table, "to", to),
        mode=int(mode, 8) if mode else None,
        uid=int(ids[1]),
        gid=int(ids[2]),
        layer=cast("FileLayer", table.choice("layer", ("", "model", "code"), "")),
    )
    table.done()
    return rule


def _source(table: Table, source: str, folder: Path) -> str:
    """Return an absolute source; a relative one must stay in the compose file's folder."""
    if source.startswith("/"):
        return source
    if ".." in PurePosixPath(source).parts:
        raise UsageError(
            f"{table.where}: 'from' is {source!r:.80}, which leaves the folder of the compose file",
            hint="give an absolute path when that is meant",
        )
    return f"{folder}/{source}"


def _inside(table: Table, key: str, path: str) -> str:
    """Return an absolute path of the image; ``..`` has no place in it."""
    parts = PurePosixPath(path).parts
    if not path.startswith("/") or ".." in parts or any(part.startswith(".wh.") for part in parts):
        raise UsageError(f"{table.where}: {key!r} is {path!r:.80}, not an absolute path in the image")
    return str(PurePosixPath("/" + path.lstrip("/"))) + ("/" if path.endswith("/") and path.strip("/") else "")


def _runtime(table: Table | None) -> Runtime:
    if table is None:
        return Runtime()
    env = table.mapping("env")
    for name in env:
        if not _ENV.match(name):
            raise UsageError(f"{table.where}: env: {name!r:.80} is no name of a variable")
    workdir = table.text("workdir")
    runtime = Runtime(
        entrypoint=_argv(table, "entrypoint"),
        cmd=_argv(table, "cmd"),
        env=env,
        user=table.text("user"),
        workdir=_inside(table, "workdir", workdir) if workdir else "",
        ports=_ports(table),
        healthcheck=table.texts("healthcheck"),
        health_start=_seconds(table),
        labels=table.mapping("labels"),
        stop_signal=_signal(table),
    )
    table.done()
    return runtime


def _argv(table: Table, key: str) -> tuple[str, ...] | None:
    argv = table.texts(key)
    return argv if key in table.values else None


def _signal(table: Table) -> str:
    text = table.text("stop-signal")
    name = text.upper().removeprefix("SIG")
    numbers = map(str, range(1, signal.NSIG))
    if text and f"SIG{name}" not in signal.Signals.__members__ and not _REAL_TIME.match(name) and name not in numbers:
        raise UsageError(
            f"{table.where}: 'stop-signal' is {text!r:.80}, which is no signal of Linux", hint="such as 'SIGINT'"
        )
    return text


def _ports(table: Table) -> tuple[str, ...]:
    ports = table.texts("ports")
    for port in ports:
        match = _PORT.match(port)
        if not match or not 1 <= int(match[1]) <= 65535:  # noqa: PLR2004 -- the largest port there is
            raise UsageError(f"{table.where}: 'ports': {port!r:.80} is not like '8000' or '8000/tcp'")
    return tuple(port if "/" in port else f"{port}/tcp" for port in ports)


def _seconds(table: Table) -> float:
    text = table.text("health-start")
    match = _SECONDS.match(text)
    if text and not match:
        raise UsageError(f"{table.where}: 'health-start' is {text!r:.80}, not like '30s'")
    return float(match[1]) * (60 if match[2] == "m" else 1) if match else 0.0


def _checked(table: Table, key: str, value: str, grammar: re.Pattern[str]) -> str:
    if not grammar.match(value):
        raise UsageError(f"{table.where}: {key!r}: {value!r:.80} is not well-formed")
    return value


def _all_checked(table: Table, key: str, default: tuple[str, ...], grammar: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(_checked(table, key, value, grammar) for value in table.texts(key, default))
