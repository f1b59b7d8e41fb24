"""Weights copied together with code."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit, remove_words
from jettison.dockerfile.project.flags import flag_file
from jettison.dockerfile.record import Word
from jettison.rules.dockerfile.around import context
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import Copying, copyings
from jettison.rules.dockerfile.ignoring import in_megabytes, takers
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_LEAST = 20_000_000
"""Bytes of weights that are worth a layer of their own."""


def _check(case: Case) -> Iterator[Find]:
    project = context(case)
    sizes = dict(_sizes(case)) if project else {}
    for copying in copyings(case):
        if copying.origin is not None or copying.site.stage not in case.built:
            continue
        weights = [source for source in copying.sources if _is_weights(source)]
        others = [source for source in copying.sources if not _is_weights(source)]
        if weights and others and sizes.get(id(copying), _LEAST) >= _LEAST:
            yield _find(case, copying, weights)
        elif not weights and sizes.get(id(copying), 0) >= _LEAST:
            yield Find(
                f"line {copying.site.instruction.line} copies {in_megabytes(sizes[id(copying)])} of weights together "
                "with code: each change of the code stores and pushes them again; copy them by a COPY --link of their "
                "own before the code, and keep them out of this one",
                copying.site.instruction.span,
            )


def _is_weights(source: str) -> bool:
    return flag_file(source) == "weights"


def _sizes(case: Case) -> Iterator[tuple[int, int]]:
    """Give each COPY's bytes of weights, where code is copied with them."""
    project = context(case)
    assert project is not None  # noqa: S101 -- asked above
    for copying, taken in takers(case, project):
        weights = [name for name in taken.files if _is_weights(name)]
        code = any(name.endswith((".py", ".sh", ".js", ".yaml", ".yml", ".toml")) for name in taken.files)
        if code:
            yield id(copying), sum(project.context.entries[name].size for name in weights)


def _find(case: Case, copying: Copying, weights: list[str]) -> Find:
    return Find(
        f"{', '.join(weights)} in one layer with code: each change of the code stores and pushes all of it again",
        copying.site.instruction.span,
        _fix(case, copying, weights),
        confidence=None if context(case) else "medium",
    )


def _fix(case: Case, copying: Copying, weights: list[str]) -> Fix | None:
    """Return the fix: a COPY of the weights in front, and the same COPY without them."""
    instruction = copying.site.instruction
    words = instruction.words[:-1]
    target = instruction.words[-1]
    heavy = [word for word, source in zip(words, copying.sources, strict=True) if source in weights]
    lines = case.recipe.lines[instruction.line - 1 : instruction.last_line]
    flags = {flag.name for flag in instruction.flags}
    names = [source.rpartition("/")[2] for source in copying.sources]
    plain = not instruction.json and not instruction.heredocs and all(line.kind == "instruction" for line in lines)
    if not plain or flags - {"chown", "chmod", "link"} or len(set(names)) < len(names) or instruction.name != "COPY":
        return None
    if "$" in "".join(word.text for word in words) or any("*" in word.text for word in words):
        return None
    if not target.text.endswith("/") and len(words) - len(heavy) == 1 and target.text != ".":
        return None
    return _split(case, copying, heavy, target)


def _split(case: Case, copying: Copying, heavy: list[Word], target: Word) -> Fix | None:
    instruction = copying.site.instruction
    edits = remove_words(case.recipe, heavy)
    if edits is None:
        return None
    flags = "".join(f"{case.recipe.text[slice(*flag.word.span)]} " for flag in instruction.flags)
    place = target.text if target.text.endswith("/") or target.text == "." else f"{target.text}/"
    line = f"{instruction.keyword} {flags}{' '.join(word.text for word in heavy)} {place}{case.recipe.newline}"
    start = instruction.span[0]
    return Fix("safe", (Edit(start, start, line), *edits), "copy the weights in a layer of their own")


WEIGHTS_WITH_CODE = Rule(
    name="weights-with-code",
    title="Weights are copied together with code",
    severity="medium",
    confidence="high",
    why="A layer is stored and pushed as a whole. Weights beside code in one COPY are pushed again, and "
    "pulled again by "
    "every node, for each changed line. In a COPY of their own before the code they stay; with `--link` (and numeric "
    "ids in `--chown`) they stay even when the base changes. The fix splits a COPY that names both; a folder with both "
    "needs an exclusion as well, and is left to a person. Files are known by their endings (`.pt`, `.safetensors`, "
    "`.onnx` …); with a build context, 20 MB are the least.",
    sources=("Dockerfile reference, COPY --link",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.12-slim\nCOPY app.py model.safetensors /app/\n",
            "FROM python:3.12-slim\nCOPY model.safetensors /app/\nCOPY app.py /app/\n",
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY --chown=1000:1000 \\\n    a.onnx \\\n"
            "    app.py conf.yaml \\\n    .\n",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY --chown=1000:1000 a.onnx .\nCOPY --chown=1000:1000 \\\n"
            "    app.py conf.yaml \\\n    .\n",
        ),
        Example("FROM python:3.12-slim\nCOPY src/a.pt other/a.pt app.py /app/\n"),
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"app.py": "", "m.pt": "x" * 20_000_001}),
    ),
    good=(
        Example("FROM python:3.12-slim\nCOPY --link model.safetensors /app/\nCOPY app.py /app/\n"),
        Example("FROM python:3.12-slim\nCOPY a.pt b.pt /app/\n"),
        Example("FROM python:3.12-slim\nCOPY app.py conf.yaml /app/\n"),
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"app.py": "", "m.pt": "x"}),
        Example("FROM python:3.12-slim\nCOPY --from=build app.py model.pt /app/\n"),
    ),
)
