"""What a recipe compiles, and what uses the base's CUDA: the signs that are seen, each in words."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from jettison.dockerfile.project.needs import jit_needs
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.around import code
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.gpu import COMPILES_CUDA, RUNS_COMPILER, links_cuda
from jettison.rules.dockerfile.python_installs import PythonInstall
from jettison.rules.dockerfile.tables import words

_COMPILERS = ("nvcc", "make", "cmake", "gcc", "cargo")
_CUDA_PACKAGES = regex(
    r"(?:cuda|libcudnn|libnccl|libcublas|libcufft|libcusparse|libnvinfer|libnvonnxparsers|libnvvpi|tensorrt|"
    r"nvidia-cuda-toolkit|libnpp|python3-libnvinfer)(?:[\w.+-]*)"
)
_CUDA_VARIABLES = regex(
    r"(?:TORCH_CUDA_ARCH_LIST|FORCE_CUDA|CMAKE_CUDA_\w+|CUDAARCHS|TCNN_CUDA_ARCHITECTURES|NVCC_\w+|"
    r"CUDACXX|CUDA_ARCH\w*|TORCH_NVCC_FLAGS|DS_BUILD_\w+|FLASH_ATTN\w*)"
)
_FLAGS = regex(r"(?:LLAMA_CUBLAS|GGML_CUDA|LLAMA_CUDA|WITH_CUDA|USE_CUDA|CUDA)\s*=\s*(?:on|1|true|yes)", re.IGNORECASE)
_IMPORTS = words("cupy pycuda tensorrt ctranslate2 faster_whisper cudf cuml")
"""Modules that load, or may load, the base's CUDA."""
Kind = Literal["compiles", "perhaps", "links", "runs"]


@dataclass(frozen=True, slots=True)
class Sign:
    """Something seen.

    Attributes:
        kind: ``compiles`` CUDA code as the image is built; ``perhaps``: something that may; ``links`` with the base's
            CUDA; ``runs`` a compiler in the container.
        text: what, for a message.
        with_nvcc: whether CUDA's own compiler may be needed.
    """

    kind: Kind
    text: str
    with_nvcc: bool


def signs(case: Case, installs: tuple[PythonInstall, ...], stages: Collection[int]) -> tuple[Sign, ...]:
    """Return what compiles, or uses the base's CUDA, in these stages, each text once."""
    found: dict[str, Sign] = {}
    for site in case.sites:
        if site.stage in stages:
            for sign in (*_of_site(site), *_of_environment(site)):
                found.setdefault(sign.text, sign)
    for install in installs:
        if install.site.stage in stages:
            for sign in _of_install(install):
                found.setdefault(sign.text, sign)
    for sign in _of_code(case):
        found.setdefault(sign.text, sign)
    return tuple(found.values())


def _of_site(site: Site) -> Iterator[Sign]:
    if site.instruction.name != "RUN":
        return
    if site.script and site.script.opaque and not site.calls:
        yield Sign("perhaps", f"a body that is not understood (line {site.instruction.line})", with_nvcc=True)
    for call in site.calls:
        if call.tool in _COMPILERS:
            kind: Kind = "compiles" if call.tool == "nvcc" else "perhaps"
            yield Sign(kind, f"{call.head[0].text} in line {site.instruction.line}", with_nvcc=call.tool != "cargo")
        elif call.tool == "setup.py":
            yield Sign("perhaps", f"setup.py {call.action}".strip(), with_nvcc=True)
        elif call.tool in ("apt", "dnf") and call.action == "install":
            yield from (Sign("links", name, with_nvcc=False) for name in _cuda_packages(call))


def _cuda_packages(call: Call) -> Iterator[str]:
    for word in call.operands:
        if _CUDA_PACKAGES.fullmatch((word.value or word.text).partition("=")[0]):
            yield f"the package {(word.value or word.text).partition('=')[0]}"


def _of_environment(site: Site) -> Iterator[Sign]:
    if site.instruction.name in ("ENV", "ARG"):
        for name, value, _ in site.instruction.pairs():
            if _CUDA_VARIABLES.fullmatch(name) or (name.endswith("CMAKE_ARGS") and _FLAGS.search(value)):
                yield Sign("compiles", f"the variable {name}", with_nvcc=True)
    elif site.instruction.name == "RUN" and site.script:
        for command in site.script.commands:
            for assignment in command.assignments:
                flags = _FLAGS.search(assignment.value or "")
                if _CUDA_VARIABLES.fullmatch(assignment.name) or flags:
                    yield Sign("compiles", f"the variable {assignment.name}", with_nvcc=True)


def _of_install(install: PythonInstall) -> Iterator[Sign]:
    for asked in install.asked:
        if asked.name in RUNS_COMPILER:
            tool, why = RUNS_COMPILER[asked.name]
            yield Sign("runs", f"{asked.name}, which {why}", with_nvcc=tool == "nvcc")
        if asked.name in COMPILES_CUDA:
            yield Sign("compiles", asked.name, with_nvcc=True)
        elif text := links_cuda(asked):
            yield Sign("links", f"{asked.name}, which {text}", with_nvcc=False)
        elif asked.text.startswith(("git+", "git@")):
            yield Sign("perhaps", f"{asked.name or 'a package'} from its repository", with_nvcc=True)
    for path in install.local:
        if not path.endswith(".whl"):
            yield Sign("perhaps", f"the project at {path}", with_nvcc=True)


def _of_code(case: Case) -> Iterator[Sign]:
    """Give what the context's own code compiles as it runs, or takes from the base's CUDA."""
    for need in jit_needs(code(case)):
        # What an extension is made of is not known: its sources may be CUDA's.
        with_nvcc = "cuda-compiler" in need.needs or need.name.startswith("torch.utils.cpp_extension")
        if with_nvcc or "c-compiler" in need.needs or "c++-compiler" in need.needs:
            yield Sign("runs", f"{need.name} in {need.evidence[0].place}", with_nvcc=with_nvcc)
    for file in code(case).files:
        for each in file.imports:
            name = each.module.partition(".")[0]
            if name in _IMPORTS and each.guard != "type-checking":
                yield Sign("links", f"{name}, imported in {each.place}", with_nvcc=False)


def code_is_known(case: Case) -> bool:
    """Whether there is a build context with code, all of which could be read."""
    read = code(case)
    return bool(read.files) and not read.skips


def in_words(found: tuple[Sign, ...], most: int = 3) -> str:
    """Return signs as part of a sentence."""
    texts = [sign.text for sign in found[:most]]
    more = len(found) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
