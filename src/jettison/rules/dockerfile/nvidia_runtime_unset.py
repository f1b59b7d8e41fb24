"""A GPU service on a base that does not ask for GPUs."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_before
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.places import base_at
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_WITHOUT = frozenset(("python", "debian", "ubuntu", "distroless", "conda", "alpine"))
_NEEDS_GPU = regex(
    r"(?:^|[\s/'\"])(?:onnxruntime-gpu|cupy-cuda\d+x?|vllm|flash-attn|tensorflow\[and-cuda\]|jax\[cuda\d*\w*\]|tensorrt|whl/cu\d+"
    r"|faiss-gpu[\w-]*|nvidia-c\w+-cu\d+|pytorch-cuda)\b"
)


def _check(case: Case) -> Iterator[Find]:
    final = case.final
    base = base_at(case, final.index) if final else None
    if final is None or base is None or base.family not in _WITHOUT or base.cuda:
        return
    if any(name in final.end.variables for name in ("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES")):
        return
    for tool in ("pip", "uv", "conda"):
        for site, call in case.calls(tool, "install", "create", "sync"):
            text = " ".join(word.text for word in call.command.words)
            if site.stage in case.built and _NEEDS_GPU.search(text):
                yield Find(
                    f"{base.family} images do not ask the NVIDIA runtime for GPUs: where it is the default runtime, "
                    "this service sees none",
                    call.command.span,
                    _fix(case),
                )
                return


def _fix(case: Case) -> Fix | None:
    final = case.final
    starts = [each for each in final.instructions if each.name in ("CMD", "ENTRYPOINT")] if final else []
    if not starts:
        return None
    line = "ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility"
    return Fix("unsafe", (insert_before(case.recipe, starts[0], line),), "ask for the GPUs as NVIDIA's own images do")


NVIDIA_RUNTIME_UNSET = Rule(
    name="nvidia-runtime-unset",
    title="a GPU service on a base that does not ask for GPUs",
    severity="info",
    confidence="low",
    why="The NVIDIA runtime gives a container the GPUs that `NVIDIA_VISIBLE_DEVICES` names, and the driver's "
    "libraries that `NVIDIA_DRIVER_CAPABILITIES` names. NVIDIA's images set both; a plain base sets neither, and "
    "is started like any other container. `docker run --gpus` and Kubernetes' device plugin set the first "
    "themselves, so this is for information.",
    sources=("NVIDIA container toolkit, environment variables",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            'FROM python:3.11-slim\nRUN pip install onnxruntime-gpu\nCMD ["python", "a.py"]\n',
            "FROM python:3.11-slim\nRUN pip install onnxruntime-gpu\n"
            'ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility\nCMD ["python", "a.py"]\n',
        ),
        Example("FROM python:3.11-slim\nRUN pip install vllm==0.6.3\n"),
    ),
    good=(
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN pip install onnxruntime-gpu\n"),
        Example("FROM python:3.11-slim\nENV NVIDIA_VISIBLE_DEVICES=all\nRUN pip install onnxruntime-gpu\n"),
        Example("FROM python:3.11-slim\nRUN pip install onnxruntime torch\n"),
    ),
)
