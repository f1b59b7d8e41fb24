"""Code read for what it does, as far as its syntax tells; it is parsed, never run or imported.

Each fact has its line and what guards it, so that a rule can tell an import that must work from one that may fail.
"""

import ast
import json
import warnings
from collections.abc import Iterable

from jettison.dockerfile.project.facts import Code, CodeFile, Command
from jettison.dockerfile.project.text import Place, read_text
from jettison.dockerfile.project.visit import visit
from jettison.finding import Skip

MAX_CODE = 2_000_000
MAX_FILES = 3_000
MAX_BYTES = 6_000_000  # about a megabyte a second


def is_code(path: str) -> bool:
    """Whether a file is one that is looked into: Python, or a notebook."""
    return path.endswith((".py", ".pyw", ".ipynb"))


def read_code(root: str, paths: Iterable[str]) -> Code:
    """Return what some files do: at most 3,000 files and 6 MB, the rest is one skip.

    Args:
        root: folder of the build context.
        paths: files relative to it; those that are no code are passed over.
    """
    files, skips, size, left_out = list[CodeFile](), list[Skip](), 0, 0
    for path in paths:
        if not is_code(path):
            continue
        if len(files) + len(skips) >= MAX_FILES or size > MAX_BYTES:
            left_out += 1
            continue
        text = read_text(root, path, MAX_CODE)
        found = text if isinstance(text, Skip) else read_code_text(text.text, path)
        size += 0 if isinstance(text, Skip) else len(text.text)
        if isinstance(found, Skip):
            skips.append(found)
        else:
            files.append(found)
    if left_out:
        skips.append(Skip(root, f"{left_out} more files of code were not looked into"))
    return Code(tuple(files), tuple(skips))


def read_code_text(text: str, path: str) -> CodeFile | Skip:
    """Return what a file does, from its text, or why it cannot be told. Lines of a notebook are counted over its cells.

    Args:
        text: Python, or a notebook's JSON when the path says so.
        path: relative to the context.
    """
    shell = list[Command]()
    if path.endswith(".ipynb"):
        try:
            text, shell = _notebook(text, path)
        except (ValueError, RecursionError):
            return Skip(path, "no notebook: malformed JSON")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes and comparisons in code that is not ours
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            return Skip(f"{path}:{error.lineno or 1}", f"no Python of this version: {error.msg}")
        except (RecursionError, MemoryError, ValueError):
            return Skip(path, "no Python that can be parsed: nested too deeply, or malformed")
    return visit(tree, path, shell)


def _notebook(text: str, path: str) -> tuple[str, list[Command]]:
    """Return the code of a notebook's cells, magics as comments, and the commands of its ``!`` lines."""
    whole, lines, commands = json.loads(text), list[str](), list[Command]()
    cells = whole.get("cells") if isinstance(whole, dict) else None
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source")
        body = source if isinstance(source, str) else "".join(s for s in source or [] if isinstance(s, str))
        if body.lstrip().startswith("%%"):
            continue  # a cell in another language
        for line in body.split("\n"):
            plain = line.lstrip()
            magic = plain.startswith(("%", "!", "?")) or plain.rstrip().endswith("?")
            if plain.startswith(("!", "%pip")):
                commands.append(Command(tuple(plain[1:].split()[:20]), Place(path, len(lines) + 1)))
            lines.append(f"{line[: len(line) - len(plain)]}pass" if magic else line)
    return "\n".join(lines), commands
