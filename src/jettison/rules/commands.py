"""From what a container runs to the files that start: PATH, symlinks, ``env``, ``sh -c``, ``#!`` lines."""

import re
from collections.abc import Iterator

from jettison.elf.scripts import SHELLS
from jettison.rules.scene import MAX_LINKS, Scene, environment

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_WORD = re.compile(r"[A-Za-z0-9_./+-]+")


def trail(scene: Scene, path: str) -> tuple[str, ...]:
    """Return the real paths of every symlink on the way of ``path``, then of what it leads to; empty when nowhere."""
    found: list[str] = []
    todo = path.strip("/")
    for _ in range(MAX_LINKS):
        here = _first_link(scene, todo)
        if here is None:
            break
        link, rest = here
        found.append(link)
        target = scene.table.visible[link].entry.link
        base = "" if target.startswith("/") else link.rpartition("/")[0]
        todo = "/".join(part for part in (base, target.strip("/"), rest) if part)
    real = scene.resolve(path)
    return (*found, real) if real is not None else ()


def _first_link(scene: Scene, path: str) -> tuple[str, str] | None:
    """Return the first symlink on the way of ``path`` and what of the path follows it."""
    done = ""
    parts = path.split("/")
    for place, part in enumerate(parts):
        if part in ("", "."):
            continue
        done = done.rpartition("/")[0] if part == ".." else f"{done}/{part}".lstrip("/")
        file = scene.table.visible.get(done)
        if file is not None and file.entry.type == "symlink":
            return done, "/".join(parts[place + 1 :])
    return None


def which(scene: Scene, name: str) -> str | None:
    """Return the path that starts when a process of the image runs ``name``; None when nothing does."""
    if "/" in name:
        workdir = scene.table.image.config.process.workdir.strip("/")
        path = name if name.startswith("/") else f"{workdir}/{name}"
        return path.lstrip("/") if scene.resolve(path) else None
    for folder in environment(scene.table).get("PATH", DEFAULT_PATH).split(":"):
        if scene.resolve(f"{folder}/{name}"):
            return f"{folder}/{name}".lstrip("/")
    return None


def started(argv: tuple[str, ...]) -> Iterator[str]:
    """Give the names of the programs that a command line may start: itself, what ``env`` or ``sh -c`` runs for it.

    For a shell's text every word counts: more than it starts, never less.
    """
    if not argv:
        return
    yield argv[0]
    name = argv[0].rpartition("/")[2]
    rest = argv[1:]
    if name in SHELLS:
        yield from (word for text in rest for word in _WORD.findall(text))
    elif name in (
        "env",
        "exec",
        "nice",
        "nohup",
        "tini",
        "dumb-init",
        "gosu",
        "su-exec",
        "setpriv",
        "timeout",
        "catchsegv",
    ):
        for place, word in enumerate(rest):
            yield from (word,) if "=" not in word and not word.startswith("-") else ()
            if word.rpartition("/")[2] in SHELLS:
                yield from started(rest[place:])
    else:
        yield from (word for word in rest if word.startswith("/"))


def command_lines(scene: Scene) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give what the image runs, each with what asks for it: its command, its health check."""
    process = scene.table.image.config.process
    if process.argv:
        yield "the image's command", process.argv
    check = process.healthcheck
    if check[:1] == ("CMD",):
        yield "the health check", check[1:]
    elif check[:1] == ("CMD-SHELL",):
        yield "the health check", ("/bin/sh", "-c", *check[1:])
