"""Sources beside built extensions, and files of build systems."""

import re
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.inside import compiling, select
from jettison.rules.record import Case, Proposal, Rule

_SOURCE = re.compile(r".*\.(?:c|cc|cpp|cxx|cu|f|f90|pyx|pxd|pxi|pyx\.in|pxd\.in|pxi\.in|cpp\.in|c\.in)\Z")
_BUILD = re.compile(
    r".*/(?:pkgconfig/[^/]+\.pc|(?:share|lib(?:/[^/]+)?)/cmake/.+|cmake/.*\.cmake|[^/]+\.cmake|aclocal/.+|meson\.build"
    r"|CMakeLists\.txt|Makefile\.am|torch/bin/protoc[^/]*)\Z"
)


def _propose(case: Case) -> Iterator[Proposal]:
    built = {file.path.rpartition("/")[0] for file in case.left() if file.path.endswith(".so")}

    compiles = compiling(case)

    def wanted(file: File) -> bool:
        path = file.path
        source = _SOURCE.match(path) and path.rpartition("/")[0] in built
        return bool(source or _BUILD.match(path)) and not compiles(file)

    yield from select(case, wanted, "sources of built extensions and files of build systems; nothing is built here")


BUILD_FILES = Rule(
    "build-files",
    1,
    "sources beside built extensions; cmake, pkg-config and similar files",
    "C, C++ and Cython sources go only from folders that hold the extension built from them. Of torch's programs the "
    "compiler for protocol buffers goes, which only torch's own build used.",
    (
        "…/sklearn/tree/_tree.pyx goes: _tree.cpython-311-x86_64-linux-gnu.so is beside it",
        "…/torch/share/cmake/Torch/TorchConfig.cmake goes",
        "…/torch/bin/protoc goes; …/torch/bin/torch_shm_manager stays",
        "app/kernels.cu stays: it is the application's",
    ),
    _propose,
)
