"""CUDA in the base and in the wheels."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit, replace_word
from jettison.dockerfile.scope import Stage
from jettison.regex import regex
from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.compiling import Sign, code_is_known, signs
from jettison.rules.dockerfile.gpu import bundles_cuda
from jettison.rules.dockerfile.python_installs import Asked, PythonInstall
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule
from jettison.rules.dockerfile.shipping import environments, shipped_installs

_FLAVOUR = regex(r"(?P<version>\d+(?:\.\d+)+)(?:-cudnn\d*)?-(?:runtime|devel)(?P<system>-[\w.]+)?")


def twice(case: Case) -> tuple[Base, tuple[tuple[PythonInstall, Asked], ...], tuple[Sign, ...]] | None:
    """Return the base with CUDA, the requirements that bring it again, and what may still need the base's.

    Returns:
        None when CUDA is not there twice, or what was seen uses the base's.
    """
    root = root_of(case)
    base = base_of(root.image) if root else None
    if base is None or base.family != "cuda" or base.cuda not in ("runtime", "devel"):
        return None
    installs = shipped_installs(case)
    brought = tuple((install, asked) for install in installs for asked in install.asked if bundles_cuda(install, asked))
    seen = signs(case, installs, environments(case))
    if not brought or any(
        sign.kind in ("compiles", "links") or (sign.kind == "runs" and sign.with_nvcc) for sign in seen
    ):
        return None
    return base, brought, seen


def root_of(case: Case) -> Stage | None:
    """Return the stage at the bottom of the last one."""
    return case.scopes.lineage(len(case.scopes.stages) - 1)[0] if case.scopes.stages else None


def _check(case: Case) -> Iterator[Find]:
    found = twice(case)
    root = root_of(case)
    if found is None or root is None:
        return
    base, brought, seen = found
    install, asked = brought[0]
    small = base_flavour(base)
    known = all(each.complete for each in shipped_installs(case))
    doubt = "" if not seen else f"; check {seen[0].text}"
    yield Find(
        f"{asked.text} in line {install.site.instruction.line}{asked.where} brings its own CUDA libraries, and "
        f"{base.image} has them too: {small or 'a slim base'} is enough, the driver comes from the host{doubt}",
        root.start.words[0].span,
        _fix(case, root, base) if known and not seen and (base.cuda != "devel" or code_is_known(case)) else None,
        (Claim("base", (base.image,), (small,)),) if small else (),
        confidence=None if not seen else "low",
    )


def base_flavour(base: Base, flavour: str = "base") -> str:
    """Return the name of the same CUDA image in another flavour; empty when its name does not tell."""
    match = _FLAVOUR.fullmatch(base.tag)
    if not match or base.digest:
        return ""
    return f"{base.repository}:{match['version']}-{flavour}{match['system'] or ''}"


def _fix(case: Case, root: Stage, base: Base) -> Fix | None:
    edit = rename_base(case, root, base_flavour(base))
    return Fix("unsafe", (edit,), "take the base without CUDA's libraries") if edit else None


def rename_base(case: Case, root: Stage, image: str) -> Edit | None:
    """Return the edit that gives a stage another base; None where it is not written there, or others build on it."""
    word = root.start.words[0]
    others = {stage.index for stage in case.scopes.stages} - case.shipped
    shared = any(case.scopes.lineage(index)[0].index == root.index for index in others)
    if not image or not word.whole or word.text != root.image or shared:
        return None
    return replace_word(word, image)


CUDA_TWICE = Rule(
    name="cuda-twice",
    title="CUDA is in the base and in the wheels",
    severity="high",
    confidence="medium",
    why="The torch wheels of the default index, and those of a `cuXXX` index, bring CUDA, cuDNN and NCCL as `nvidia-*` "
    "wheels or inside; so do `tensorflow[and-cuda]`, `jax[cuda12]` and conda's `cudatoolkit`. They never look at the "
    "base's. On `nvidia/cuda:…-runtime` or `-devel` everything is there twice, 2 to 6 GB. The GPU's driver comes from "
    "the host in any case, so `-base` or a slim Python base does.\n\n"
    "Nothing is said when something uses the base's CUDA: nvcc, flash-attn, apex, deepspeed and the like, "
    "onnxruntime-gpu, ctranslate2, TensorRT, cupy, plain tensorflow, CUDA packages of apt, `TORCH_CUDA_ARCH_LIST`. "
    "A project or repository that is installed may compile too: then the finding says to check it. The base is "
    "changed by the fix only where no "
    "compiler is lost: from `-runtime`, or from `-devel` when the context's code was read and compiles nothing.",
    sources=(
        "Requires-Dist of the torch wheels since 1.13",
        "11 to 16 % of 148 public ML Dockerfiles",
        "reported cuts: 27.7 to 19.7 GB, 15 to 8.5 GB, 13 to 5.8 GB, 6.4 to 3.9 GB",
    ),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\nRUN pip install torch==2.3.1 fastapi\n",
            "FROM nvidia/cuda:12.1.1-base-ubuntu22.04\nRUN pip install torch==2.3.1 fastapi\n",
        ),
        Example(
            "FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nCOPY app.py /app/\n"
            "RUN pip install torch --index-url https://download.example/whl/cu121\n",
            "FROM nvidia/cuda:12.1.1-base-ubuntu22.04\nCOPY app.py /app/\n"
            "RUN pip install torch --index-url https://download.example/whl/cu121\n",
            {"app.py": "import torch\nprint(torch.zeros(1).cuda())\n"},
        ),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN pip install torch==2.3.1\n"),
        Example(
            "FROM nvidia/cuda:11.8.0-runtime-ubuntu22.04\nRUN conda install pytorch pytorch-cuda=11.8 -c pytorch\n",
            "FROM nvidia/cuda:11.8.0-base-ubuntu22.04\nRUN conda install pytorch pytorch-cuda=11.8 -c pytorch\n",
        ),
        Example("FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nRUN pip install -r requirements.txt torch\n"),
        Example("ARG CUDA=12.1.1\nFROM nvidia/cuda:${CUDA}-runtime-ubuntu22.04\nRUN pip install torch\n"),
        Example("FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nRUN pip install torch && pip install -e .\n"),
        Example(
            "FROM python:3.11-slim AS build\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install torch\n"
            "FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nCOPY --from=build /opt/venv /opt/venv\n",
            "FROM python:3.11-slim AS build\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install torch\n"
            "FROM nvidia/cuda:12.1.1-base-ubuntu22.04\nCOPY --from=build /opt/venv /opt/venv\n",
        ),
    ),
    good=(
        Example("FROM nvidia/cuda:12.1.1-base-ubuntu22.04\nRUN pip install torch\n"),
        Example("FROM python:3.11-slim\nRUN pip install torch\n"),
        Example(
            "FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nCOPY . /app\nRUN pip install torch\n",
            None,
            {"ext.py": "from torch.utils.cpp_extension import load\nkernels = load('k', ['k.cu'])\n"},
        ),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN pip install torch && pip install flash-attn\n"),
        Example("FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\nRUN pip install torch onnxruntime-gpu\n"),
        Example("FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\nRUN pip install tensorflow==2.15\n"),
        Example("FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nRUN pip install torch==2.3.1+cpu -f https://x.example\n"),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nENV TORCH_CUDA_ARCH_LIST=8.0\nRUN pip install torch .\n"),
        Example("FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nRUN apt-get install -y libcudnn8 && pip install torch\n"),
        Example(
            "FROM nvidia/cuda:12.1.1-devel-ubuntu22.04 AS build\nRUN pip install torch\nFROM debian:bookworm-slim\n"
            "COPY --from=build /out/kernel.so /usr/lib/\n"
        ),
        Example("FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nARG INDEX\nRUN pip install torch --index-url $INDEX\n"),
    ),
)
