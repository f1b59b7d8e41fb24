"""Fixers of Dockerfiles over a folder of files that others wrote: what changes, what breaks, how long it takes.

    python bench/recipes_peers.py FOLDER [--bin DIR …]

Peers are used where their programs are found, in DIR or on the PATH: tally (PyPI: tally-cli), dockerfile-doctor and
dokter (PyPI). Each file is fixed by a process of its own, with the tool's safe fixes only. BuildKit's parser (PyPI:
dockerfile) reads each file before and after. Instructions count as lost when there are fewer of a kind that no fix has
a reason to join or drop: all but RUN, ENV, LABEL, MAINTAINER, and a start that a later one overrides.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import dockerfile as oracle

JOINED = ("RUN", "ENV", "LABEL", "MAINTAINER", "CMD", "ENTRYPOINT", "HEALTHCHECK")


@dataclass(frozen=True, slots=True)
class Tool:
    """A fixer: its program, its arguments with FILE for the file."""

    name: str
    program: str
    arguments: tuple[str, ...]


TOOLS = (
    Tool("jettison lint --fix", sys.executable, ("-m", "jettison", "lint", "FILE", "--no-context", "--fix", "-q")),
    Tool("tally lint --fix", "tally", ("lint", "--fix", "--no-config", "--slow-checks=off", "FILE")),
    Tool("dockerfile-doctor --fix", "dockerfile-doctor", ("--fix", "-q", "FILE")),
    Tool("dokter -w", "dokter", ("-d", "FILE", "-w")),
)


def kinds(text: str) -> Counter[str] | None:
    """Return how many instructions of each kind BuildKit sees; None when it refuses the file."""
    try:
        return Counter({"ADD": "COPY"}.get(each.cmd.upper(), each.cmd.upper()) for each in oracle.parse_string(text))
    except (oracle.GoParseError, UnicodeEncodeError):
        return None


def fixed(tool: Tool, program: str, text: str, folder: Path) -> tuple[str, int]:
    """Fix a text in a folder of its own; return what came of it, and the exit code (124: over a minute)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "Dockerfile"
    path.write_text(text)
    arguments = [str(path) if each == "FILE" else each for each in tool.arguments]
    env = {**os.environ, "NO_COLOR": "1"}
    try:
        done = subprocess.run((program, *arguments), cwd=folder, env=env, capture_output=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        return path.read_text(errors="replace"), 124
    return path.read_text(errors="replace"), done.returncode


def row(tool: Tool, program: str, paths: list[Path]) -> str:
    """Run a tool over all files, and return its line of the table."""
    changed = broken = swallowed = unsteady = crashed = 0
    seconds = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for path in paths:
            before = path.read_text(errors="replace")
            started = time.monotonic()
            after, code = fixed(tool, program, before, Path(scratch) / "x")
            seconds += time.monotonic() - started
            crashed += code < 0 or code in (70, 101, 124, 139)
            if after == before:
                continue
            changed += 1
            old, new = kinds(before), kinds(after)
            if new is None or old is None:
                broken += 1
                continue
            swallowed += any(old[kind] > new[kind] for kind in old if kind not in JOINED)
            again, _ = fixed(tool, program, after, Path(scratch) / "x")
            unsteady += again != after
    return f"| {tool.name} | {changed} | {broken} | {swallowed} | {unsteady} | {crashed} | {seconds:.0f} |"


def main() -> int:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bin", action="append", default=[], help="folder with programs of peers; repeatable")
    args = parser.parse_args()
    paths = [path for path in sorted(args.folder.iterdir()) if kinds(path.read_text(errors="replace")) is not None]
    search = os.pathsep.join([*args.bin, os.environ.get("PATH", "")])
    print(f"{len(paths)} files\n")
    print("| tool | changed | no longer parse | instructions lost | not idempotent | crashed | s |")
    print("|---" * 7 + "|")
    for tool in TOOLS:
        program = shutil.which(tool.program, path=search)
        print(row(tool, program, paths) if program else f"| {tool.name} | not installed | | | | | |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
