"""python as the first word of CMD where ENTRYPOINT is python already."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.record import Instruction
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.places import base_at
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    final = case.final
    base = base_at(case, final.index) if final else None
    if final is None or base is None or base.family != "distroless" or not base.python:
        return
    instructions = [each for stage in case.scopes.lineage(final.index) for each in stage.instructions]
    if any(each.name == "ENTRYPOINT" for each in instructions):
        return
    starts = [each for each in instructions if each.name == "CMD"]
    if starts and starts[-1].json and starts[-1].words and _is_python(starts[-1].words[0].text):
        yield Find(
            f"this base's ENTRYPOINT is python already: CMD makes it run a file called {starts[-1].words[0].text}",
            starts[-1].span,
            _fix(starts[-1]),
        )


def _is_python(text: str) -> bool:
    return bool(re.fullmatch(r"(?:/usr/(?:local/)?bin/)?python(?:3(?:\.\d+)?)?", text))


def _fix(start: Instruction) -> Fix | None:
    words = start.words
    if len(words) < 2 or not all(word.whole for word in words[:2]):  # noqa: PLR2004 -- python FILE
        return None
    return Fix("unsafe", (Edit(words[0].span[0], words[1].span[0], ""),), "leave the interpreter to ENTRYPOINT")


DISTROLESS_PYTHON_TWICE = Rule(
    name="distroless-python-twice",
    title="CMD names python where ENTRYPOINT is python already",
    severity="high",
    confidence="high",
    why='The Python images of distroless have `ENTRYPOINT ["/usr/bin/python3"]`. CMD is what is given to it: '
    '`CMD ["python", "app.py"]` runs `python3 python app.py`, which ends with `can\'t open file \'python\'`.',
    sources=("distroless, python3: the image's configuration",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            'FROM gcr.io/distroless/python3-debian12\nCMD ["python3", "-m", "app"]\n',
            'FROM gcr.io/distroless/python3-debian12\nCMD ["-m", "app"]\n',
        ),
        Example('FROM gcr.io/distroless/python3-debian12\nCMD ["python"]\n'),
    ),
    good=(
        Example('FROM gcr.io/distroless/python3-debian12\nCMD ["app.py"]\n'),
        Example('FROM gcr.io/distroless/python3-debian12\nENTRYPOINT ["/opt/venv/bin/python"]\nCMD ["app.py"]\n'),
        Example('FROM python:3.11-slim\nCMD ["python", "app.py"]\n'),
    ),
)
