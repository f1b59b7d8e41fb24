"""Packages that compile as they run, in an image without a compiler."""

import re
from collections.abc import Iterator

from jettison.dockerfile.project.needs import jit_needs
from jettison.regex import regex
from jettison.rules.dockerfile.around import code
from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.cuda_twice import root_of
from jettison.rules.dockerfile.gpu import RUNS_COMPILER
from jettison.rules.dockerfile.packages import packages
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.shipping import shipped_installs

_C = regex(r"build-essential|gcc(?:-\d+)?|g\+\+(?:-\d+)?|clang(?:-\d+)?|build-base|gcc-c\+\+|tcc|libc6?-dev|musl-dev")
_NVCC = regex(r"nvidia-cuda-toolkit|cuda(?:-\d+-\d+)?|cuda-(?:nvcc|toolkit|compiler|minimal-build)[\w.-]*")


_TOOL = {"c-compiler": "gcc", "c++-compiler": "gcc", "cuda-compiler": "nvcc"}


def _check(case: Case) -> Iterator[Find]:
    root = root_of(case)
    base = base_of(root.image) if root else None
    if base is None or not base.family:
        return
    if root is None:
        return
    installs = shipped_installs(case)
    names = {package.name for package in packages(case) if package.site.stage in case.shipped}
    names |= {asked.name for each in installs for asked in each.asked if each.tool == "conda"}
    for install in installs:
        for asked in install.asked:
            tool, why = RUNS_COMPILER.get(asked.name, ("", ""))
            if tool and _missing(base, names, tool):
                yield Find(
                    f"{asked.text}{asked.where} {why}, and the image has no {tool}: it fails in the container, not in "
                    f"the build; {'take a -devel base' if tool == 'nvcc' else 'install gcc and libc6-dev'} if it "
                    f"is used so",
                    (asked.word or install.call.command).span,
                )
    yield from _by_code(case, base, names, root.start.words[0].span)


def _by_code(case: Case, base: Base, names: set[str], span: tuple[int, int]) -> Iterator[Find]:
    """Find what the context's own code compiles as it runs."""
    for need in jit_needs(code(case)):
        tools = {_TOOL[each] for each in need.needs if each in _TOOL}
        lacks = sorted(tool for tool in tools if _missing(base, names, tool))
        sure = [each for each in need.evidence if each.guard not in ("try", "type-checking")]
        if lacks and sure:
            yield Find(
                f"{need.name} in {sure[0].place}: {need.note}; the image has no {' and no '.join(lacks)}",
                span,
                confidence="low" if sure[0].guard else None,
            )


def _missing(base: Base, names: set[str], tool: str) -> bool:
    if tool == "nvcc":
        return base.cuda != "devel" and not any(_NVCC.fullmatch(name) for name in names)
    conda = any(re.match(r"(?:gcc|gxx|clang|c-compiler|cxx-compiler)", name) for name in names)
    return base.compiler is False and not conda and not any(_C.fullmatch(name) for name in names)


JIT_WITHOUT_COMPILER = Rule(
    name="jit-without-compiler",
    title="What compiles as it runs has no compiler",
    severity="medium",
    confidence="medium",
    why="Triton calls a C compiler for each kernel's launcher, so do `torch.compile` and what is built on them (vllm, "
    "sglang, unsloth); deepspeed, pycuda and flashinfer call nvcc. On a slim or `-runtime` base the import works and "
    "the first request fails. The other way round: a compiler that these need is no waste. Bases whose content is not "
    "known are left alone.",
    sources=("Triton's build step, runtime/build.py", "DeepSpeed's documentation, just-in-time operations"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nRUN pip install vllm==0.6.0\n"),
        Example("FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN pip install deepspeed\n"),
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN pip install torch liger-kernel\n"),
        Example(
            "FROM python:3.12-slim\nCOPY app.py /app/\nRUN pip install torch\n",
            None,
            {"app.py": "import torch\nmodel = torch.compile(torch.load('m.pt'))\n"},
        ),
    ),
    good=(
        Example("FROM python:3.12\nRUN pip install vllm==0.6.0\n"),
        Example(
            "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y gcc libc6-dev\n"
            "RUN pip install vllm==0.6.0\n"
        ),
        Example("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install deepspeed vllm\n"),
        Example("FROM python:3.12-slim\nRUN pip install torch\n"),
        Example(
            "FROM python:3.12-slim\nCOPY app.py /app/\nRUN apt-get install -y g++ && pip install torch\n",
            None,
            {"app.py": "import torch\nmodel = torch.compile(torch.load('m.pt'))\n"},
        ),
        Example("FROM example/base:1\nRUN pip install vllm\n"),
    ),
)
