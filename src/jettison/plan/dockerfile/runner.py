"""``uv run X`` and its like at the start of a container, as ``X``: the virtual environment is in front of PATH already.

A runner would look into the project again at each start, and must itself be in the image.
"""

import json
from collections.abc import Iterator

from jettison.dockerfile.record import Instruction
from jettison.plan.dockerfile.layout import Work
from jettison.plan.dockerfile.rewrite_record import Piece
from jettison.rules.dockerfile.case import Case

RUNNERS = ("uv", "poetry", "pipenv", "pdm")
"""Programs whose ``run`` starts another in the project's environment."""
_PLAIN = frozenset(
    ["--frozen", "--locked", "--no-sync", "--no-dev", "--no-project", "--offline", "--no-cache", "--quiet"]
)
_FILES = frozenset(["uv", "uvx", "poetry", "pipenv", "pdm"])


def without_runner(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return a command without its runner; as it is where it has none; None where the runner cannot be left out."""
    if not words or words[0].rpartition("/")[2] not in RUNNERS:
        return words
    if words[1:2] != ("run",):
        return None
    rest = words[2:]
    while rest and rest[0] in _PLAIN:
        rest = rest[1:]
    if not rest or rest[0].startswith("-"):
        return rest if not rest and len(words) == 2 else None  # noqa: PLR2004 -- ["uv", "run"], to which CMD is added
    return ("python", *rest) if rest[0].endswith(".py") else rest


def start_piece(work: Work, instruction: Instruction) -> tuple[Piece | None, str]:
    """Return CMD or ENTRYPOINT as the runtime stage has it; or None, and why it is left out."""
    at = work.at(instruction)
    words = instruction.args if instruction.json else tuple(instruction.args[0].split()) if instruction.args else ()
    plain = without_runner(words)
    if plain is None or plain == words:
        return Piece(work.text(instruction), at), ""
    if not plain:
        return None, "what follows is found in the virtual environment without it"
    text = json.dumps(list(plain), ensure_ascii=False) if instruction.json else _cut(instruction, words, plain)
    reason = "the virtual environment is in front of PATH: nothing is looked up or installed at the start"
    return Piece(f"{instruction.keyword} {text}\n", at, "changed", reason), ""


def _cut(instruction: Instruction, words: tuple[str, ...], plain: tuple[str, ...]) -> str:
    """Return a shell form without its first words, the rest as it was written."""
    text = instruction.args[0]
    count = len(words) - len(plain) + (plain[0] == "python" and words[len(words) - len(plain)] != "python")
    rest = text.split(None, count)[count] if count else text
    return f"python {rest}" if plain[0] == "python" and not rest.startswith("python") else rest


def left_at_start(case: Case) -> Iterator[Instruction]:
    """Give the CMDs and ENTRYPOINTs that need their runner in the image."""
    for site in case.named("CMD", "ENTRYPOINT"):
        args = site.instruction.args
        words = args if site.instruction.json else tuple(args[0].split()) if args else ()
        if without_runner(words) is None:
            yield site.instruction


def brings_installers(instruction: Instruction) -> bool:
    """Whether a COPY brings nothing but installers, from an image of theirs."""
    sources = instruction.args[:-1]
    names = {source.rstrip("/").rpartition("/")[2] for source in sources}
    return instruction.flag("from") is not None and bool(names) and names <= _FILES
