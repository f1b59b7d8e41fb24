"""What an image is for, told from what it starts."""

from typing import Literal

from jettison.dockerfile.record import Instruction
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case

Purpose = Literal["service", "training", "notebook", "shell", ""]
_SERVERS = regex(
    r"(?:^|[\s/\"'])(?:uvicorn|gunicorn|hypercorn|daphne|granian|waitress-serve|flask|fastapi|bentoml|torchserve|"
    r"tritonserver|mlserver|streamlit|ray\s+serve|litserve|tensorflow_model_server|text-generation-launcher|"
    r"vllm|celery|chainlit|gradio|seldon-core-microservice|_wsgi\.py|supervisord|nginx)\b"
)
_SERVING_FILE = regex(
    r"\b(?:[\w/.-]*/)?(?:app|main|server|serve|serving|api|predict|predictor|inference|wsgi|asgi|web\w*|handler)\.py\b"
)
_TRAINING = regex(
    r"\b(?:torchrun|deepspeed|accelerate\s+launch|horovodrun|mpirun|[\w/.-]*(?:train|finetune|fit)[\w-]*\.(?:py|sh))\b"
)
_NOTEBOOK = regex(r"\bjupyter|\bipython\b|\bstart-notebook|\bnotebook\b|code-server")
_SHELLS = frozenset({"bash", "/bin/bash", "sh", "/bin/sh", "zsh", "python", "python3", "ipython"})


def starts(case: Case) -> str:
    """Return what the image starts, as one line of text: ENTRYPOINT, then CMD; empty when neither is written."""
    entry: Instruction | None = None
    command: Instruction | None = None
    for site in case.sites:
        if site.stage in case.shipped:
            if site.instruction.name == "ENTRYPOINT":
                entry, command = site.instruction, None
            elif site.instruction.name == "CMD":
                command = site.instruction
    return " ".join(_text(each) for each in (entry, command) if each).strip()


def _text(instruction: Instruction) -> str:
    if instruction.json:
        return " ".join(word.text for word in instruction.words)
    return instruction.body.text


def purpose(case: Case) -> Purpose:
    """Return what an image is for; empty when that is not told by what it starts."""
    text = starts(case)
    if _NOTEBOOK.search(text):
        return "notebook"
    if _TRAINING.search(text):
        return "training"
    if _SERVERS.search(text) or _SERVING_FILE.search(text):
        return "service"
    return "shell" if not text or text in _SHELLS else ""
