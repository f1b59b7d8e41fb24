"""A workload as people write it: one TOML file. Its format: docs/reference/workload.md."""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from jettison.errors import UsageError
from jettison.run import units
from jettison.run.toml import Table
from jettison.run.workload import Compare, CompareKind, EngineSettings, Probe, Ready, Workload

_FILE_LIMIT = 1_000_000
_BODY_LIMIT = 64 << 20
_LAST_PORT = 65_535
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_KINDS: tuple[CompareKind, ...] = get_args(CompareKind)
_FIT = {"http": ("status", "json", "bytes"), "exec": ("exit-code", "stdout", "json")}
_DEFAULT: dict[str, tuple[CompareKind, ...]] = {"http": ("status", "bytes"), "exec": ("exit-code", "stdout")}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")  # RFC 9110, section 5.6.2
_GPUS = re.compile(r"(?:all|\d{1,2}|device=[A-Za-z0-9,:._-]{1,200})?\Z")
_NETWORK = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_.-]{0,120})?\Z")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\uffff]")  # what may not stand in a request line


def load_workload(path: Path) -> Workload:
    """Read a workload file.

    Args:
        path: of the TOML file; files it names are relative to its folder.

    Raises:
        UsageError: it cannot be read, or it is not a workload; the message names the key.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return parse_workload(data, name=path.stem, folder=path.parent, where=str(path))


def parse_workload(data: bytes, *, name: str, folder: Path, where: str) -> Workload:
    """Read a workload's bytes.

    Args:
        data: the TOML document.
        name: the workload's, unless the document says.
        folder: where the files that it names lie.
        where: names the document in errors.

    Raises:
        UsageError: it is not a workload; the message names the key.
    """
    top = Table(_document(data, where), where)
    start = top.table("start")
    ready = _ready(top.table("ready"))
    reader = _Reader(folder, ready)
    workload = Workload(
        name=top.take("name", str, name),
        ready=ready,
        probes=tuple(reader.probe(table, number) for number, table in enumerate(top.tables("probe"), 1)),
        argv=start.texts("command"),
        env=_env(start),
        user=start.take("user", str, ""),
        memory=units.size(memory, f"{start.where}: memory") if (memory := start.any("memory")) is not None else 0,
        timeout=_seconds(start, 600.0),
        engine=_engine(top.table("engine"), folder),
    )
    top.end()
    start.end()
    _no_nul(workload.argv, f"{start.where}: command")
    names = [probe.name for probe in workload.probes]
    if len(set(names)) < len(names):
        raise UsageError(f"{where}: two probes have the same name")
    return workload


def _document(data: bytes, where: str) -> dict[str, object]:
    if len(data) > _FILE_LIMIT:
        raise UsageError(f"{where}: larger than {_FILE_LIMIT} bytes", hint="put large bodies into files (body-file)")
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not TOML: {str(error)[:200] or 'nested too deep'}") from error


def _env(table: Table) -> dict[str, str]:
    env = table.pairs("env")
    _no_nul((*env, *env.values()), f"{table.where}: env")
    if any(not key or "=" in key for key in env):
        raise UsageError(f"{table.where}: env: a name is empty or holds '='")
    return env


def _no_nul(texts: tuple[str, ...], where: str) -> None:
    if any("\0" in text for text in texts):
        raise UsageError(f"{where}: a text holds a NUL character")


def _seconds(table: Table, default: float) -> float:
    value = table.any("timeout")
    return units.seconds(value, f"{table.where}: timeout") if value is not None else default


def _port(table: Table, key: str, default: int) -> int:
    port = table.take(key, int, default)
    if not 0 < port <= _LAST_PORT:
        raise UsageError(f"{table.where}: {key} is {'missing' if port == 0 else 'not between 1 and 65535'}")
    return port


def _engine(table: Table, folder: Path) -> EngineSettings:
    settings = EngineSettings(
        gpus=str(table.any("gpus") or ""),
        mounts=tuple(_mount(text, folder, table.where) for text in table.texts("mounts")),
        network=table.take("network", str, ""),
        memory=_size(table, "memory"),
        shm=_size(table, "shm"),
    )
    table.end()
    if not _GPUS.match(settings.gpus) or not _NETWORK.match(settings.network):
        raise UsageError(f"{table.where}: gpus or network is none that an engine knows", hint='gpus = "all"')
    return settings


def _size(table: Table, key: str) -> int:
    value = table.any(key)
    return units.size(value, f"{table.where}: {key}") if value is not None else 0


def _mount(text: str, folder: Path, where: str) -> str:
    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not source or not target.startswith("/") or mode not in ("", "ro", "rw") or "\0" in text:
        raise UsageError(f"{where}: mounts: {text[:80]!r} is none", hint='write "models:/models:ro"')
    return f"{(folder / source).resolve()}:{target}{f':{mode}' if mode else ''}"


def _ready(table: Table) -> Ready:
    kind = table.one_of("http", "tcp", "log", "exit")
    timeout = _seconds(table, 120.0)
    if kind == "http":
        ready = Ready("http", _path(table.take("http", str, ""), table.where), _port(table, "port", 0), timeout)
    elif kind == "tcp":
        ready = Ready("tcp", "", _port(table, "tcp", 0), timeout)
    elif kind == "log":
        text = table.take("log", str, "")
        if not text or "\n" in text:
            raise UsageError(f"{table.where}: log is empty or holds a line break")
        ready = Ready("log", text, 0, timeout)
    else:
        if table.take("exit", int, 0) != 0:
            raise UsageError(f"{table.where}: exit can only be 0")
        ready = Ready("exit", "", 0, timeout)
    table.end()
    return ready


def _path(text: str, where: str) -> str:
    if not text.startswith("/") or _UNSAFE.search(text):
        raise UsageError(f"{where}: {text[:80]!r} is not an HTTP path", hint="it begins with / and is percent-encoded")
    return text


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads probes.

    Attributes:
        folder: where bodies lie.
        ready: whose port is the default.
    """

    folder: Path
    ready: Ready

    def probe(self, table: Table, number: int) -> Probe:
        """Read one ``[[probe]]``."""
        kind = table.one_of("http", "exec")
        name = table.take("name", str, f"probe-{number}")
        timeout = _seconds(table, 60.0)
        if kind == "http":
            probe = self._http(table, name, timeout)
        elif kind == "exec":
            probe = self._exec(table, name, timeout)
        else:
            raise UsageError(f"{table.where}: neither http nor exec", hint='for example http = "GET /healthz"')
        table.end()
        return probe

    def _http(self, table: Table, name: str, timeout: float) -> Probe:
        if self.ready.kind == "exit":
            raise UsageError(f"{table.where}: http, while [ready] waits for the command's end", hint="set ready.http")
        first, _, second = table.take("http", str, "").partition(" ")
        method, path = (first, second) if second else ("GET", first)
        if method not in _METHODS:
            raise UsageError(f"{table.where}: {method[:20]!r} is no method", hint=f"known: {', '.join(_METHODS)}")
        headers = _headers(table)
        body, media_type = self._body(table)
        if media_type and "content-type" not in {key.lower() for key in headers}:
            headers["content-type"] = media_type
        return Probe(
            name=name,
            kind="http",
            compare=_compare(table, "http"),
            method=method,
            path=_path(path, table.where),
            port=_port(table, "port", self.ready.port),
            headers=headers,
            body=body,
            timeout=timeout,
        )

    def _exec(self, table: Table, name: str, timeout: float) -> Probe:
        argv = table.texts("exec")
        _no_nul(argv, f"{table.where}: exec")
        if not argv or not argv[0]:
            raise UsageError(f"{table.where}: exec is empty")
        compare = _compare(table, "exec")
        stdin = table.take("stdin", str, "").encode()
        return Probe(name=name, kind="exec", compare=compare, argv=argv, body=stdin, timeout=timeout)

    def _body(self, table: Table) -> tuple[bytes, str]:
        """Return the body and the media type that it implies; empty when none."""
        key = table.one_of("body", "body-file", "body-json")
        if key == "body":
            return table.take("body", str, "").encode(), ""
        if key == "body-file":
            name = table.take("body-file", str, "")
            return self._file(name, table.where), "application/json" if name.endswith(".json") else ""
        if key == "body-json":
            return _json(table.any("body-json"), table.where), "application/json"
        return b"", ""

    def _file(self, name: str, where: str) -> bytes:
        """Read a file of the workload's folder; one that leads out of it is refused, a symlink too."""
        try:
            folder = self.folder.resolve()
            path = (folder / name).resolve(strict=True)
            if ".." in Path(name).parts or not path.is_relative_to(folder) or not path.is_file():
                raise UsageError(f"{where}: body-file {name!r} is not a file in the workload's folder")
            with open(path, "rb") as file:
                data = file.read(_BODY_LIMIT + 1)
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of symlinks
            raise UsageError(f"{where}: body-file {name[:200]!r}: {error}") from error
        if len(data) > _BODY_LIMIT:
            raise UsageError(f"{where}: body-file {name!r} is larger than {_BODY_LIMIT} bytes")
        return data


def _headers(table: Table) -> dict[str, str]:
    headers = table.pairs("headers")
    for key, value in headers.items():
        if not _TOKEN.match(key) or not value.isprintable() or not value.isascii():
            raise UsageError(f"{table.where}: header {key[:80]!r} or its value is not plain text")
    return headers


def _json(value: object, where: str) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{where}: body-json has no JSON form: {error}") from error


def _compare(table: Table, kind: str) -> Compare:
    texts = table.texts("compare")
    if not texts and table.any("compare") is not None:
        hint = (
            f"leave the key out for {', '.join(_DEFAULT[kind])}, or name what must be the same: {', '.join(_FIT[kind])}"
        )
        raise UsageError(f"{table.where}: compare is empty, so this probe would prove nothing", hint=hint)
    what = tuple(name for name in _KINDS if name in texts) if texts else _DEFAULT[kind]
    for text in texts:
        if text not in _FIT[kind]:
            hint = f"an {kind} probe compares {', '.join(_FIT[kind])}"
            raise UsageError(f"{table.where}: compare: {text[:80]!r} does not fit", hint=hint)
    tolerance = table.number("tolerance", 0.0)
    ignore = table.texts("ignore")
    if not 0 <= tolerance < 1:
        raise UsageError(f"{table.where}: tolerance is not between 0 and 1")
    if (tolerance or ignore) and "json" not in what:
        raise UsageError(f"{table.where}: tolerance and ignore need 'json' in compare")
    return Compare(what, tolerance, ignore)
