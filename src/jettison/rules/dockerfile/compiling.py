"""What a recipe compiles, and what uses the base's CUDA: the signs that are seen, each in words."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.gpu import COMPILES_CUDA, RUNS_COMPILER, links_cuda
from jettison.rules.dockerfile.python_installs import PythonInstall

_COMPILERS = ("nvcc", "make", "cmake", "gcc", "cargo")
_CUDA_PACKAGES = re.compile(
    r"(?:cuda|libcudnn|libnccl|libcublas|libcufft|libcusparse|libnvinfer|libnvonnxparsers|libnvvpi|tensorrt|"
    r"nvidia-cuda-toolkit|libnpp|python3-libnvinfer)(?:[\w.+-]*)"
)
_CUDA_VARIABLES = re.compile(
    r"(?:TORCH_CUDA_ARCH_LIST|FORCE_CUDA|CMAKE_CUDA_\w+|CUDAARCHS|TCNN_CUDA_ARCHITECTURES|NVCC_\w+|"
    r"CUDACXX|CUDA_ARCH\w*|TORCH_NVCC_FLAGS|DS_BUILD_\w+|FLASH_ATTN\w*)"
)
_FLAGS = re.compile(
    r"(?:LLAMA_CUBLAS|GGML_CUDA|LLAMA_CUDA|WITH_CUDA|USE_CUDA|CUDA)\s*=\s*(?:on|1|true|yes)", re.IGNORECASE
)
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


def in_words(found: tuple[Sign, ...], most: int = 3) -> str:
    """Return signs as part of a sentence."""
    texts = [sign.text for sign in found[:most]]
    more = len(found) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
