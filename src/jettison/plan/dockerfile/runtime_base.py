"""The image that the runtime stage starts from: the smallest that surely has the same interpreter.

The operating system and its release stay the same, because the virtual environment's interpreter and the libraries that
were built against it are the builder's. What changes is the flavour: full → slim, devel → runtime or base.
"""

import re

from jettison.plan.dockerfile.packages import NEEDED_BY_WHEELS, names
from jettison.plan.dockerfile.rewrite_record import Choice, Facts
from jettison.rules.dockerfile.bases import Base

_BUNDLE_CUDA = re.compile(r"torch|tensorflow-and-cuda|jax-cuda\d+.*|nvidia-.*|vllm|xformers|cupy-cuda.*")
_SYSTEM_CUDA = names(
    "onnxruntime-gpu tensorrt cupy pycuda deepspeed flash-attn apex tensorflow-gpu tensorflow paddlepaddle-gpu"
    " mxnet numba jax jaxlib bitsandbytes faiss-gpu dgl torch-scatter torch-sparse detectron2 mmcv"
)
"""Distributions that look for the system's CUDA libraries, or may."""
_SUITES = ("bookworm", "bullseye", "buster", "trixie", "stretch")


def choose_runtime_base(base: Base, facts: Facts) -> tuple[str, Choice]:
    """Return the runtime stage's image, and why it is that one.

    Args:
        base: of the recipe.
        facts: of the service.
    """
    if base.digest:
        return base.image, Choice(
            "runtime base", base.image, ("the digest is pinned: another flavour has another one",)
        )
    if facts.compiles:
        reasons = (*facts.compiles, "so the compiler stays: the base is as it was")
        return base.image, Choice("runtime base", base.image, reasons)
    if base.family == "python":
        return _python(base, facts)
    if base.family in ("cuda", "pytorch"):
        return _cuda(base, facts)
    return base.image, Choice("runtime base", base.image, ("it is the small one of its family",))


def _python(base: Base, facts: Facts) -> tuple[str, Choice]:
    if base.slim:
        return base.image, Choice("runtime base", base.image, ("it is the slim one already",))
    if facts.requirements is None:
        why = "which distributions are installed is not known, so neither is what they need of the full image"
        return base.image, Choice("runtime base", base.image, (why,))
    tag = slim_tag(base.tag)
    image = f"{base.repository}:{tag}"
    needs = sorted(facts.requirements & NEEDED_BY_WHEELS.keys())
    reasons = ["the interpreter is the same one, at the same path; compilers and headers stay in the builder"]
    if needs:
        packages = sorted({each for need in needs for each in NEEDED_BY_WHEELS[need]})
        reasons.append(f"{', '.join(needs)} need {', '.join(packages)}, which is installed")
    return image, Choice("runtime base", image, tuple(reasons))


def slim_tag(tag: str) -> str:
    """Return the slim kind of a tag of the Python image: ``3.11-bookworm`` → ``3.11-slim-bookworm``."""
    if not tag or tag == "latest":
        return "slim"
    version, dash, suite = tag.partition("-")
    if suite in _SUITES:
        return f"{version}-slim-{suite}"
    return f"{tag}-slim" if not dash else tag


def _cuda(base: Base, facts: Facts) -> tuple[str, Choice]:
    names = facts.requirements
    if base.cuda in (None, "base") or ("devel" not in base.tag and "runtime" not in base.tag):
        return base.image, Choice("runtime base", base.image, ("it has no CUDA libraries of its own",))
    bundled = sorted(name for name in names or () if _BUNDLE_CUDA.fullmatch(name))
    wanted = sorted((names or frozenset()) & _SYSTEM_CUDA)
    if base.family == "cuda" and bundled and not wanted and names is not None:
        tag = re.sub(r"-(?:cudnn\d*-)?(?:devel|runtime)", "-base", base.tag)
        why = f"the wheels of {', '.join(bundled)} bring CUDA, and nothing seen asks for the system's"
        return f"{base.repository}:{tag}", Choice("runtime base", f"{base.repository}:{tag}", (why,))
    tag = base.tag.replace("devel", "runtime")
    loaders = ", ".join(wanted) or "what is installed"
    why = f"{loaders} may load the system's CUDA libraries; compilers stay in the builder"
    return f"{base.repository}:{tag}", Choice("runtime base", f"{base.repository}:{tag}", (why,))
