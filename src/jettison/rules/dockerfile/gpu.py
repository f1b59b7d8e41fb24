"""Which Python packages bring CUDA along, which want the system's, which compile: tables, and how to ask them.

Sources: the wheels' own metadata (``Requires-Dist`` of torch: ``nvidia-*`` since 1.13, the libraries inside torch/lib
before), the projects' installation pages.
"""

import re

from jettison.rules.dockerfile.python_installs import Asked, PythonInstall
from jettison.rules.dockerfile.tables import words

TORCH = words("torch torchvision torchaudio torchtext torchdata")
"""What PyTorch's own indexes serve for CUDA and CPU apart."""
BRINGS_TORCH = words(
    "torch torchvision torchaudio pytorch-lightning lightning sentence-transformers ultralytics openai-whisper easyocr"
    " timm accelerate peft torchmetrics kornia speechbrain stanza fastai vllm bertopic flair pyannote-audio"
    " segment-anything open-clip-torch torchio monai facenet-pytorch sglang unsloth trl bitsandbytes"
)
"""Distributions that depend on torch without an extra: pip takes it from the index of the call."""
LINKS_CUDA = {
    "onnxruntime-gpu": "loads the system's CUDA and cuDNN",
    "ctranslate2": "loads the system's cuBLAS and cuDNN",
    "faster-whisper": "loads the system's cuBLAS and cuDNN",
    "tensorflow": "loads the system's CUDA and cuDNN unless and-cuda is asked for",
    "tensorflow-gpu": "loads the system's CUDA and cuDNN",
    "cupy": "is compiled against the system's CUDA",
    "pycuda": "compiles with nvcc as it runs",
    "numba": "takes NVVM and libdevice from the system's CUDA for its GPU code",
    "tensorrt": "goes with the system's CUDA",
    "tensorrt-llm": "goes with the system's CUDA",
    "torch-tensorrt": "goes with the system's CUDA",
    "nvidia-pyindex": "takes NVIDIA's packages for the system's CUDA",
    "paddlepaddle-gpu": "loads the system's CUDA and cuDNN",
    "dgl": "loads the system's CUDA",
    "nvidia-dali": "loads the system's CUDA",
    "nvidia-dali-cuda110": "loads the system's CUDA",
    "nvidia-dali-cuda120": "loads the system's CUDA",
    "xgboost-gpu": "loads the system's CUDA",
    "mxnet-gpu": "loads the system's CUDA",
}
"""Distributions that use the CUDA of the base, with what they do with it."""
COMPILES_CUDA = words(
    "flash-attn flash-attn-3 apex deepspeed detectron2 mamba-ssm causal-conv1d pytorch3d torch-scatter torch-sparse"
    " torch-cluster torch-spline-conv pyg-lib tiny-cuda-nn tinycudann nvdiffrast llama-cpp-python horovod"
    " transformer-engine kaolin minkowskiengine gsplat diff-gaussian-rasterization simple-knn mmcv mmcv-full auto-gptq"
    " autoawq autoawq-kernels exllamav2 exllama flashinfer flashinfer-python sageattention natten torchsparse"
    " spatial-correlation-sampler groundingdino groundingdino-py dcnv2 byteps fairscale xformers vllm sglang"
    " grouped-gemm megablocks bitsandbytes-cuda cuda-python-ext"
)
"""Distributions that are, or often are, compiled with nvcc as they are installed."""
RUNS_COMPILER = {
    "deepspeed": ("nvcc", "compiles its CUDA operations at first use"),
    "pycuda": ("nvcc", "compiles kernels with nvcc as it runs"),
    "flashinfer": ("nvcc", "compiles kernels at first use"),
    "flashinfer-python": ("nvcc", "compiles kernels at first use"),
    "gsplat": ("nvcc", "compiles its kernels at first use"),
    "nvdiffrast": ("nvcc", "compiles its operations at first use"),
    "vllm": ("gcc", "runs torch.compile and Triton, which call a C compiler"),
    "sglang": ("gcc", "runs Triton, which calls a C compiler"),
    "unsloth": ("gcc", "runs Triton, which calls a C compiler"),
    "liger-kernel": ("gcc", "runs Triton, which calls a C compiler"),
    "flash-linear-attention": ("gcc", "runs Triton, which calls a C compiler"),
    "fla-core": ("gcc", "runs Triton, which calls a C compiler"),
    "triton": ("gcc", "calls a C compiler for each kernel's launcher"),
}
"""Distributions that compile as they run: with what, and why."""
GPU_SIGNS = words(
    "bitsandbytes flash-attn vllm xformers deepspeed triton pynvml nvidia-ml-py gpustat apex onnxruntime-gpu"
    " tensorflow-gpu faiss-gpu faiss-gpu-cu12 auto-gptq autoawq exllamav2 sglang unsloth tensorrt llmcompressor"
    " nvidia-ml-py3 pycuda cupy lmdeploy text-generation"
)
"""Distributions that make sense with a GPU only."""


def bundles_cuda(install: PythonInstall, asked: Asked) -> bool | None:
    """Whether a requirement brings CUDA's libraries along, on x86-64 Linux; None when that is not known."""
    if install.tool == "conda":
        return asked.name in ("cudatoolkit", "pytorch-cuda", "cuda-toolkit", "cuda-runtime", "cuda", "cudnn")
    if asked.name in TORCH or asked.name in BRINGS_TORCH:
        return _torch(install, asked)
    if asked.name == "tensorflow":
        return "and-cuda" in asked.extras
    if asked.name == "jax":
        return any(re.fullmatch(r"cuda(?:1\d)?(?:-?_?pip)?", extra) for extra in asked.extras)
    if asked.name.startswith("cupy-cuda"):
        return "ctk" in asked.extras
    return (
        re.fullmatch(r"nvidia-(?:cublas|cudnn|cuda-runtime|cufft|cusolver|cusparse|nccl)(?:-cu\d+)?", asked.name)
        is not None
    )


def _torch(install: PythonInstall, asked: Asked) -> bool | None:
    if asked.local:
        return asked.local.startswith("cu")
    backend = install.call.option("--torch-backend")
    if backend:
        return None if backend.text is None else backend.text.startswith("cu")
    if install.index is None or any("$" in each for each in install.extra):
        return None
    kinds = [index_kind(each) for each in (install.index, *install.extra) if each]
    if any(kind for kind in kinds):
        return any(kind.startswith("cu") for kind in kinds)
    return not install.index or None


def index_kind(address: str) -> str:
    """Return what a PyTorch index serves: ``cpu``, ``cu121``, ``rocm6.0``, ``xpu``; empty for any other address."""
    found = re.search(r"/whl/(?:nightly/|test/)?(cpu(?:-cxx11-abi)?|cu\d+|rocm[\d.]+|xpu)(?:/|$|_)", f"{address}/")
    return found[1] if found else ""


def links_cuda(asked: Asked) -> str:
    """Return what a requirement does with the base's CUDA; empty when nothing is known of it."""
    if asked.name.startswith("cupy-cuda") and "ctk" not in asked.extras:
        return "loads the system's CUDA"
    if asked.name == "jax" and any(extra.endswith("local") for extra in asked.extras):
        return "loads the system's CUDA"
    if asked.name == "tensorflow" and "and-cuda" in asked.extras:
        return ""
    if asked.name == "numba":
        return ""
    if re.match(r"(?:cudf|cuml|cugraph|mxnet)-cu\d+", asked.name):
        return "loads the system's CUDA"
    return LINKS_CUDA.get(asked.name, "")
