"""Distributions that write the same files."""

from collections.abc import Iterator

from jettison.rules.dockerfile.alternates import TOGETHER
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule
from jettison.rules.dockerfile.shipping import shipped_installs


def _check(case: Case) -> Iterator[Find]:
    found = {asked.name: (install, asked) for install in shipped_installs(case) for asked in install.asked}
    for first, second, why in TOGETHER:
        if first in found and second in found and not _removed(case, first, second):
            install, asked = found[second]
            one = found[first][1]
            yield Find(
                f"{one.text}{one.where} and {asked.text}{asked.where}: {why}",
                (asked.word or install.call.command).span,
                None,
                (Claim("wheels", (one.text,)),),
            )


def _removed(case: Case, *names: str) -> bool:
    """Whether one of them is uninstalled again."""
    return any(
        (word.value or "").lower().replace("_", "-") in names
        for tool in ("pip", "uv")
        for _, call in case.calls(tool, "uninstall")
        for word in call.operands
    )


SAME_FILES_TWICE = Rule(
    name="same-files-twice",
    title="Two packages write the same files",
    severity="medium",
    confidence="high",
    why="`opencv-python` and its headless or contrib kinds all install `cv2`; `onnxruntime` and "
    "`onnxruntime-gpu` share "
    "a folder, so do `faiss-cpu` and `faiss-gpu`. pip installs both without a word. Which files win depends on the "
    "order of downloads, both are stored, and removing one breaks the other. Nothing is said where one is uninstalled.",
    sources=("opencv-python's own description of its packages", "onnxruntime's installation guide"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nRUN pip install opencv-python opencv-python-headless\n"),
        Example("FROM python:3.12-slim\nRUN pip install onnxruntime\nRUN pip install onnxruntime-gpu==1.19\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN pip install opencv-python-headless numpy\n"),
        Example(
            "FROM python:3.12-slim\nRUN pip install opencv-python opencv-python-headless\n"
            "RUN pip uninstall -y opencv-python\n"
        ),
        Example(
            "FROM python:3.12-slim AS a\nRUN pip install onnxruntime\nFROM python:3.12\n"
            "RUN pip install onnxruntime-gpu\n"
        ),
    ),
)
