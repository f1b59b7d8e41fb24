"""CUDA code compiled for many kinds of GPU."""

import re
from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Rule

_NAMES = regex(
    r"(?:TORCH_|CMAKE_|TCNN_|FLASH_ATTN_|NVTE_|VLLM_)?CUDA_?ARCH(?:S|_LIST|ITECTURES?|_BIN)?|CUDA_ARCH_(?:LIST|BIN)",
    re.IGNORECASE,
)
_DEFINITION = regex(r"-D\s*(?P<name>\w+)(?::\w+)?=(?P<value>.*)", re.DOTALL)
_ARCHITECTURE = regex(r"(?:sm_|compute_)?(\d{1,2}\.\d|\d{2,3})[af]?(?:-real|-virtual|\+PTX)?", re.IGNORECASE)
_EVERYTHING = frozenset({"all", "all-major", "common"})
_SOME = 4
_MANY = 6


def _check(case: Case) -> Iterator[Find]:
    for site in case.sites:
        if site.stage not in case.built:
            continue
        for name, value, span in (*_variables(site), *_in_shell(site)):
            if (find := _judged(name, value, span)) is not None:
                yield find
        yield from _generated(site)


def _variables(site: Site) -> Iterator[tuple[str, str, tuple[int, int]]]:
    if site.instruction.name in ("ENV", "ARG"):
        for name, value, word in site.instruction.pairs():
            if _NAMES.fullmatch(name):
                yield name, value, word.span


def _in_shell(site: Site) -> Iterator[tuple[str, str, tuple[int, int]]]:
    if site.instruction.name != "RUN" or site.script is None:
        return
    for command in site.script.commands:
        for assignment in command.assignments:
            if assignment.value and _NAMES.fullmatch(assignment.name):
                yield assignment.name, assignment.value, assignment.span
        for word in command.words:
            match = _DEFINITION.match(word.value or "")
            if match and _NAMES.fullmatch(match["name"]):
                yield match["name"], match["value"], word.span


def _judged(name: str, value: str, span: tuple[int, int]) -> Find | None:
    words = [word for word in re.split(r"[;,\s]+", value.strip("\"' ")) if word]
    if any(word.lower() in _EVERYTHING for word in words):
        return Find(
            f"{name}={value} compiles for every GPU that the compiler knows; name those that are deployed", span
        )
    found = {match[1] for word in words if (match := _ARCHITECTURE.fullmatch(word))}
    if len(found) < _SOME:
        return None
    return Find(
        f"{name} compiles for {len(found)} GPU architectures ({', '.join(sorted(found, key=_number))}); each adds its "
        "copy of every kernel, and its time to the build: name those that are deployed",
        span,
        severity="medium" if len(found) >= _MANY else None,
    )


def _number(text: str) -> float:
    return float(text) if "." in text else float(text) / 10


def _generated(site: Site) -> Iterator[Find]:
    """Find many ``-gencode`` of one nvcc."""
    for call in site.calls:
        if call.tool != "nvcc" or site.instruction.name != "RUN":
            continue
        codes = {code for word in call.command.words for code in re.findall(r"code=\[?(sm_\d+)", word.text)}
        if len(codes) >= _SOME:
            yield Find(
                f"nvcc compiles for {len(codes)} GPU architectures ({', '.join(sorted(codes))})", call.command.span
            )


TOO_MANY_CUDA_ARCHITECTURES = Rule(
    name="too-many-cuda-architectures",
    title="CUDA code is compiled for many GPU architectures",
    severity="low",
    confidence="high",
    why="Each architecture in `TORCH_CUDA_ARCH_LIST`, `CMAKE_CUDA_ARCHITECTURES` or `-gencode` is a whole copy of the "
    "machine code, and a whole compilation. A service runs on one or two kinds of GPU. One `+PTX` at the end covers "
    "newer ones, compiled at first start. Up to three are taken as meant. Which are deployed is not in the file, so "
    "there is no fix by machine.",
    sources=("CUDA C++ compiler driver, GPU code generation", "torch.utils.cpp_extension"),
    check=_check,
    fixes="none",
    bad=(
        Example('FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nENV TORCH_CUDA_ARCH_LIST="7.0 7.5 8.0 8.6 8.9 9.0+PTX"\n'),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN cmake -DCMAKE_CUDA_ARCHITECTURES='70;75;80;86' ..\n"),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN TORCH_CUDA_ARCH_LIST=All pip install ./kernels\n"),
        Example(
            "FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN nvcc -gencode arch=compute_70,code=sm_70 "
            "-gencode arch=compute_75,code=sm_75 -gencode arch=compute_80,code=sm_80 "
            "-gencode arch=compute_90,code=sm_90 a.cu\n"
        ),
    ),
    good=(
        Example('FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nENV TORCH_CUDA_ARCH_LIST="8.0 8.6 9.0+PTX"\n'),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nARG TORCH_CUDA_ARCH_LIST\n"),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN cmake -DCMAKE_CUDA_ARCHITECTURES=native ..\n"),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nENV CUDA_VISIBLE_DEVICES=0,1,2,3,4,5\n"),
    ),
)
