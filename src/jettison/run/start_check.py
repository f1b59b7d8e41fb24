"""Start a command, unless this image holds no code for a GPU that is here; then say which GPU, and which it holds.

    python3 gpu_check.py COMMAND [ARGUMENTS ...]

It reads what 'jettison slim --gpu' left in /usr/share/jettison/gpu.json and asks the CUDA driver. Where there is no
driver, no GPU or no manifest, it only starts the command. It runs inside images: the standard library is all it needs.
"""

from __future__ import annotations  # images have Pythons from 3.8 on

import ctypes
import json
import os
import sys
from typing import NamedTuple

MANIFEST = "/usr/share/jettison/gpu.json"
EXIT_WRONG_GPU = 78  # EX_CONFIG
_MAJOR, _MINOR = 75, 76  # CUdevice_attribute: CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR


def source() -> str:
    """Return the text of this program."""
    with open(__file__, encoding="utf-8") as file:
        return file.read()


class Held(NamedTuple):
    """What the image holds code for: compute capabilities, whether newer GPUs find PTX, and what pruned it."""

    gpus: list[str]
    newer: bool
    tool: str


def held(path: str = MANIFEST) -> Held | None:
    """Return what the manifest says; None when there is none that can be read: then nothing was pruned."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        return Held([str(gpu) for gpu in document["gpus"]], document["ptx"] != "needed", str(document["tool"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def gpus(library: str = "libcuda.so.1") -> list[tuple[str, str]]:
    """Return name and compute capability of the GPUs that the driver shows; none without a driver."""
    try:
        cuda = ctypes.CDLL(library)
    except OSError:
        return []
    count = ctypes.c_int()
    if cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count)):
        return []
    found = []
    for number in range(count.value):
        device, name, value = ctypes.c_int(), ctypes.create_string_buffer(128), ctypes.c_int()
        if cuda.cuDeviceGet(ctypes.byref(device), number):
            continue
        cuda.cuDeviceGetName(name, len(name), device)
        parts = []
        for attribute in (_MAJOR, _MINOR):
            cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
            parts.append(str(value.value))
        found.append((name.value.decode("utf-8", "replace"), ".".join(parts)))
    return found


def runs(gpu: str, here: Held) -> bool:
    """Whether a GPU finds code: kept for it, or for an older one of its generation; or PTX that its driver compiles."""
    able = [tuple(map(int, each.split("."))) for each in here.gpus]
    mine = tuple(map(int, gpu.split(".")))
    return any(each <= mine and (here.newer or each[0] == mine[0]) for each in able)


def problem(present: list[tuple[str, str]], here: Held | None) -> str:
    """Return what is wrong in a sentence; nothing when every GPU finds code."""
    wrong = [each for each in present if here is not None and not runs(each[1], here)]
    if here is None or not wrong:
        return ""
    names = ", ".join(f"{name} (compute capability {gpu})" for name, gpu in wrong)
    wanted = ",".join(dict.fromkeys([*here.gpus, *(gpu for _, gpu in present)]))
    return (
        f"This image holds GPU code for compute capability {', '.join(here.gpus) or 'none'}, and here is: {names}. "
        f"Run it on another GPU, or slim the original again with --gpu {wanted} ({here.tool} pruned it)."
    )


def main(arguments: list[str]) -> int:
    """Check, then become the command."""
    if not arguments:
        sys.stderr.write("usage: gpu_check.py COMMAND [ARGUMENTS ...]\n")
        return 2
    found = problem(gpus(), held())
    if found:
        sys.stderr.write(found + "\n")
        return EXIT_WRONG_GPU
    try:
        os.execvp(arguments[0], arguments)  # noqa: S606 -- the command that the user gives
    except OSError as error:
        sys.stderr.write(f"{arguments[0]}: {error.strerror}\n")
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
