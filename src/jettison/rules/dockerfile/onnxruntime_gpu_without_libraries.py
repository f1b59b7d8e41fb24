"""onnxruntime-gpu without the CUDA libraries that it loads."""

import re
from collections.abc import Iterator

from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.compiling import signs
from jettison.rules.dockerfile.cuda_twice import root_of
from jettison.rules.dockerfile.gpu import bundles_cuda
from jettison.rules.dockerfile.python_installs import Asked, PythonInstall
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.shipping import environments, shipped_installs

_WANTS = (((1, 19), 12, 9), ((1, 7), 11, 8))
"""From this version on, by the default index: CUDA's major version, cuDNN's."""
_TORCH_ONLY = (
    "torch's own libraries are not on the loader's path: call onnxruntime.preload_dlls() first (since 1.21), or "
)


def _check(case: Case) -> Iterator[Find]:
    root = root_of(case)
    base = base_of(root.image) if root else None
    if base is None or base.family not in ("python", "debian", "ubuntu", "conda", "cuda", "distroless", "uv"):
        return
    installs = shipped_installs(case)
    for install in installs:
        for asked in install.asked:
            if (
                asked.name == "onnxruntime-gpu"
                and install.tool in ("pip", "uv")
                and (text := _lacks(case, base, install, asked, installs))
            ):
                yield Find(text, (asked.word or install.call.command).span)


def _lacks(case: Case, base: Base, install: PythonInstall, asked: Asked, installs: tuple[PythonInstall, ...]) -> str:
    """Return what is wrong with the libraries; empty when nothing is, or it is not known."""
    if asked.extras or install.index or install.extra or install.index is None or _elsewhere(case, installs):
        return ""
    cuda, cudnn = _wanted(asked.version)
    start = f"{asked.text}{asked.where} loads CUDA {cuda} and cuDNN {cudnn}"
    if base.cuda in (None, "base"):
        torch = any(bundles_cuda(each, one) and one.name == "torch" for each in installs for one in each.asked)
        return (
            f"{start}, which {base.image} does not have: {_TORCH_ONLY if torch else ''}install its extras [cuda,cudnn]"
        )
    version = re.match(r"(\d+)\.", base.tag)
    if version and int(version[1]) < cuda:
        return f"{start}, and {base.image} has CUDA {version[1]}: it falls back to the CPU without failing"
    if "cudnn" not in base.tag:
        return f"{start}, and {base.image} has no cuDNN (take the tag with cudnn)"
    old = re.search(r"cudnn(\d+)", base.tag)
    if asked.version and old and int(old[1]) != cudnn:
        return f"{start}, and {base.image} has cuDNN {old[1]}: it falls back to the CPU without failing"
    return ""


def _wanted(version: tuple[int, ...]) -> tuple[int, int]:
    """Return the major versions of CUDA and cuDNN that a version loads; without one, the newest's."""
    return next(((cuda, cudnn) for since, cuda, cudnn in _WANTS if not version or version >= since), (10, 7))


def _elsewhere(case: Case, installs: tuple[PythonInstall, ...]) -> bool:
    """Whether the libraries may come another way: CUDA packages, ``nvidia-*`` wheels, a library path, requirements."""
    seen = signs(case, (), environments(case))
    if any(sign.kind == "links" for sign in seen):
        return True
    if any(
        one.name.startswith("nvidia-") or (each.tool == "conda" and bundles_cuda(each, one))
        for each in installs
        for one in each.asked
    ):
        return True
    names = {
        name for site in case.named("ENV") for name, _, _ in site.instruction.pairs() if site.stage in case.shipped
    }
    return "LD_LIBRARY_PATH" in names


ONNXRUNTIME_GPU_WITHOUT_LIBRARIES = Rule(
    name="onnxruntime-gpu-without-libraries",
    title="onnxruntime-gpu does not find its CUDA libraries",
    severity="high",
    confidence="medium",
    why="onnxruntime-gpu brings no CUDA and no cuDNN. From the default index, 1.19 and later load CUDA 12 and cuDNN 9, "
    "earlier ones CUDA 11.8 and cuDNN 8. Where they are missing it warns, and computes on the CPU. Libraries that came "
    "with torch are found by torch's own run path only. Either take a base with cuDNN, or the extras `[cuda,cudnn]`. "
    "Nothing is said where the libraries may come another way: `nvidia-*` wheels, packages, conda, `LD_LIBRARY_PATH`.",
    sources=("ONNX Runtime's documentation, CUDA execution provider, requirements",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nRUN pip install onnxruntime-gpu==1.19.2\n"),
        Example("FROM python:3.12-slim\nRUN pip install torch onnxruntime-gpu\n"),
        Example("FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN pip install onnxruntime-gpu\n"),
        Example("FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04\nRUN pip install onnxruntime-gpu==1.20.0\n"),
        Example("FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\nRUN pip install onnxruntime-gpu==1.20.0\n"),
    ),
    good=(
        Example("FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04\nRUN pip install onnxruntime-gpu==1.20.0\n"),
        Example("FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04\nRUN pip install onnxruntime-gpu==1.17.1\n"),
        Example("FROM python:3.12-slim\nRUN pip install onnxruntime\n"),
        Example("FROM python:3.12-slim\nRUN pip install 'onnxruntime-gpu[cuda,cudnn]==1.21.0'\n"),
        Example("FROM python:3.12-slim\nRUN pip install onnxruntime-gpu nvidia-cudnn-cu12 nvidia-cublas-cu12\n"),
        Example("FROM pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime\nRUN pip install onnxruntime-gpu\n"),
    ),
)
