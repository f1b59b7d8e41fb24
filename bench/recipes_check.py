"""Fixes and rewrites over a folder of Dockerfiles that others wrote, checked by what did not make them.

    python bench/recipes_check.py FOLDER [--hadolint PROGRAM] [--jobs 2] [-v]

BuildKit's own parser (PyPI: dockerfile) reads each file before and after. Checked are: it parses; no instruction is
lost (each old one is there still, or is named in the changes); a second run changes nothing; nothing raised; and with
hadolint, that no rule of its finds more afterwards. Nothing is built.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dockerfile as oracle

from jettison.api.rewrite import rewrite
from jettison.dockerfile.parse import parse_text, read_recipe
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.text import encode
from jettison.errors import JettisonError
from jettison.rebuild.dockerfile.fix import fix_recipe
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.finding import Change
from jettison.rules.dockerfile.lint import lint


@dataclass(slots=True)
class Tally:
    """What came of one way to change files."""

    changed: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    places: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def fault(self, what: str, path: Path, detail: str = "") -> None:
        """Note a fault."""
        self.faults[what] += 1
        self.places.append(f"{what}: {path.name}: {detail[:300]}")


def instructions(text: str) -> list[tuple[str, str, str]] | None:
    """Return what BuildKit sees: keyword, flags and arguments, bodies of here-documents; None when it refuses."""
    try:
        commands = oracle.parse_string(text)
    except (oracle.GoParseError, UnicodeEncodeError):
        return None
    return [
        (
            each.cmd.upper(),
            " ".join((*each.flags, *each.value)),
            "".join(doc.content for doc in each.heredocs),
        )
        for each in commands
    ]


def lost(before: str, after: str, changes: tuple[Change, ...]) -> Iterator[str]:
    """Give the instructions of the old file that are neither in the new one nor named by a change."""
    old, new = instructions(before) or [], Counter(instructions(after) or [])
    starts = {int(each.start_line): index for index, each in enumerate(oracle.parse_string(before))}
    told = {starts.get(change.line) for change in changes if change.what in ("changed", "dropped", "moved")}
    for each, count in Counter(old).items():
        named = sum(index in told for index, other in enumerate(old) if other == each)
        if count - new[each] > named:
            yield f"{each[0]} {each[1]}"[:100]


def check_fix(path: Path, recipe: Recipe, tally: Tally, *, unsafe: bool) -> str:
    """Fix a recipe, and check what came out; return it."""
    started = time.process_time()
    fixed = fix_recipe(recipe, None, unsafe=unsafe)
    tally.seconds += time.process_time() - started
    text = encode(fixed.recipe.text).decode()
    before = encode(recipe.text).decode()
    if text == before:
        return text
    tally.changed += 1
    if instructions(text) is None:
        tally.fault("does not parse", path)
        return text
    for each in lost(before, text, fixed.changes):
        tally.fault("lost", path, each)
    again = fix_recipe(parse_text(text, str(path)), None, unsafe=unsafe)
    if again.recipe.text != fixed.recipe.text:
        tally.fault("not idempotent", path)
    if not _bodies_agree(before, text):
        tally.fault("bash -n refuses a body", path)
    return text


def _bodies_agree(before: str, after: str) -> bool:
    """Whether every shell body parses for bash, if every one did before."""
    return not _refused_bodies(after) or bool(_refused_bodies(before))


def _refused_bodies(text: str) -> int:
    bodies = [each.value[0] for each in oracle.parse_string(text) if each.cmd.upper() == "RUN" and not each.json]
    whole = "\n".join(f"f{number}() {{ {body}\n}}" for number, body in enumerate(bodies) if not body.startswith("<<"))
    return subprocess.run(("bash", "-n"), input=whole.encode(), capture_output=True, check=False).returncode


def check_rewrite(path: Path, tally: Tally) -> None:
    """Rewrite a file as a project of its own, without the files it copies, and check what came out."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_bytes(path.read_bytes())
        started = time.process_time()
        made = rewrite(Path(folder))
        tally.seconds += time.process_time() - started
        text = next(file.text for file in made.files if file.name == "Dockerfile")
    for refusal in made.refusals:
        tally.refused[refusal.reason.partition(": ")[2][:60] or refusal.reason[:60]] += 1
    if not made.whole:
        return
    tally.changed += 1
    before = path.read_bytes().decode()
    if instructions(text) is None:
        tally.fault("does not parse", path)
        return
    for each in lost(before, text, made.changes):
        tally.fault("lost", path, each)


def hadolint_counts(program: str, text: str) -> Counter[str]:
    """Return how often each of hadolint's rules finds something."""
    done = subprocess.run((program, "-f", "json", "-"), input=text, capture_output=True, text=True, check=False)
    return Counter(each["code"] for each in json.loads(done.stdout or "[]"))


def check(path: Path, recipe: Recipe, ways: dict[str, Tally], hadolint: str | None, worse: Counter[str]) -> None:
    """Try every way to change a file; whatever is raised is a fault to be counted."""
    before = path.read_bytes().decode()
    for way, tally in ways.items():
        try:
            if way == "rewrite":
                check_rewrite(path, tally)
                continue
            text = check_fix(path, recipe, tally, unsafe=way == "unsafe")
            if hadolint and way == "safe" and text != before:
                more = hadolint_counts(hadolint, text) - hadolint_counts(hadolint, before)
                worse.update(more)
                tally.places += [f"hadolint finds more: {path.name}: {dict(more)}"] if more else []
        except Exception as error:  # noqa: BLE001 -- see above
            tally.fault("raised", path, f"{type(error).__name__}: {error}")


def main() -> int:
    """Check a folder, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hadolint", help="the program, to compare what it finds before and after")
    parser.add_argument("-v", action="store_true", help="name every fault")
    args = parser.parse_args()
    ways = {"safe": Tally(), "unsafe": Tally(), "rewrite": Tally()}
    paths, unread, worse, linting = sorted(args.folder.iterdir()), 0, Counter[str](), 0.0
    for path in paths:
        try:
            recipe = read_recipe(path)
        except JettisonError as error:
            unread += 1
            print(f"not read: {path.name}: {error.message[:200]}")
            continue
        started = time.process_time()
        lint(make_case(recipe, None))
        linting += time.process_time() - started
        check(path, recipe, ways, args.hadolint, worse)
    print(f"{len(paths)} files, {unread} not read; lint {linting:.1f} s of CPU, bases and context apart")
    for way, tally in ways.items():
        print(f"{way}: {tally.changed} changed, {tally.seconds:.1f} s, faults: {dict(tally.faults) or 'none'}")
        if args.v:
            print("\n".join(f"  {place}" for place in tally.places))
    print("rewrites refused:")
    for reason, count in ways["rewrite"].refused.most_common(15):
        print(f"  {count:4} {reason}")
    if args.hadolint:
        print(f"hadolint finds more afterwards: {dict(worse) or 'nothing'}")
    return int(any(tally.faults for tally in ways.values()))


if __name__ == "__main__":
    sys.exit(main())
