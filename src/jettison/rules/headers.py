"""Headers of C, C++ and CUDA: only compilers read them."""

import re
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.inside import compiling, select
from jettison.rules.record import Case, Proposal, Rule

_HEADER = re.compile(r".*\.(?:h|hh|hpp|hxx|h\+\+|cuh|inl|ipp|tcc|tpp)\Z")
_INCLUDE = re.compile(r"(?:.*/)?include/.*")


def _propose(case: Case) -> Iterator[Proposal]:
    compiles = compiling(case)

    def wanted(file: File) -> bool:
        path = file.path
        header = _HEADER.match(path) or (path.startswith("usr/include/") and _INCLUDE.match(path))
        return bool(header) and not compiles(file)

    yield from select(case, wanted, "headers: only a compiler reads them, and the image keeps none")


HEADERS = Rule(
    "headers",
    1,
    "headers of C, C++ and CUDA",
    "Left alone when a compiler stays, and in distributions that compile kernels at run time (CuPy, Triton, Warp …).",
    (
        "…/torch/include/ATen/Tensor.h goes",
        "…/cupy/_core/include/cupy/complex.cuh stays: CuPy compiles kernels against it",
    ),
    _propose,
)
