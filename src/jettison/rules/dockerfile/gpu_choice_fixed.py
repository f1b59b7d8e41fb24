"""Which GPUs a service sees, fixed in the image."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("ENV"):
        if site.stage not in case.shipped:
            continue
        for name, value, word in site.instruction.pairs():
            text = value.strip("\"' ")
            if "$" not in text and (message := _message(name, text)):
                yield Find(message, word.span)


def _message(name: str, value: str) -> str:
    if name == "CUDA_VISIBLE_DEVICES":
        seen = (
            "no GPU at all"
            if value in ("", "-1", "none", "NoDevFiles")
            else f"only {value} of the GPUs that it is given"
        )
        return f"CUDA_VISIBLE_DEVICES is fixed in the image: the service sees {seen}"
    if name == "NVIDIA_VISIBLE_DEVICES" and value in ("none", "void", ""):
        return f"NVIDIA_VISIBLE_DEVICES={value or '(empty)'} keeps every GPU out of the container"
    return ""


GPU_CHOICE_FIXED = Rule(
    name="gpu-choice-fixed",
    title="the GPUs that are seen are fixed in the image",
    severity="medium",
    confidence="high",
    why="Which GPU a container uses is for the one who starts it. With `CUDA_VISIBLE_DEVICES=0` in the image the "
    "second of two GPUs idles, and with an empty value the service runs on the CPU without a word. To compile or "
    "test without a GPU set it for one RUN.",
    sources=("CUDA C++ programming guide, environment variables", "NVIDIA container toolkit, environment variables"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV CUDA_VISIBLE_DEVICES=0\n"),
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV NVIDIA_VISIBLE_DEVICES=none\n"),
    ),
    good=(
        Example("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV NVIDIA_VISIBLE_DEVICES=all\n"),
        Example("FROM python:3.11\nRUN CUDA_VISIBLE_DEVICES= python -c 'import torch'\n"),
        Example("FROM python:3.11\nARG GPUS\nENV CUDA_VISIBLE_DEVICES=$GPUS\n"),
    ),
)
