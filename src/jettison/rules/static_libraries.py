"""Static libraries and libtool archives: only linkers read them."""

import re
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.inside import compiling, select
from jettison.rules.record import Case, Proposal, Rule

_STATIC = re.compile(r".*/lib[^/]+\.(?:a|la)\Z")


def _propose(case: Case) -> Iterator[Proposal]:
    compiles = compiling(case)

    def wanted(file: File) -> bool:
        coder = file.path.endswith(".la") and "ImageMagick" in file.path
        return bool(_STATIC.match(file.path)) and not coder and not compiles(file)

    yield from select(case, wanted, "static libraries: only a linker reads them, and the image keeps none")


STATIC_LIBRARIES = Rule(
    "static-libraries",
    1,
    "static libraries and libtool archives",
    "A running program never opens them. ImageMagick's coders are found through .la files, which stay.",
    ("usr/lib/x86_64-linux-gnu/libz.a goes", "…/nvidia/cuda_runtime/lib/libcudadevrt.a stays beside numba-cuda"),
    _propose,
)
