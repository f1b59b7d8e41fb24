"""Libraries that write caches at run time, under a user who has no place for them."""

import re
from collections.abc import Iterator

from jettison.rules.dockerfile.accounts import accounts
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule

_WRITERS = {
    "HF_HOME": r"transformers|diffusers|huggingface[-_]hub|sentence[-_]transformers|datasets|text[-_]embeddings|vllm",
    "TORCH_HOME": r"torchvision|timm|segmentation[-_]models",
    "MPLCONFIGDIR": r"matplotlib|seaborn|ultralytics",
    "NUMBA_CACHE_DIR": r"numba|librosa|umap-learn",
    "TRITON_CACHE_DIR": r"triton|vllm",
    "YOLO_CONFIG_DIR": r"ultralytics",
    "NLTK_DATA": r"nltk",
}
"""Variable that moves a library's cache → packages that write it."""
_GENERAL = ("HOME", "XDG_CACHE_HOME")


def _check(case: Case) -> Iterator[Find]:
    users = [site for site in case.named("USER") if site.stage in case.shipped and site.instruction.args]
    final = case.final
    if not users or final is None or any(name in final.end.variables for name in _GENERAL):
        return
    user = (final.end.user or "").partition(":")[0]
    reason = _homeless(case, user)
    if not reason:
        return
    installed = _installed(case)
    missing = [name for name, pattern in _WRITERS.items() if re.search(rf"(?:^|\s)(?:{pattern})\b", installed)]
    missing = [name for name in missing if name not in final.end.variables]
    if missing:
        yield Find(
            f"user {user} {reason}, and nothing says where {', '.join(missing)} should point: what is cached at run "
            "time cannot be written",
            users[-1].instruction.span,
        )


def _homeless(case: Case, user: str) -> str:
    """Return why a user has no home that it can write; empty when it may have one."""
    made = [account for account in accounts(case) if account.name == user or (user and str(account.uid) == user)]
    if made:
        return "is made without a home" if made[-1].has_home is False and not _made(case, made[-1].name) else ""
    known = any(other.tool in ("useradd", "adduser", "usermod") for site in case.sites for other in site.calls)
    return (
        "has no entry in /etc/passwd, so that its home is /" if user.isdecimal() and user != "0" and not known else ""
    )


def _made(case: Case, name: str) -> bool:
    """Whether the home is made by hand."""
    makers = (call for site in case.sites for call in site.calls if call.tool in ("mkdir", "cp", "chown"))
    return any(f"/home/{name}" in word.text for call in makers for word in call.operands)


def _installed(case: Case) -> str:
    """Return the names of packages that the image's stages install, as far as the recipe has them."""
    words = (
        word.text.strip("\"'").lower()
        for tool in ("pip", "uv", "conda")
        for site, call in case.calls(tool, "install", "sync", "create")
        if site.stage in case.built
        for word in call.operands
    )
    return " ".join(words)


CACHE_NOT_WRITABLE = Rule(
    name="cache-not-writable",
    title="caches that the user cannot write",
    severity="medium",
    confidence="medium",
    why="Hugging Face, torch, matplotlib, numba, Triton and ultralytics write below the home at run time. A user "
    "made with `-M`, `-r` or by a number alone has none that it can write: models are fetched anew at each start, "
    "compiled kernels are lost, or the start fails. Make the home (`useradd -m`), or point the variables at a "
    "folder that the user owns. Told only where the recipe itself installs such a package.",
    sources=("the packages' documentation: HF_HOME, TORCH_HOME, MPLCONFIGDIR, NUMBA_CACHE_DIR, TRITON_CACHE_DIR",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.11-slim\nRUN pip install transformers\nRUN useradd -r -M app\nUSER app\n"),
        Example("FROM python:3.11-slim\nRUN pip install numba==0.60 matplotlib\nUSER 1000\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN pip install transformers\nRUN useradd -m app\nUSER app\n"),
        Example("FROM python:3.11-slim\nRUN pip install transformers\nENV HF_HOME=/cache\nUSER 1000\n"),
        Example("FROM python:3.11-slim\nRUN pip install flask\nUSER 1000\n"),
        Example("FROM python:3.11-slim\nRUN pip install transformers\n"),
    ),
)
