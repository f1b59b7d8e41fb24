"""What a container runs: ENTRYPOINT and CMD followed to files of the context, their port and health endpoints."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jettison.dockerfile.project.facts import Code, CodeFile, Route, Server
from jettison.dockerfile.project.started import Started, started, started_by_shell
from jettison.dockerfile.project.text import read_text
from jettison.finding import Skip
from jettison.regex import regex

MAX_SCRIPT = 100_000
MAX_SCRIPTS = 5
_HEALTH = regex(
    r"/(?:[\w.-]+/)*_?(?:health|healthz|healthcheck|health-check|health_check|ping|ready|readyz|readiness|live|livez"
    r"|liveness|alive|heartbeat|status|up|ok)/?\Z",
    re.IGNORECASE,
)
_RANK = ("readyz", "ready", "readiness", "healthz", "health", "healthcheck", "livez", "ping")


@dataclass(frozen=True, slots=True)
class Placed:
    """A folder or file of the context and where it lies in the image: one COPY.

    Attributes:
        image: absolute path in the image.
        context: path relative to the context; "" for its top.
    """

    image: str
    context: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a container runs.

    Attributes:
        started: each command, in order; the last is what stays.
        files: files of the context that these run, in order: scripts, then modules.
        skips: what could not be followed, and why.
    """

    started: tuple[Started, ...]
    files: tuple[str, ...]
    skips: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class Where:
    """How names of the image lead into the context.

    Attributes:
        workdir: working directory in the image.
        placed: what was copied, in order; the last that fits wins.
        python_path: folders of the image on Python's path besides the working directory.
    """

    workdir: str = "/"
    placed: tuple[Placed, ...] = ()
    python_path: tuple[str, ...] = ()


def read_entry(
    root: str,
    paths: Collection[str],
    command: Sequence[str] | str,
    *,
    where: Where | None = None,
    env: Mapping[str, str] | None = None,
    scripts: Mapping[str, str] | None = None,
) -> Entry:
    """Return what ENTRYPOINT and CMD run together.

    Args:
        root: folder of the build context.
        paths: its files.
        command: the words of the exec form, those of CMD behind those of ENTRYPOINT; or the text of the shell form.
        where: how names of the image lead into the context; by default all of it lies in the working directory.
        env: variables that are known in the image.
        scripts: commands that the project brings, as ``Dependencies.scripts`` has them.
    """
    known, place = env or {}, where or Where()
    first = started_by_shell(command, known) if isinstance(command, str) else _exec(command, known)
    found, files, skips = list[Started](), list[str](), list[Skip]()
    waiting, count = list(first), 0
    while waiting:
        item = _by_script(waiting.pop(0), scripts or {})
        found.append(item)
        if item.reason:
            skips.append(Skip(" ".join(item.words)[:80] or "entry", item.reason))
        here = _files_of(item, paths, place)
        files.extend(here)
        if item.framework == "sh" and here and count < MAX_SCRIPTS:
            count += 1
            waiting = [*_script(root, here[0], item, known, skips), *waiting]
        elif (item.file or item.attribute) and not here:
            skips.append(Skip((item.file or item.module)[:80], "was not found in the build context"))
    return Entry(tuple(found), tuple(dict.fromkeys(files)), tuple(skips))


def _by_script(item: Started, scripts: Mapping[str, str]) -> Started:
    """Return what one of the project's own commands starts."""
    target = scripts.get(os.path.basename(item.words[0])) if item.words and not (item.file or item.module) else None
    if target is None:
        return item
    module, _, attribute = target.partition(":")
    return replace(item, framework="script", module=module, attribute=attribute)


def _exec(words: Sequence[str], env: Mapping[str, str]) -> tuple[Started, ...]:
    """Return what the exec form starts; of ``sh -c`` all of its commands."""
    found = started(words, env)
    if found.code and found.wrappers and any(wrapper.endswith(" -c") for wrapper in found.wrappers):
        inner = started_by_shell(found.code, env)
        return inner or (found,)
    return (found,)


def _script(root: str, path: str, item: Started, env: Mapping[str, str], skips: list[Skip]) -> tuple[Started, ...]:
    """Return what a shell script of the context starts; its ``"$@"`` are the words that it gets."""
    text = read_text(root, path, MAX_SCRIPT)
    if isinstance(text, Skip):
        skips.append(text)
        return ()
    words = item.words[item.words.index(item.file) + 1 :] if item.file in item.words else ()
    inner = started_by_shell(text.text, env)
    return tuple(started(words, env) if step.passes_on and words else step for step in inner)


# --- files ------------------------------------------------------------------------------------------------------------


def _files_of(item: Started, paths: Collection[str], place: Where) -> list[str]:
    if item.file:
        found = _found(os.path.join(place.workdir, item.file), paths, place)
        return [found] if found else []
    if not item.module:
        return []
    inner = item.module.replace(".", "/")
    names = (
        f"{inner}.py",
        f"{inner}/__main__.py" if not item.attribute else f"{inner}/__init__.py",
        f"{inner}/__init__.py",
    )
    folders = [place.workdir, *place.python_path]
    found = next((hit for f in folders for name in names if (hit := _found(os.path.join(f, name), paths, place))), None)
    if found is None:  # of a distribution: its folder lies in `src`, or a script's anywhere in the context
        above = "" if item.framework == "script" else "src/"
        ends = sorted((path for path in paths if f"/{path}".endswith(f"/{above}{names[0]}")), key=_depth)
        found = next(iter(ends), None)
    return [found] if found else []


def _depth(path: str) -> int:
    return path.count("/")


def _found(image: str, paths: Collection[str], place: Where) -> str | None:
    """Return the file of the context that lies at a path of the image."""
    whole = os.path.normpath(image)
    for copied in reversed(place.placed or (Placed(place.workdir, ""),)):
        base = os.path.normpath(copied.image)
        if whole == base and copied.context in paths:
            return copied.context
        if base == "/" or whole.startswith(base + "/"):
            path = os.path.normpath(os.path.join(copied.context, os.path.relpath(whole, base)))
            if path in paths:
                return path
    return None


# --- health -----------------------------------------------------------------------------------------------------------


def reached(code: Code, files: Iterable[str], *, roots: Sequence[str] = ("", "src")) -> tuple[CodeFile, ...]:
    """Return the files of code that some files lead to by imports, themselves among them, nearest first.

    Args:
        code: what was read.
        files: where to begin.
        roots: folders that are on Python's path.
    """
    known = {file.path: file for file in code.files}
    waiting, seen = [path for path in files if path in known], dict[str, None]()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen[path] = None
        waiting.extend(hit for hit in _imports(known[path], known, roots) if hit not in seen)
    return tuple(known[path] for path in seen)


def _imports(file: CodeFile, known: Mapping[str, CodeFile], roots: Sequence[str]) -> Iterator[str]:
    folder = os.path.dirname(file.path)
    for item in file.imports:
        plain = item.module.lstrip(".")
        level = len(item.module) - len(plain)
        bases = [os.path.normpath(os.path.join(folder, *[".."] * (level - 1)))] if level else [folder, *roots]
        for name in (plain, *(f"{plain}.{name}".lstrip(".") for name in item.names)):
            inner = name.replace(".", "/")
            for base in bases:
                start = "" if base == "." else base
                for path in (os.path.join(start, f"{inner}.py"), os.path.join(start, inner, "__init__.py")):
                    if path in known:
                        yield path


def health_routes(code: Code, entry: Entry | None = None) -> tuple[Route, ...]:
    """Return the routes that look like health endpoints, the likeliest first.

    A prefix that a router is mounted under is not followed: a route of another file than the entry's may lie deeper.

    Args:
        code: what was read.
        entry: what is run; files that it leads to come first, others only when it leads to none.
    """
    files = reached(code, entry.files) if entry is not None else code.files
    routes = [route for file in files or code.files for route in file.routes if _is_health(route)]
    return tuple(sorted(routes, key=_rank))


def _is_health(route: Route) -> bool:
    return _HEALTH.match(route.path) is not None and (not route.methods or "GET" in route.methods)


def _rank(route: Route) -> tuple[int, int, str]:
    last = route.path.strip("/").rpartition("/")[2].lower()
    return (_RANK.index(last) if last in _RANK else len(_RANK), route.path.count("/"), route.path)


def ports(code: Code, entry: Entry) -> tuple[int, ...]:
    """Return where the service listens: as its command says, else as literal ports in its code say."""
    said = [item.port for item in entry.started if item.port]
    servers: list[Server] = [server for file in reached(code, entry.files) for server in file.servers]
    return tuple(dict.fromkeys(said or [server.port for server in servers if server.port]))
