"""Code: what it imports, needs and uses, with places and guards; never run, never an error."""

import json
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project import code as module
from jettison.dockerfile.project.code import read_code, read_code_text
from jettison.dockerfile.project.facts import Code, CodeFile
from jettison.dockerfile.project.imports import imported
from jettison.dockerfile.project.modules import ALTERNATES, DISTRIBUTIONS, distribution_of, distributions_of
from jettison.dockerfile.project.needs import gpu_use, jit_needs, purpose, system_needs, video, windows
from jettison.finding import Skip


def code(text: str, path: str = "app.py") -> Code:
    found = read_code_text(textwrap.dedent(text), path)
    assert isinstance(found, CodeFile), found
    return Code((found,))


def imports(text: str, *paths: str, path: str = "app.py") -> dict[str, tuple[str, str]]:
    found = imported(code(text, path), {path, *paths})
    return {item.module: (item.distribution, item.guard) for item in found}


def test_imports_and_guards() -> None:
    """Each module from elsewhere is told with the weakest guard of its imports; the standard library is left out."""
    found = imports(
        """
        import os, cv2
        import numpy.linalg as la
        from PIL import Image
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import pandas
        try:
            import torch
        except ImportError:
            import tensorflow
        else:
            import torchvision
        finally:
            import yaml
        import contextlib
        with contextlib.suppress(ImportError):
            import xformers
        def f(x=__import__("zmq")):
            import sklearn
            from sklearn.svm import SVC
        if x:
            import jwt
        if __name__ == "__main__":
            import uvicorn
        try:
            import requests
        except ValueError:
            pass
        import importlib
        importlib.import_module("faiss")
        importlib.util.find_spec("cupy")
        from . import local
        from .pkg import other
        """
    )
    assert found == {
        "PIL": ("pillow", ""),
        "cupy": ("cupy-cuda12x", "try"),
        "cv2": ("opencv-python", ""),
        "faiss": ("faiss-cpu", ""),
        "jwt": ("pyjwt", "branch"),
        "numpy": ("numpy", ""),
        "pandas": ("pandas", "type-checking"),
        "requests": ("requests", ""),
        "sklearn": ("scikit-learn", "function"),
        "tensorflow": ("tensorflow", "try"),
        "torch": ("torch", "try"),
        "torchvision": ("torchvision", "try"),
        "uvicorn": ("uvicorn", "main"),
        "xformers": ("xformers", "try"),
        "yaml": ("pyyaml", ""),
        "zmq": ("pyzmq", ""),
    }


def test_namespaces() -> None:
    """Modules of Google's shared namespace go to their own distributions, also when taken from it."""
    found = imports(
        "from google.cloud import storage, vision\nimport google.protobuf.message\nfrom google import genai\n"
    )
    assert {distribution for distribution, _ in found.values()} == {
        "google-cloud-storage",
        "google-cloud-vision",
        "protobuf",
        "google-genai",
    }


def test_own_modules() -> None:
    """A module beside the file, above it, or in a root is the project's own; a folder of data is not."""
    text = "import utils, models, helpers, datasets, top, deep, lib\n"
    paths = (
        "pkg/utils.py",
        "pkg/models/__init__.py",
        "src/helpers.py",
        "datasets/prepare.py",
        "top.py",
        "pkg/deep/x.py",
    )
    assert set(imports(text, *paths, path="pkg/app.py")) == {"datasets", "lib"}
    more = (*paths, "libs/a/pyproject.toml", "libs/a/src/lib/__init__.py")
    assert set(imports(text, *more, path="pkg/app.py")) == {"datasets"}


def test_table() -> None:
    """The table names no module that its own rule would give, and its alternates are other names than its choice."""
    assert all(distribution_of(name) != name.lower().replace("_", "-") for name in DISTRIBUTIONS if "." not in name)
    assert distribution_of("google.cloud.storage.blob") == "google-cloud-storage"
    assert distribution_of("some_thing.x") == "some-thing"
    assert distribution_of("google.cloud.tasks_v2.x") == "google-cloud-tasks-v2"
    assert distribution_of("llama_index.core") == "llama-index-core"
    assert distributions_of("cv2")[:2] == ("opencv-python", "opencv-python-headless")
    assert all(len(distributions_of(name)) > len(names) for name, names in ALTERNATES.items())


def test_places() -> None:
    """Every fact has its file and line."""
    (found,) = imported(code("import os\n\n\nimport torch\n", "a/b.py"), {"a/b.py"})
    assert [str(place) for place in found.places] == ["a/b.py:4"]


INDUCTOR = {"c-compiler", "c++-compiler", "python-headers"}

# --- needs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("import torch\nm = torch.compile(m)", {"torch.compile": INDUCTOR}),
        ("from torch import compile as c\n@c\ndef f(): pass", {"torch.compile": INDUCTOR}),
        ("import triton, triton.language as tl\n@triton.jit\ndef k(): tl.load(x)", {
            "triton.jit": {"c-compiler", "python-headers"}, "triton.language": {"c-compiler", "python-headers"}}),
        ("from numba import njit\n@njit\ndef f(): pass", {}),
        ("from numba import cuda\n@cuda.jit\ndef f(): pass", {"numba.cuda": {"nvvm"}}),
        ("import cupy as cp\ncp.zeros(3)", {"cupy": {"nvrtc", "cuda-headers"}}),
        ("from torch.utils import cpp_extension\ncpp_extension.load(name='x')",
            {"torch.utils.cpp_extension.load": {"c++-compiler", "python-headers", "ninja"}}),
        ("from torch.utils.cpp_extension import load_inline\nload_inline('x')",
            {"torch.utils.cpp_extension.load_inline": {"c++-compiler", "python-headers", "ninja"}}),
        ("import tensorrt as trt\ntrt.Builder(l)", {"tensorrt.Builder": {"tensorrt-builder"}}),
        ("from transformers import TrainingArguments\nTrainingArguments(torch_compile=True)",
            {"torch_compile=True": {"c-compiler", "c++-compiler", "python-headers"}}),
        ("import vllm", {"vllm": {"c-compiler", "python-headers"}}),
        ("def f():\n import torch\n torch.load(x)", {}),
        ("re.compile('x')\nimport torch", {}),
    ],
)  # fmt: skip
def test_what_compiles_at_run_time(text: str, needs: dict[str, set[str]]) -> None:
    """What compiles while it runs, and what it needs that no wheel brings."""
    found = jit_needs(code(text))
    assert {item.name: set(item.needs) for item in found} == needs
    assert all(item.evidence[0].place.path == "app.py" for item in found)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("m.cuda()", "required"),
        ("m.to('cuda:0')", "required"),
        ("import torch\nd = torch.device('cuda')", "required"),
        ("import torch\nd = 'cuda' if torch.cuda.is_available() else 'cpu'\nm.to(d)", "optional"),
        ("import torch\nif torch.cuda.is_available():\n m.cuda()", "optional"),
        ("def f(device='cuda'): pass", "optional"),
        ("p.add_argument('--device', default='cuda')", "optional"),
        ("import onnxruntime as o\no.InferenceSession(p, providers=['CUDA'])", "required"),
        ("import onnxruntime as o\no.InferenceSession(p, providers=['CUDA', 'CPU'])", "optional"),
        ("import onnxruntime as o\no.InferenceSession(p, providers=[('CUDA', {}), 'CPU'])", "optional"),
        ("import onnxruntime as o\no.InferenceSession(p, providers=['CPU'])", "not seen"),
        ("m = M.from_pretrained(x, device_map='auto')", "optional"),
        ("m = M.from_pretrained(x, device_map='cuda')", "required"),
        ("import cupy", "required"),
        ("try:\n import cupy\nexcept ImportError:\n cupy = None", "optional"),
        ("import tensorflow as tf\ntf.config.list_physical_devices('GPU')", "optional"),
        ("import torch\ntorch.cuda.set_device(0)", "required"),
        ("x = ['cuda', 'cpu']\n'cuda'", "not seen"),
        ("import torch\ntorch.cuda.empty_cache()", "not seen"),
        ("import torch\nif d == torch.device('cuda'):\n m.half()", "optional"),
        ("if device == 'cuda':\n m.to('cuda')", "optional"),
        ("import numpy", "not seen"),
    ],
)  # fmt: skip
def test_gpu(text: str, verdict: str) -> None:
    """A GPU is required where it is used unasked, optional where the code asks or leaves the choice, else not seen."""
    text = text.replace("'CUDA'", "'CUDAExecutionProvider'").replace("'CPU'", "'CPUExecutionProvider'")
    assert gpu_use(code(text)).verdict == verdict


def test_windows_and_video() -> None:
    """OpenCV's windows decide whether the headless wheel will do; reading video does not."""
    found = code("import cv2 as cv\nfrom cv2 import waitKey\ncv.imshow('a', b)\nwaitKey(1)\nc = cv.VideoCapture(0)\n")
    assert [(item.what, item.place.line) for item in windows(found)] == [("cv2.imshow", 3), ("cv2.waitKey", 4)]
    assert [item.what for item in video(found)] == ["cv2.VideoCapture"]
    assert windows(code("import tkinter"))[0].what == "import tkinter"
    assert not windows(code("import cv2\ncv2.imread(x)\nimshow(x)"))


def test_commands() -> None:
    """Literal commands are told however they are started; what is only looked for may be missing."""
    found = system_needs(
        code(
            """
            import subprocess as sp, os, shutil, asyncio
            from subprocess import Popen
            sp.run(["ffmpeg", "-i", path], check=True)
            Popen(("/usr/bin/nvidia-smi",))
            os.system("cd x && A=1 git clone y | tee z")
            os.execvp("gunicorn", ["gunicorn", "-b", x])
            sp.check_output(f"curl {url}", shell=True)
            asyncio.create_subprocess_exec("sox", a)
            shutil.which("wget")
            sp.run(words)
            sp.run("echo 'unbalanced")
            import pytesseract
            try:
                import git
            except ImportError:
                pass
            """
        )
    )
    assert {item.name: item.probed for item in found} == {
        "ffmpeg": False,
        "nvidia-smi": False,
        "cd": False,
        "git": False,
        "tee": False,
        "gunicorn": False,
        "curl": False,
        "sox": False,
        "wget": True,
        "tesseract": False,
    }


def test_purpose() -> None:
    """Optimizers and backward passes speak for training, web frameworks and sessions for serving."""
    found = purpose(
        code("import torch\no = torch.optim.Adam(p)\nloss.backward()\nfrom fastapi import FastAPI\na = FastAPI()")
    )
    assert [item.what for item in found.training] == ["torch.optim.Adam", ".backward"]
    assert [item.what for item in found.serving] == ["fastapi.FastAPI"]


# --- files ------------------------------------------------------------------------------------------------------------


def test_notebooks() -> None:
    """The cells of a notebook are one file; magics are passed over, commands behind ! are told."""
    cells = [
        {"cell_type": "markdown", "source": ["import no"]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "!pip install -q transformers\n", "import torch\n", "x?"],
        },
        {"cell_type": "code", "source": "%%bash\nimport no"},
        {"cell_type": "code", "source": "if True:\n    !ls\nimport cv2"},
        {"cell_type": "code"},
        5,
    ]
    found = read_code_text(json.dumps({"cells": cells}), "a.ipynb")
    assert isinstance(found, CodeFile)
    assert [item.module for item in found.imports] == ["torch", "cv2"]
    assert [item.words[:2] for item in found.commands] == [("pip", "install"), ("ls",)]
    for text in ("{", "[]", '{"cells": 5}', "[" * 100_000):
        assert isinstance(read_code_text(text, "a.ipynb"), CodeFile | Skip)


HOSTILE = (
    "def",
    "print 'x'",
    "\0",
    "(" * 300,
    "x = " + "-" * 200_000 + "1",
    "a" + ".a" * 100_000,
    "f(" * 90 + ")" * 90,
    "x='\\d'",
    "a" + "+a" * 20_000,
    "if x:\n pass\n" + "elif x:\n pass\n" * 3_000,
    "\ud800",
    "match x:\n case 1: pass",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_code(text: str) -> None:
    """Code that does not parse, or is nested without end, is a skip or a file; there is no error and no warning."""
    assert isinstance(read_code_text(text, "a.py"), CodeFile | Skip)


@settings(deadline=None)
@given(st.text(alphabet="abimport from()[]{}:\n\t 1.,'\"=@!\\", max_size=80))
def test_any_text(text: str) -> None:
    """No text is an error."""
    assert isinstance(read_code_text(text, "a.py"), CodeFile | Skip)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files beyond the limit are one skip, files too large and foreign ones are skips, others are passed over."""
    for number in range(5):
        (tmp_path / f"{number}.py").write_text("import torch\n")
    (tmp_path / "0.py").write_bytes(b"x" * 3_000_000)
    monkeypatch.setattr(module, "MAX_FILES", 3)
    found = read_code(str(tmp_path), ["a.txt", *(f"{number}.py" for number in range(5))])
    assert [file.path for file in found.files] == ["1.py", "2.py"]
    assert [skip.reason for skip in found.skips] == [
        "larger than 2000000 bytes",
        "2 more files of code were not looked into",
    ]


def test_speed() -> None:
    """A file of 2,000 lines takes well under a second."""
    text = "import torch\n" + "x = torch.nn.Linear(1, 2)(y)\nif x:\n    f(x, a=[1, 'b'])\n" * 700
    begin = time.process_time()
    code(text)
    assert time.process_time() - begin < 2
