"""Compilers from conda in the image."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.conda_calls import conda_installs, specs_of
from jettison.rules.dockerfile.record import Example, Find, Rule

_COMPILERS = regex(
    r"(?:gcc|gxx|g\+\+|gfortran|clang|clangxx)(?:_(?:impl_)?linux-\w+)?$|(?:c-|cxx-|fortran-)?compilers?$|cudatoolkit-dev$"
    r"|cuda-nvcc(?:_\S+)?$|cuda-toolkit$|cuda-compiler$|rust$|go$|bazel$"
)


def _check(case: Case) -> Iterator[Find]:
    for site, call in conda_installs(case):
        names = [spec.name for spec in specs_of(call) if _COMPILERS.match(spec.name)]
        removed = any(other.tool == "conda" and other.action in ("remove", "uninstall") for other in site.calls)
        if site.stage in case.shipped and names and not removed:
            yield Find(f"{', '.join(names)} from conda: compilers that are in the shipped image", call.command.span)


CONDA_COMPILERS_SHIPPED = Rule(
    name="conda-compilers-shipped",
    title="compilers from conda stay in the image",
    severity="medium",
    confidence="medium",
    why="conda's compilers bring a sysroot and headers, and CUDA's with them. They belong into a build "
    "stage; the environment is copied from there. They are right where code compiles when it runs: Triton, "
    "`torch.compile`, extensions built at first use.",
    sources=("40 % of 148 public ML Dockerfiles ship compilers",),
    check=_check,
    fixes="none",
    bad=(Example("FROM condaforge/miniforge3\nRUN conda install -y gxx_linux-64=12 cuda-nvcc\n"),),
    good=(
        Example("FROM condaforge/miniforge3\nRUN conda install -y numpy=1.26 rustworkx\n"),
        Example("FROM condaforge/miniforge3 AS b\nRUN conda install gcc\nFROM debian:12\nCOPY --from=b /e /e\n"),
    ),
)
