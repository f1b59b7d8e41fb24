"""A stage with tools to look into a service, beside the one that is shipped."""

from jettison.plan.dockerfile.layout import RUNTIME
from jettison.plan.dockerfile.rewrite_record import Choice, NewStage, Piece, Split

_TOOLS = ("curl", "less", "procps", "strace")
_WHY = "the same service with tools to look into it, as root; it is not what is shipped"


def with_debug_stage(split: Split) -> Split:
    """Return a split with a stage ``debug``; the last stage, which a build without ``--target`` gives, is as before.

    Args:
        split: its last stage is the runtime stage, on a base with apt.
    """
    install = f"apt-get install -y --no-install-recommends {' '.join(_TOOLS)}"
    text = (
        f"FROM {RUNTIME} AS debug\nUSER root\n"
        f"RUN apt-get update \\\n    && {install} \\\n    && rm -rf /var/lib/apt/lists/*\n"
    )
    debug = NewStage("debug", (Piece(text, None, "added", _WHY),))
    last = NewStage("image", (Piece(f"FROM {RUNTIME} AS image\n", None, "added", "what is shipped, as it was"),))
    choice = Choice("debug stage", ", ".join(_TOOLS), (_WHY, "docker build --target debug"))
    return Split(split.head, (*split.stages, debug, last), split.dropped, (*split.choices, choice))
