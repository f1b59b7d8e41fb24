"""Whether a recipe says that its image runs on CPUs, or wants a GPU."""

import re
from collections.abc import Iterator

from jettison.dockerfile.project.needs import gpu_use
from jettison.regex import regex
from jettison.rules.dockerfile.around import code
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.gpu import GPU_SIGNS
from jettison.rules.dockerfile.python_installs import PythonInstall
from jettison.rules.dockerfile.service import starts
from jettison.rules.dockerfile.tables import words

_CPU_PACKAGES = words("faiss-cpu tensorflow-cpu intel-extension-for-pytorch openvino onnxruntime-openvino")
_GPU_WORD = regex(r"cuda|gpu|nvidia|(?<![a-z])nv(?![a-z])", re.IGNORECASE)
_CPU_WORD = regex(r"(?<![a-z])cpu(?![a-z])", re.IGNORECASE)


def wants_gpu(case: Case, installs: tuple[PythonInstall, ...]) -> bool:
    """Whether something says GPU: the file's name, the start command, a variable, a package that needs one."""
    if gpu_use(code(case)).verdict == "required":
        return True
    if _GPU_WORD.search(case.recipe.name.rpartition("/")[2]) or _GPU_WORD.search(starts(case)):
        return True
    if any(asked.name in GPU_SIGNS or asked.name.startswith("nvidia-") for each in installs for asked in each.asked):
        return True
    return any(_GPU_WORD.search(f"{name}={value}") for name, value in _variables(case) if value not in ("", '""', "-1"))


def _variables(case: Case) -> Iterator[tuple[str, str]]:
    for site in case.named("ENV"):
        if site.stage in case.shipped:
            yield from ((name, value) for name, value, _ in site.instruction.pairs())


def says_cpu(case: Case, installs: tuple[PythonInstall, ...]) -> str:
    """Return what says that it runs on CPUs; empty when nothing does."""
    name = case.recipe.name.rpartition("/")[2]
    if _CPU_WORD.search(name):
        return f"the file is called {name}"
    if _CPU_WORD.search(starts(case)):
        return "it is started for the CPU"
    for variable, value in _variables(case):
        if (variable == "CUDA_VISIBLE_DEVICES" and value in ("", '""', "-1")) or _CPU_WORD.fullmatch(
            value.strip("\"'")
        ):
            return f"{variable} says CPU"
    for each in installs:
        for asked in each.asked:
            if asked.name in _CPU_PACKAGES:
                return f"{asked.name} is for CPUs"
    if _asks_for_none(case):
        return "the code asks for no GPU"
    return ""


def _asks_for_none(case: Case) -> bool:
    """Whether the code imports torch, all of it could be read, and none of it names a GPU."""
    read = code(case)
    uses_torch = any(each.module.partition(".")[0] == "torch" for file in read.files for each in file.imports)
    return uses_torch and not read.skips and gpu_use(read).verdict == "not seen"
