"""Files inside distributions and packages that stay: which of them rules may touch, and which never."""

import fnmatch
import re
from collections.abc import Callable, Iterator

from jettison.files.record import File
from jettison.rules.names import matches
from jettison.rules.record import Case, Proposal, by_owner

NEVER = (
    ("*/torch/bin/torch_shm_manager", "import torch starts it"),
    ("*/torch/testing/*", "torch imports it at run time"),
    ("*/numpy/testing/*.py", "scipy, scikit-learn and others import it at run time"),
    ("*/sympy/testing/*.py", "sympy imports it at run time"),
    ("*/pandas/_testing/*", "pandas imports it at run time"),
    ("*/sklearn/datasets/data/*", "scikit-learn's data sets"),
    ("*/sklearn/datasets/descr/*", "scikit-learn's data sets"),
    ("*/matplotlib/testing/*.py", "matplotlib imports it for image comparison"),
    ("*/py.typed", "says that the distribution has types"),
    ("*-nspkg.pth", "makes a namespace package"),
    ("*.dist-info/*", "records of the distribution: entry points, licences, version"),
    ("*.egg-info/*", "records of the distribution"),
)
"""Patterns of paths that no rule of tier 1 touches while their owner stays, each with the reason."""

_NEVER = re.compile("|".join(fnmatch.translate(pattern) for pattern, _ in NEVER))
LICENCE = re.compile(
    r"(?:.*/)?(?:licen[cs]e|licen[cs]es|copying|copyright|notice|authors|eula|third[-_]?party)[^/]*(?:/.*)?\Z",
    re.IGNORECASE,
)
COMPILES_AT_RUN_TIME = (
    ("cupy*", "it compiles kernels against its headers"),
    ("numba-cuda", "it links kernels with libcudadevrt and reads CUDA's headers"),
    ("triton*", "it compiles launchers against its headers"),
    ("warp-lang", "it compiles kernels against its headers"),
    ("taichi*", "it compiles kernels against its headers"),
    ("pyopencl", "it compiles kernels against its headers"),
    ("pycuda", "it compiles kernels against its headers"),
    ("flashinfer*", "it compiles kernels against its headers"),
    ("deep-gemm", "it compiles kernels against its headers"),
    ("tilelang", "it compiles kernels against its headers"),
    ("pythran", "it compiles against its headers"),
    ("ziglang", "it is a compiler"),
)
"""Distributions (fnmatch) that read headers or sources at run time, each with the reason."""
NEEDS_CUDA_HEADERS = ("cupy*", "numba-cuda", "pycuda", "flashinfer*", "tilelang", "deep-gemm")


def never(path: str) -> bool:
    """Whether no rule may touch a path while its owner stays."""
    return bool(LICENCE.match(path) or _NEVER.match(path))


def inside(case: Case) -> Iterator[File]:
    """Give the files that rules may take from what stays: of packages, of distributions, of the standard library.

    An application's own files belong to nobody and are never touched; apk's and conda's are left alone, because their
    databases are not rewritten.
    """
    stdlibs = tuple(f"{path}/" for path in case.scene.stdlibs)
    sites = tuple(f"{path}/site-packages/" for path in case.scene.stdlibs)
    for file in case.left():
        if file.owner:
            if file.owner.startswith(("deb:", "python:")) and not file.path.startswith("var/lib/dpkg/"):
                yield file
        elif stdlibs and file.path.startswith(stdlibs) and not file.path.startswith(sites):
            yield file


def compiling(case: Case) -> Callable[[File], bool]:
    """Return what tells whether a file's owner, or the image, compiles at run time, so that sources are read."""
    if case.reach.compilers:
        return lambda _: True
    names = {key: key.partition(":")[2].partition("@")[0] for key in case.scene.table.owners}
    keys = {key for key, name in names.items() if matches(name, (pattern for pattern, _ in COMPILES_AT_RUN_TIME))}
    if any(matches(name, NEEDS_CUDA_HEADERS) for name in names.values()):
        keys |= {key for key, name in names.items() if name.startswith("nvidia-")}
    return lambda file: file.owner in keys


def select(case: Case, wanted: Callable[[File], bool], reason: str) -> Iterator[Proposal]:
    """Give a proposal an owner, of the files inside what stays that are ``wanted`` and that rules may touch."""
    return by_owner((file for file in inside(case) if wanted(file) and not never(file.path)), reason, "python")
