"""The GPU driver in an image."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_DRIVER = regex(
    r"nvidia-(?:driver|dkms|kernel|utils|headless|compute-utils|modprobe|settings|open)(?:-[\w.-]+)?|nvidia-\d{3}"
    r"|libcuda1(?:-\d+)?|libnvidia-(?:compute|gl|decode|encode|cfg1|extra|common|ml|fbc1)[\w-]*|cuda-drivers[\w-]*"
    r"|cuda|cuda-\d+-\d+|xserver-xorg-video-nvidia[\w-]*"
)


def _check(case: Case) -> Iterator[Find]:
    for tool in ("apt", "dnf"):
        for site, call in case.calls(tool, "install"):
            if site.stage not in case.shipped:
                continue
            names = ((word.value or word.text).partition("=")[0] for word in call.operands)
            found = tuple(name for name in names if _DRIVER.fullmatch(name))
            if found:
                base = case.image(site.stage) or ""
                more = " (a package of everything, the driver included)" if found[0].startswith("cuda") else ""
                yield Find(
                    f"{found[0]}{more} puts a GPU driver into the image: the host's is mounted over it, or "
                    "clashes with it",
                    call.command.span,
                    None,
                    (Claim("debs", of=found, base=base),),
                )


DRIVER_IN_IMAGE = Rule(
    name="driver-in-image",
    title="a GPU driver in the image",
    severity="high",
    confidence="high",
    why="The driver belongs to the host's kernel; the runtime mounts the libraries that fit it into the container. "
    "One that is installed is dead weight at best. At worst `libcuda.so.1` of another version is found first, and "
    "CUDA ends with `driver/library version mismatch`. The packages `cuda` and `cuda-12-4` bring the driver as "
    "well: `cuda-toolkit-12-4`, or the single libraries, do not.",
    sources=("NVIDIA container toolkit, architecture", "NVIDIA's CUDA installation guide: meta-packages"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y nvidia-driver-535 git\n"),
        Example("FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y cuda-12-4\n"),
    ),
    good=(
        Example("FROM ubuntu:22.04\nRUN apt-get install -y cuda-toolkit-12-4 libcudnn9-cuda-12 cuda-nvcc-12-4\n"),
        Example("FROM ubuntu:22.04\nRUN apt-get install -y nvidia-container-toolkit cuda-cudart-12-4\n"),
    ),
)
