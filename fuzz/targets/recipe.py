"""Dockerfiles: read without loss or refused; fixes and splits that parse, and that a second run does not change."""

import zlib

from jettison.dockerfile.parse import parse_recipe
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.text import encode
from jettison.errors import JettisonError
from jettison.plan.dockerfile.facts import facts_of
from jettison.plan.dockerfile.rewrite_record import Split
from jettison.plan.dockerfile.split import split_recipe
from jettison.rebuild.dockerfile.account import NotAccountedError
from jettison.rebuild.dockerfile.fix import fix_recipe
from jettison.rebuild.dockerfile.stages import write_split
from jettison.rules.dockerfile.case import make_case

CORPUS = (
    b"FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n",
    b"# syntax=d/e:1\r\nARG V=22.04\r\nFROM ubuntu:${V} AS b\r\nRUN apt update && \\\r\n apt install a\r\n",
    b"# escape=`\nFROM a\nRUN <<EOF\napt-get update\napt install gcc\nEOF\nONBUILD COPY a b\n",
    b'FROM a\nENV A=1 B="x y"\nENV C d\nHEALTHCHECK --interval=5s CMD curl -f http://h/ || exit 1\nENTRYPOINT ["a"]\n',
    b"FROM a AS x\nRUN --mount=type=cache,target=/root/.cache/pip pip install torch\nFROM x\nCOPY --from=x /v /v\n",
    b"\xef\xbb\xbfFROM a\nRUN if [ -f x ]; then chmod 777 /; fi # c\\\nUSER $U\n# jettison ignore=x\nADD http://h /\n",
)
_EVERY = 24  # of the inputs that parse one is fixed: that takes a hundred times as long as reading
_LONGEST = 4_000


def run(data: bytes) -> None:
    """Read the input; of some that parse, make the fixes and the split."""
    try:
        recipe = parse_recipe(data)
    except JettisonError:
        return
    if encode(recipe.text) != data:
        raise AssertionError("what was read is not what was written")
    if len(data) <= _LONGEST and zlib.crc32(data) % _EVERY == 0:
        _change(recipe)


def _change(recipe: Recipe) -> None:
    for unsafe in (False, True):
        fixed = fix_recipe(recipe, None, unsafe=unsafe)
        again = fix_recipe(parse_recipe(encode(fixed.recipe.text)), None, unsafe=unsafe)
        if again.recipe.text != fixed.recipe.text:
            raise AssertionError("a second run changes something")
    case = make_case(recipe, None)
    split = split_recipe(case, facts_of(case))
    if isinstance(split, Split):
        try:
            text, _ = write_split(recipe, split)
        except NotAccountedError:
            return  # told to the user, and nothing written
        parse_recipe(encode(text))
