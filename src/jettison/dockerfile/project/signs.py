"""Which names in code matter here, as data: tables that say what a use of a library asks of the machine it runs on."""

from dataclasses import dataclass
from typing import Literal

Need = Literal[
    "c-compiler",
    "c++-compiler",
    "python-headers",
    "cuda-compiler",
    "cuda-headers",
    "ptxas",
    "nvrtc",
    "nvvm",
    "ninja",
    "tensorrt-builder",
]


@dataclass(frozen=True, slots=True)
class Jit:
    """A library that compiles while it runs.

    Attributes:
        name: dotted; a use of it or of anything below it counts, an import of it when ``on_import``.
        needs: what must be there at run time and is not brought by its own wheel.
        note: why, in one sentence.
        on_import: whether importing it is enough.
    """

    name: str
    needs: tuple[Need, ...]
    note: str
    on_import: bool = False


_TRITON: tuple[Need, ...] = ("c-compiler", "python-headers")
_EXTENSION: tuple[Need, ...] = ("c++-compiler", "python-headers", "ninja")
_LAUNCHER = "Triton compiles a C launcher for each kernel; ptxas comes with its wheel"
_USES = f"uses Triton. {_LAUNCHER}"

_INDUCTOR: tuple[Need, ...] = ("c-compiler", "c++-compiler", "python-headers")
_BY_CALL = "compiles an extension when it is called"
_BY_IMPORT = "compiles modules when they are imported"
_GRAPHS = "compiles graphs to C"

JITS: tuple[Jit, ...] = (
    Jit("torch.compile", _INDUCTOR, "Inductor writes C++ for the CPU and Triton for GPUs"),
    Jit("torch._dynamo", _INDUCTOR, "part of torch.compile"),
    Jit("torch._inductor", _INDUCTOR, "part of torch.compile"),
    Jit("torch.utils.cpp_extension.load", _EXTENSION, _BY_CALL),
    Jit("torch.utils.cpp_extension.load_inline", _EXTENSION, _BY_CALL),
    Jit("triton.jit", _TRITON, _LAUNCHER),
    Jit("triton.autotune", _TRITON, _LAUNCHER),
    Jit("triton.compile", _TRITON, _LAUNCHER),
    Jit("triton.language", _TRITON, _LAUNCHER),
    Jit("vllm", _TRITON, _USES, on_import=True),
    Jit("sglang", (*_TRITON, "cuda-compiler", "ninja"), f"{_USES}, and FlashInfer", on_import=True),
    Jit("flashinfer", ("cuda-compiler", "ninja", "c++-compiler"), "compiles what was not built ahead", on_import=True),
    Jit("unsloth", _TRITON, _USES, on_import=True),
    Jit("liger_kernel", _TRITON, _USES, on_import=True),
    Jit("fla", _TRITON, _USES, on_import=True),
    Jit("mamba_ssm", _TRITON, _USES, on_import=True),
    Jit("tilelang", ("cuda-compiler", "c++-compiler"), "compiles kernels with nvcc", on_import=True),
    Jit("numba.cuda", ("nvvm",), "compiles for GPUs with libNVVM and libdevice; for the CPU numba needs nothing"),
    Jit("numba.pycc", ("c-compiler", "python-headers"), "compiles ahead of time"),
    Jit("cupy", ("nvrtc", "cuda-headers"), "compiles kernels with NVRTC and the CUDA headers", on_import=True),
    Jit("pycuda.compiler", ("cuda-compiler", "c++-compiler"), "runs nvcc"),
    Jit("pykeops", ("c++-compiler", "nvrtc", "cuda-headers"), "compiles formulas when they are used", on_import=True),
    Jit(
        "deepspeed", (*_EXTENSION, "cuda-compiler", "cuda-headers"), "builds operators on first use unless built ahead"
    ),
    Jit("tensorrt.Builder", ("tensorrt-builder",), "builds an engine: the builder's resource library must stay"),
    Jit("torch_tensorrt.compile", ("tensorrt-builder",), "builds an engine: the builder's resource library must stay"),
    Jit(
        "jax.jit", ("ptxas",), "XLA runs ptxas for GPUs; the wheels of jax[cuda12] bring it, jax[cuda12-local] does not"
    ),
    Jit("pyximport", ("c-compiler", "python-headers"), _BY_IMPORT, on_import=True),
    Jit("cppimport", ("c++-compiler", "python-headers"), _BY_IMPORT, on_import=True),
    Jit("Cython.inline", ("c-compiler", "python-headers"), "compiles when it is called"),
    Jit("cython.inline", ("c-compiler", "python-headers"), "compiles when it is called"),
    Jit("pytensor", ("c++-compiler", "python-headers"), _GRAPHS, on_import=True),
    Jit("pymc", ("c++-compiler", "python-headers"), f"{_GRAPHS} by way of pytensor", on_import=True),
    Jit("theano", ("c++-compiler", "python-headers"), _GRAPHS, on_import=True),
    Jit("cmdstanpy", ("c++-compiler",), "compiles models", on_import=True),
    Jit("pystan", ("c++-compiler", "python-headers"), "compiles models", on_import=True),
)
JIT_ARGUMENTS: dict[str, Jit] = {
    "torch_compile=True": Jit("torch_compile=True", _INDUCTOR, "turns on torch.compile"),
    "jit_compile=True": Jit("jit_compile=True", ("ptxas", "nvvm"), "XLA runs ptxas with libdevice for GPUs"),
    "attn_implementation=flex_attention": Jit("flex_attention", _TRITON, "uses torch.compile"),
}

_WINDOWS = """
imshow waitKey waitKeyEx namedWindow destroyWindow destroyAllWindows createTrackbar getTrackbarPos setTrackbarPos
setMouseCallback selectROI selectROIs resizeWindow moveWindow setWindowTitle setWindowProperty getWindowProperty
startWindowThread pollKey displayOverlay createButton
"""
WINDOWS = frozenset(f"cv2.{name}" for name in _WINDOWS.split())
DISPLAYS = frozenset({"tkinter", "PyQt5", "PyQt6", "PySide2", "PySide6", "pygame", "pyglet", "wx", "kivy", "turtle"})
VIDEO = frozenset({"cv2.VideoCapture", "cv2.VideoWriter"})

# What cannot start without a GPU once it is imported.
GPU_ONLY = frozenset({"cupy", "tensorrt", "pycuda", "vllm", "cudf", "cuml", "flashinfer", "tensorrt_llm", "lmdeploy"})
GPU_ASKED = (
    "torch.cuda.is_available",
    "torch.cuda.device_count",
    "torch.accelerator",
    "tensorflow.config.list_physical_devices",
    "tensorflow.config.experimental.list_physical_devices",
    "onnxruntime.get_available_providers",
    "onnxruntime.get_device",
    "jax.devices",
    "jax.default_backend",
)
GPU_FORCED = ("torch.cuda.", "pynvml.")
# Do nothing, or say 0, without a GPU.
GPU_HARMLESS = frozenset(
    f"torch.cuda.{name}"
    for name in (
        "empty_cache",
        "manual_seed",
        "manual_seed_all",
        "is_initialized",
        "memory_allocated",
        "memory_reserved",
    )
)

_TRAINS = """
torch.optim torch.utils.checkpoint torch.nn.parallel.DistributedDataParallel torch.distributed transformers.Trainer
transformers.TrainingArguments transformers.Seq2SeqTrainer trl peft.get_peft_model pytorch_lightning lightning
accelerate.Accelerator deepspeed.initialize xgboost.train lightgbm.train catboost wandb.init mlflow.start_run
torch.utils.tensorboard tensorboardX optuna ray.tune ray.train datasets.load_dataset keras.optimizers
tensorflow.keras.optimizers tensorflow.GradientTape timm.optim torch.cuda.amp.GradScaler torch.amp.GradScaler
sklearn.model_selection
"""
_SERVES = """
fastapi.FastAPI flask.Flask starlette aiohttp.web sanic tornado.web falcon quart litestar gradio streamlit ray.serve
bentoml mlserver litserve uvicorn.run grpc.server torch.no_grad torch.inference_mode onnxruntime.InferenceSession
transformers.pipeline openvino tritonclient
"""
TRAINS, SERVES = tuple(_TRAINS.split()), tuple(_SERVES.split())
METHODS = frozenset({"cuda", "to", "backward", "fit"})
ARGUMENTS = frozenset({"torch_compile", "jit_compile", "attn_implementation", "providers", "device_map", "accelerator"})

_TOP_NAMES = (
    *(jit.name for jit in JITS), *WINDOWS, *VIDEO, *GPU_ONLY, *GPU_ASKED, *GPU_FORCED, *TRAINS, *SERVES,
)  # fmt: skip
TOPS = frozenset(name.partition(".")[0] for name in _TOP_NAMES)

# Modules whose work is done by a command or library of the operating system that no wheel brings.
SYSTEM: dict[str, tuple[str, ...]] = {
    "git": ("git",),
    "ffmpeg": ("ffmpeg",),
    "pydub": ("ffmpeg",),
    "whisper": ("ffmpeg",),
    "audioread": ("ffmpeg",),
    "pytesseract": ("tesseract",),
    "tesserocr": ("tesseract",),
    "pdf2image": ("pdftoppm",),
    "graphviz": ("dot",),
    "pydot": ("dot",),
    "pypandoc": ("pandoc",),
    "pdfkit": ("wkhtmltopdf",),
    "imgkit": ("wkhtmltoimage",),
    "selenium": ("chromium",),
    "sox": ("sox",),
    "exiftool": ("exiftool",),
    "magic": ("libmagic.so.1",),
    "weasyprint": ("libpango-1.0.so.0",),
    "cairosvg": ("libcairo.so.2",),
    "pyzbar": ("libzbar.so.0",),
    "pyaudio": ("libportaudio.so.2",),
    "sounddevice": ("libportaudio.so.2",),
    "rtree": (),
    "osgeo": ("libgdal.so",),
    "pyodbc": ("libodbc.so.2",),
    "lightgbm": ("libgomp.so.1",),
    "tkinter": ("libtk8.6.so",),
}
