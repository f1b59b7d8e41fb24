"""How fast pulls were seen to unpack on this machine, by engine, so that the next one can be worked out."""

import contextlib
import json
import os
from pathlib import Path

from jettison.storage import atomic_file, cache_root

_NAME = "unpack-rates-1.json"


def known_rate(engine: str) -> int:
    """Return bytes a second, as :func:`remember_rate` was told last on this machine; 0 when nothing is known."""
    rate = _load().get(engine, 0)
    return rate if isinstance(rate, int) and rate > 0 else 0


def remember_rate(engine: str, rate: int) -> None:
    """Keep the rate that a measured pull told."""
    path = _path()
    document = {**_load(), engine: rate, "machine": os.uname().nodename}
    with contextlib.suppress(OSError):  # it only serves estimates
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, force=True) as file:
            file.write(json.dumps(document).encode())


def _path() -> Path:
    return cache_root() / _NAME


def _load() -> dict[str, object]:
    try:
        document = json.loads(_path().read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    here = isinstance(document, dict) and document.get("machine") == os.uname().nodename
    return document if here else {}
