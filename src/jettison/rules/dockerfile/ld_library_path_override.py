"""LD_LIBRARY_PATH that drops the base image's."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.record import Word
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.places import base_at
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_NAME = "LD_LIBRARY_PATH"


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("ENV"):
        base = base_at(case, site.stage)
        if site.stage not in case.shipped or base is None or base.cuda is None or _NAME in site.state.variables:
            continue
        for name, value, word in site.instruction.pairs():
            if name == _NAME and _NAME not in value and "/usr/local/nvidia/lib64" not in value:
                yield Find(
                    f"{_NAME} is set without the base image's own: the folders where the driver's libraries may be put "
                    "(/usr/local/nvidia) are no longer searched",
                    word.span,
                    _fix(word, value),
                )


def _fix(word: Word, value: str) -> Fix | None:
    plain = word.whole and word.text == f"{_NAME}={value}" and not set(value) & set("\"' ")
    edit = Edit(word.span[1], word.span[1], ":${LD_LIBRARY_PATH}")
    return Fix("unsafe", (edit,), "keep what the base image has") if plain and value else None


LD_LIBRARY_PATH_OVERRIDE = Rule(
    name="ld-library-path-override",
    title="LD_LIBRARY_PATH drops what the CUDA base set",
    severity="medium",
    confidence="medium",
    why="NVIDIA's CUDA images set `LD_LIBRARY_PATH` to the folders into which a runtime may mount the driver "
    "(`/usr/local/nvidia/lib64`). A value without `$LD_LIBRARY_PATH` in it loses them: `libcuda.so.1` is then not "
    "found where a cluster mounts the driver there.",
    sources=("NVIDIA's CUDA images: ENV LD_LIBRARY_PATH",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV LD_LIBRARY_PATH=/opt/lib\n",
            "FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV LD_LIBRARY_PATH=/opt/lib:${LD_LIBRARY_PATH}\n",
        ),
        Example('FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV LD_LIBRARY_PATH "/opt/lib"\n'),
    ),
    good=(
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV LD_LIBRARY_PATH=/opt/lib:$LD_LIBRARY_PATH\n"),
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV LD_LIBRARY_PATH=/usr/local/nvidia/lib64:/opt/lib\n"),
        Example("FROM python:3.11-slim\nENV LD_LIBRARY_PATH=/opt/lib\n"),
    ),
)
