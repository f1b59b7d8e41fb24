"""A development base in the image that is shipped."""

import re
from collections.abc import Iterator

from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.compiling import Sign, code_is_known, in_words, signs
from jettison.rules.dockerfile.cuda_twice import rename_base, root_of, twice
from jettison.rules.dockerfile.record import Claim, Confidence, Example, Find, Fix, Rule
from jettison.rules.dockerfile.service import purpose
from jettison.rules.dockerfile.shipping import environments, shipped_installs


def _check(case: Case) -> Iterator[Find]:
    root = root_of(case)
    base = base_of(root.image) if root else None
    if root is None or base is None or base.cuda != "devel" or base.family not in ("cuda", "pytorch") or twice(case):
        return
    installs = shipped_installs(case)
    seen = signs(case, installs, environments(case))
    if any(sign.kind == "runs" and sign.with_nvcc for sign in seen):
        return
    small = re.sub(r"\bdevel\b", "runtime", base.image) if not base.digest else ""
    quiet = not [sign for sign in seen if sign.kind != "links"] and all(each.complete for each in installs)
    meant = purpose(case) in ("shell", "training", "notebook")
    fix = None
    if quiet and not meant and code_is_known(case) and (edit := rename_base(case, root, small)):
        fix = Fix("unsafe", (edit,), "take the runtime base")
    yield Find(
        _message(base, small, seen),
        root.start.words[0].span,
        fix,
        (Claim("base", (base.image,), (small,)),) if small else (),
        confidence=_confidence(seen, meant=meant, quiet=quiet),
    )


def _message(base: Base, small: str, seen: tuple[Sign, ...]) -> str:
    compiles = tuple(sign for sign in seen if sign.kind in ("compiles", "perhaps"))
    runs = tuple(sign for sign in seen if sign.kind == "runs")
    start = f"{base.image} ships CUDA's compiler, headers and static libraries"
    instead = small or "the runtime flavour"
    if compiles:
        return f"{start}: compile in a builder stage on it (seen: {in_words(compiles)}), and ship on {instead}"
    if runs:
        return f"{start}: {instead} with gcc does (seen: {in_words(runs)})"
    return f"{start}, and nothing that compiles was seen: {instead} does"


def _confidence(seen: tuple[Sign, ...], *, meant: bool, quiet: bool) -> Confidence | None:
    if any(sign.kind == "runs" for sign in seen) or meant:
        return "low"
    return None if quiet or any(sign.kind == "compiles" for sign in seen) else "low"


DEVEL_BASE_SHIPPED = Rule(
    name="devel-base-shipped",
    title="A development base is shipped",
    severity="high",
    confidence="medium",
    why="A `-devel` image is its `-runtime` with nvcc, headers and static libraries: 4 to 5 GB more. They are for the "
    "builder stage. Where something compiles as the image is built, the finding says what, and there is no fix by "
    "machine: `jettison rewrite` splits the file. Nothing is said when nvcc is needed in the container (deepspeed, "
    "pycuda, flashinfer). Triton and `torch.compile` need a C compiler only. "
    "The fix is made where the build context's code could be read, and compiles nothing as it runs. Images that "
    "start a shell, a notebook or "
    "a training may be meant so: confidence is low then.",
    sources=("24 % of 148 public ML Dockerfiles", "NVIDIA's description of its CUDA images"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04\nRUN pip install onnxruntime-gpu==1.18\nCMD serve\n",
            "FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\nRUN pip install onnxruntime-gpu==1.18\nCMD serve\n",
            {"serve.py": "import onnxruntime\n"},
        ),
        Example(
            "FROM pytorch/pytorch:2.3.1-cuda12.1-cudnn8-devel\nRUN pip install fastapi\nCMD uvicorn app:app\n",
            "FROM pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime\nRUN pip install fastapi\nCMD uvicorn app:app\n",
            {"app.py": "import torch\n"},
        ),
        Example("FROM pytorch/pytorch:2.3.1-cuda12.1-cudnn8-devel\nRUN pip install fastapi\nCMD uvicorn app:app\n"),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN pip install torch flash-attn\n"),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nCOPY . /src\nRUN make -C /src\nCMD /src/server\n"),
        Example("FROM pytorch/pytorch:2.3.1-cuda12.1-cudnn8-devel\nRUN pip install -r requirements.txt\nCMD serve\n"),
        Example("FROM pytorch/pytorch:2.3.1-cuda12.1-cudnn8-devel\nRUN pip install vllm==0.5 unsloth\nCMD serve\n"),
    ),
    good=(
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN pip install deepspeed\n"),
        Example(
            "FROM nvidia/cuda:12.1.1-devel-ubuntu22.04 AS build\nRUN nvcc -o /a a.cu\n"
            "FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nCOPY --from=build /a /a\n"
        ),
        Example("FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04\nCMD serve\n"),
        Example("FROM example/tools:devel\nCMD serve\n"),
        Example("FROM nvidia/cuda:12.1.1-devel-ubuntu22.04\nRUN pip install torch==2.3.1\n"),
    ),
)
