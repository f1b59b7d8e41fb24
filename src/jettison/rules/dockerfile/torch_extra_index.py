"""torch from an extra index."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.tools.record import Option
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.gpu import TORCH, index_kind
from jettison.rules.dockerfile.python_installs import PythonInstall, known_text, python_installs
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.tables import words

_FAMILY = TORCH | words(
    "triton pytorch-triton numpy pillow filelock typing-extensions sympy networkx jinja2 fsspec mpmath markupsafe"
)
"""What PyTorch's indexes serve: torch's own, and what it depends on."""


def _check(case: Case) -> Iterator[Find]:
    for install in python_installs(case):
        option = _extra(install)
        if install.tool != "pip" or option is None or install.site.stage not in case.built:
            continue
        wheels = [asked for asked in install.asked if asked.name in TORCH]
        if not wheels and not install.files:
            continue
        pinned = bool(wheels) and all(asked.local for asked in wheels)
        yield Find(
            "pip asks both indexes and takes the highest version of each name: whoever puts a package of the same name "
            "on the other one wins, and torch itself may come from there; --index-url for torch alone does not",
            option.word.span,
            _fix(install, option),
            severity="info" if pinned else None,
        )


def _extra(install: PythonInstall) -> Option | None:
    for option in install.call.options:
        known = known_text(option.value, install.site.state) if option.value else ""
        if option.name == "--extra-index-url" and index_kind(known):
            return option
    return None


def _fix(install: PythonInstall, option: Option) -> Fix | None:
    call = install.call
    others = call.has("-i", "--index-url", "-f", "--find-links", "--no-index") or len(install.extra) > 1
    alone = install.complete and all(asked.name in _FAMILY for asked in install.asked)
    if others or not alone or install.index or not install.site.editable or not call.command.plain:
        return None
    if not option.word.whole or not option.word.text.startswith("--extra-index-url"):
        return None
    start = option.word.span[0]
    edit = Edit(start, start + len("--extra-index-url"), "--index-url")
    return Fix("unsafe", (edit,), "ask PyTorch's index only")


TORCH_EXTRA_INDEX = Rule(
    name="torch-extra-index",
    title="torch comes from an extra index",
    severity="low",
    confidence="high",
    why="pip treats `--extra-index-url` as equal to the default index and takes the highest version, from whichever "
    "(dependency confusion). It also asks two indexes for every package of the call. `--index-url` in a command of its "
    "own for torch, torchvision and torchaudio leaves no choice; PyTorch's indexes serve what they depend on. The fix "
    "is made where nothing else is installed by the same call. With the local version pinned (`==2.3.1+cu121`) the "
    "finding is a note. uv stops at the first index that knows a name, so it is left alone.",
    sources=("pip's documentation of --extra-index-url", "the torchtriton incident of December 2022"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.12-slim\nRUN pip install torch torchvision --extra-index-url https://d.example/whl/cpu\n",
            "FROM python:3.12-slim\nRUN pip install torch torchvision --index-url https://d.example/whl/cpu\n",
        ),
        Example(
            "FROM python:3.12-slim\nRUN pip install \\\n  --extra-index-url=https://d.example/whl/cu121 \\\n  torch\n",
            "FROM python:3.12-slim\nRUN pip install \\\n  --index-url=https://d.example/whl/cu121 \\\n  torch\n",
        ),
        Example("FROM python:3.12-slim\nRUN pip install torch fastapi --extra-index-url https://d.example/whl/cpu\n"),
        Example("FROM python:3.12-slim\nRUN pip install -r r.txt --extra-index-url https://d.example/whl/cpu\n"),
        Example("FROM python:3.12-slim\nRUN pip install torch --extra-index-url https://d.example/whl/cpu || true\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN pip install torch --index-url https://d.example/whl/cpu\n"),
        Example("FROM python:3.12-slim\nRUN uv pip install torch --extra-index-url https://d.example/whl/cpu\n"),
        Example("FROM python:3.12-slim\nRUN pip install mine --extra-index-url https://packages.example/simple\n"),
    ),
)
