"""CUDA libraries that nothing in the image can load."""

import fnmatch
from collections.abc import Iterator, Mapping

from jettison.elf.closure import needs
from jettison.files.record import File
from jettison.rules.names import matches
from jettison.rules.record import Case, Proposal, Rule, by_owner

UNUSED = (
    ("libcusolverMg.so*", "the solvers for several GPUs are used by programs that link them"),
    ("libnvblas.so*", "it is there to be preloaded in place of a BLAS"),
    ("libcufftw.so*", "the FFTW interface of cuFFT is used by programs that link it"),
    ("libnvrtc.alt.so*", "it is an alternate of libnvrtc, used by programs that link it"),
    ("libnvrtc-builtins.alt.so*", "it belongs to the alternate of libnvrtc"),
    ("libnvperf_*.so*", "only profilers load it"),
    ("libpcsamplingutil.so*", "only profilers load it"),
    ("libcheckpoint.so*", "only profilers load it"),
)
"""Names (fnmatch) of libraries that no library opens by name, each with the reason."""
BITCODE = ("libnvshmem_device.bc",)
"""Names of files that compilers of GPU kernels link in: Triton, and those of :data:`OPENERS`."""
OPENERS = ("cupy*", "nvmath-python*", "nsight*", "cupti-python*", "numba*", "jax-cuda*", "tensorflow", "rapids*")
"""Distributions (fnmatch) that may open CUDA libraries by name beyond what is known of torch."""


def opened_elsewhere(case: Case) -> bool:
    """Whether a distribution is installed that may open CUDA's libraries by name."""
    names = [owner.name.lower().replace("_", "-") for owner in case.scene.table.owners.values()]
    return any(matches(name, OPENERS) for name in names)


def _propose(case: Case) -> Iterator[Proposal]:
    if opened_elsewhere(case):
        return
    files = {file.path: file for file in case.left() if _reason(file) and file.path not in case.scene.held}
    used = _used(case, files) if files else set()
    unused = [file for path, file in files.items() if case.scene.resolve(path) not in used]
    for pattern, reason in UNUSED:
        matched = [file for file in unused if fnmatch.fnmatchcase(_name(file), pattern)]
        for each in by_owner(matched, f"no file that stays links it, and {reason}", "cuda"):
            stem = pattern.partition(".so")[0].replace("*", "")
            yield Proposal(f"{each.area}/{stem}", each.reason, each.files, each.owner)
    if not any(file.owner == "python:triton" for file in case.left()):
        code = [file for file in case.left() if _name(file) in BITCODE and file.path not in case.scene.held]
        yield from by_owner(code, "nothing is left that compiles GPU kernels and could link it", "cuda")


def _used(case: Case, files: Mapping[str, File]) -> set[str]:
    """Return the libraries that the other ELF files which stay need, by real path."""
    used: set[str] = set()
    for path, facts in case.scene.elfs.items():
        file = case.scene.table.visible[path]
        if path not in files and (file.layer, file.index) not in case.gone:
            used.update(found.path for found in needs(path, facts, case.scene.libraries).resolved)
    return used


def _name(file: File) -> str:
    return file.path.rpartition("/")[2]


def _reason(file: File) -> str:
    """Return why a library is not opened by name; empty when that is not known."""
    if not file.owner.startswith(("python:", "deb:")):
        return ""
    return next((reason for pattern, reason in UNUSED if fnmatch.fnmatchcase(_name(file), pattern)), "")


CUDA_LIBRARIES = Rule(
    "cuda-libraries",
    2,
    "CUDA libraries that nothing in the image can load",
    "The wheels of CUDA hold libraries that a program must link or preload to use: solvers for several GPUs, stand-ins "
    "for other libraries, alternates, parts of profilers. They go when no ELF file that stays needs them; bitcode that "
    "compilers of kernels link goes where Triton went or never was. Left alone is everything that is known to be "
    "opened by name, and all of it beside distributions that may open CUDA libraries by name (CuPy, nvmath, numba, "
    "JAX, TensorFlow). Profiling with CUPTI's range profiler is no longer possible then.",
    (
        "…/nvidia/cu13/lib/libcusolverMg.so.12 goes: nothing links it",
        "…/nvidia/cu13/lib/libcusolver.so.12 stays: torch opens it by name",
    ),
    _propose,
)
