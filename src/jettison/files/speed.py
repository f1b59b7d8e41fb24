"""How fast this machine unpacks layers, measured once, so that an estimate is more than a guess."""

import contextlib
import hashlib
import json
import os
import tempfile
import time
import zlib
from pathlib import Path

from isal import isal_zlib

from jettison.errors import MachineError
from jettison.storage import atomic_file, cache_root, scratch_dir

_SAMPLE = 24_000_000  # bytes unpacked in the measurement: about 0.3 s
_FILE = 64_000  # bytes of a file written: the mean of an ML image's files is 50 to 100 kB
_PIECE = 65_536
_NAME = "unpack-speed-1.json"


def unpack_speed(*, cache: bool = True) -> int:
    """Return bytes of layer tar that this machine unpacks a second on one core, as engines do, one layer at a time.

    Measured once for a machine and kept in the cache folder: gunzip with zlib (Docker's gunzip is as fast), SHA-256 of
    the tar and of the blob, files written and closed. Docker 20.10 was measured at 120 to 154 MB/s.

    Args:
        cache: take and keep the figure.
    """
    path = cache_root() / _NAME
    if cache and (known := _load(path)):
        return known
    speed = _measure()
    if cache:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(path, force=True) as file:
                file.write(json.dumps({"unpack_speed": speed, "machine": os.uname().nodename}).encode())
    return speed


def _load(path: Path) -> int:
    try:
        document = json.loads(path.read_bytes())
        return int(document["unpack_speed"]) if document["machine"] == os.uname().nodename else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _measure() -> int:
    sample = _make_sample()
    try:
        return _measure_in(sample, None)
    except (OSError, MachineError):  # a cache that is full or read-only is no reason to show nothing
        return _measure_in(sample, Path(tempfile.gettempdir()))


def _measure_in(sample: bytes, base: Path | None) -> int:
    with scratch_dir(base) as folder:
        start = time.perf_counter()
        _unpack(sample, folder)
        return int(_SAMPLE / (time.perf_counter() - start))


def _make_sample() -> bytes:
    """Return gzip data that shrinks to about 45 %, as ML layers do: half noise, half repetition."""
    noise = hashlib.shake_256(b"jettison").digest(_SAMPLE // 16)
    block = b"".join(noise[at : at + 2048] + bytes(noise[at : at + 64]) * 32 for at in range(0, len(noise), 2048))
    data = (block * (_SAMPLE // len(block) + 1))[:_SAMPLE]
    packer = isal_zlib.compressobj(1, wbits=31)  # eight times as fast as zlib's
    return packer.compress(data) + packer.flush()


def _unpack(sample: bytes, folder: Path) -> None:
    unpacker, blob, tar = zlib.decompressobj(wbits=31), hashlib.sha256(), hashlib.sha256()
    pending = bytearray()
    count = 0
    for at in range(0, len(sample), _PIECE):
        piece = sample[at : at + _PIECE]
        blob.update(piece)
        out = unpacker.decompress(piece)
        tar.update(out)
        pending += out
        while len(pending) >= _FILE:
            (folder / str(count)).write_bytes(pending[:_FILE])
            del pending[:_FILE]
            count += 1
