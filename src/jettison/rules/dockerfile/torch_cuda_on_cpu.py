"""The CUDA build of torch where no GPU is."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.cuda_twice import root_of
from jettison.rules.dockerfile.gpu import TORCH, bundles_cuda, index_kind
from jettison.rules.dockerfile.hardware import says_cpu, wants_gpu
from jettison.rules.dockerfile.python_installs import Asked, PythonInstall
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule
from jettison.rules.dockerfile.service import purpose
from jettison.rules.dockerfile.shipping import shipped_installs


def _check(case: Case) -> Iterator[Find]:
    root = root_of(case)
    base = base_of(root.image) if root else None
    if base is None or base.cuda or base.family not in ("python", "debian", "ubuntu", "conda", "uv", "distroless"):
        return
    installs = shipped_installs(case)
    if wants_gpu(case, installs) or purpose(case) in ("training", "notebook", "shell"):
        return
    reason = says_cpu(case, installs)
    for install in installs:
        wheels = tuple(each for each in install.asked if each.name in TORCH and _by_default(install, each))
        if wheels:
            yield _find(install, wheels, reason)


def _by_default(install: PythonInstall, asked: Asked) -> bool:
    """Whether it is the CUDA build because nothing else was said, not because it was asked for."""
    named = asked.local or any(index_kind(each) for each in (install.index or "", *install.extra))
    return bool(bundles_cuda(install, asked)) and not named and install.tool in ("pip", "uv")


def _find(install: PythonInstall, wheels: tuple[Asked, ...], reason: str) -> Find:
    how = "add --torch-backend=cpu" if install.tool == "uv" else "take it from PyTorch's CPU index by --index-url"
    said = f"{reason}, so {how}" if reason else f"if it runs on CPUs, {how}"
    names = ", ".join(each.text for each in wheels)
    claim = Claim("wheels", tuple(each.text for each in wheels), tuple(_plain(each) for each in wheels))
    return Find(
        f"{names}{wheels[0].where}: the default index gives the build with CUDA, and the base has no GPU in its name; "
        f"{said}",
        (wheels[0].word or install.call.command).span,
        _fix(install) if reason else None,
        (claim,),
        confidence="medium" if reason else None,
    )


def _plain(asked: Asked) -> str:
    """Return the CPU build of a requirement, as a requirement; without a pinned version only the word says it."""
    return f"{asked.text}+cpu" if asked.version else f"{asked.name}+cpu"


def _fix(install: PythonInstall) -> Fix | None:
    head = install.call.head[-1]
    if install.tool != "uv" or not install.site.editable or not install.call.command.plain or not head.whole:
        return None
    return Fix("unsafe", (insert_after(head, "--torch-backend=cpu"),), "take the CPU build")


TORCH_CUDA_ON_CPU = Rule(
    name="torch-cuda-on-cpu",
    title="A CPU image installs torch with CUDA",
    severity="medium",
    confidence="low",
    why="On x86-64 Linux the default index gives torch with CUDA: 2.5 GB of wheels, 5 to 7 GB installed; the CPU build "
    "is 0.2 and 0.7 GB. A slim base is right for GPUs as well, so the finding is sure only where something says CPU: "
    "the file's name, the start command, a variable, a package for CPUs, code that uses torch and names no GPU. "
    "Nothing is said where something says GPU, "
    "and for training images. With uv the fix adds `--torch-backend=cpu`; pip needs the address of PyTorch's CPU index "
    "(`--index-url`), which is not put into a file by machine.",
    sources=("sizes of the torch wheels on the default index and on PyTorch's CPU index",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example("FROM python:3.12-slim\nRUN pip install torch==2.3.1 fastapi\nCMD uvicorn app:app\n"),
        Example(
            "FROM python:3.12-slim\nENV DEVICE=cpu\nRUN uv pip install --system torch\nCMD uvicorn app:app\n",
            "FROM python:3.12-slim\nENV DEVICE=cpu\nRUN uv pip install --torch-backend=cpu --system torch\n"
            "CMD uvicorn app:app\n",
        ),
        Example("FROM python:3.12-slim\nRUN pip install torch faiss-cpu\nCMD uvicorn app:app\n"),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN uv pip install --system torch\nCMD uvicorn app:app\n",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN uv pip install --torch-backend=cpu --system torch\n"
            "CMD uvicorn app:app\n",
            {"app.py": "import torch\nmodel = torch.load('m.pt')\n"},
        ),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN pip install torch==2.3.1+cpu --index-url $X\nCMD uvicorn app:app\n"),
        Example("FROM python:3.12-slim\nRUN pip install torch -i https://d.example/whl/cpu\nCMD uvicorn app:app\n"),
        Example("FROM python:3.12-slim\nRUN pip install torch -i https://d.example/whl/cu121\nCMD uvicorn app:app\n"),
        Example("FROM python:3.12-slim\nENV NVIDIA_VISIBLE_DEVICES=all\nRUN pip install torch\nCMD uvicorn app:app\n"),
        Example("FROM python:3.12-slim\nRUN pip install torch bitsandbytes\nCMD uvicorn app:app\n"),
        Example("FROM python:3.12-slim\nRUN pip install torch\nCMD python train.py\n"),
        Example(
            "FROM python:3.12-slim\nCOPY . /app\nRUN pip install torch\nCMD uvicorn app:app\n",
            None,
            {"app.py": "import torch\nmodel = torch.load('m.pt').to('cuda')\n"},
        ),
        Example("FROM nvidia/cuda:12.1.1-base-ubuntu22.04\nRUN pip install torch\nCMD uvicorn app:app\n"),
    ),
)
