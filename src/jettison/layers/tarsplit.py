"""tar-split: what a layer's tar has beside its files' content, so that the tar can be put together again.

The form is that of ``github.com/vbatts/tar-split`` (``tar/storage``): one JSON object a line, numbered from 0; type 2
holds bytes of the tar (padding, headers, the end), type 1 stands for the content of the member whose header came last,
with its size and CRC-64/ISO. Padding behind content belongs to the next header's bytes.
"""

import json
from base64 import b64encode

import zstandard

from jettison.layers.crc64 import Crc64
from jettison.oci.digest import sha256

_FILE, _BYTES = 1, 2


class TarSplit:
    """Collects a tar's lines, packed with zstd as they come.

    Args:
        level: of zstd.

    Attributes:
        size: bytes of all lines, not packed.
    """

    def __init__(self, level: int) -> None:
        self.size = 0
        self._pack = zstandard.ZstdCompressor(level, write_checksum=True).compressobj()
        self._packed: list[bytes] = []
        self._lines = 0

    def segment(self, data: bytes) -> None:
        """Take bytes of the tar that are no content, up to the next content."""
        self._line({"type": _BYTES, "payload": b64encode(data).decode()})

    def file(self, name: str, size: int, checksum: Crc64) -> None:
        """Take the place of a member's content; every member has one, also one without content."""
        told: dict[str, str | int | None] = {"type": _FILE, "name": name}
        if size:
            told["size"] = size
        told["payload"] = b64encode(checksum.digest()).decode() if size else None
        self._line(told)

    def finish(self) -> tuple[bytes, str]:
        """Return all lines packed with zstd, and the digest of that."""
        self._packed.append(self._pack.flush())
        packed = b"".join(self._packed)
        return packed, sha256(packed)

    def _line(self, told: dict[str, str | int | None]) -> None:
        line = json.dumps({**told, "position": self._lines}, separators=(",", ":")).encode() + b"\n"
        self._lines += 1
        self.size += len(line)
        self._packed.append(self._pack.compress(line))
