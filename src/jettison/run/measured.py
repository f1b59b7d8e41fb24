"""What a passing run measured, kept by image, workload and boot of the machine, so that it need not be measured again.

Only times and memory are kept, never answers: a proof always runs.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import jettison
from jettison.oci.digest import sha256
from jettison.oci.image import Image
from jettison.run.workload import Workload
from jettison.storage import Cache, cache_root

_LIMIT = 10_000_000
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of a run that passed.

    Attributes:
        ready_seconds: as :attr:`jettison.run.workload.RunResult.ready_seconds`.
        peak_memory: likewise, bytes.
    """

    ready_seconds: float
    peak_memory: int


def recall(image: Image, workload: Workload) -> Measured | None:
    """Return what was measured of this workload on this image since the machine was started; None when nothing was."""
    text = _cache().get(_key(image, workload))
    try:
        found = json.loads(text or b"null")
        return Measured(float(found["ready_seconds"]), int(found["peak_memory"]))
    except (ValueError, KeyError, TypeError):  # nothing there, or a damaged file
        return None


def remember(image: Image, workload: Workload, measured: Measured) -> None:
    """Keep what a run that passed measured."""
    with _cache().put(_key(image, workload)) as file:
        file.write(json.dumps(asdict(measured)).encode())


def _cache() -> Cache:
    return Cache(cache_root() / "measured", _LIMIT)


def _key(image: Image, workload: Workload) -> str:
    try:
        boot = _BOOT.read_text()
    except OSError:
        boot = ""
    parts = (jettison.__version__, boot, image.manifest_digest, image.config.digest, repr(workload))
    return sha256(repr(parts).encode()).partition(":")[2]
