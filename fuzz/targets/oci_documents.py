"""Manifests, indexes and configs: every reader takes every input."""

import contextlib

from tests.helpers.images import File, oci_files, tar_bytes

from jettison.errors import JettisonError
from jettison.oci import media
from jettison.oci.config import instructions, read_config
from jettison.oci.manifest import is_attestation, read_index, read_manifest

_LAYER = tar_bytes([File("a", b"1")])
_CONFIG = {
    "Entrypoint": ["/app"],
    "Cmd": ["--x"],
    "Env": ["A=1"],
    "User": "1:1",
    "WorkingDir": "/w",
    "ExposedPorts": {"80/tcp": {}},
    "Healthcheck": {"Test": ["CMD", "x"], "Interval": 1000000000},
    "Labels": {"a": "b"},
    "StopSignal": "SIGTERM",
    "Volumes": {"/v": {}},
}
_FILES = {
    **oci_files([_LAYER, _LAYER], config=_CONFIG, annotations={"a": "b"}),
    **oci_files([_LAYER], architectures=("amd64", "arm64"), nested=True, docker_types=True),
}
CORPUS = tuple(data for data in _FILES.values() if data.startswith(b"{"))


def run(data: bytes) -> None:
    """Read the input as each kind of document."""
    for media_type in media.MANIFESTS:
        with contextlib.suppress(JettisonError):
            read_manifest(data, media_type, "manifest")
    for media_type in media.INDEXES:
        with contextlib.suppress(JettisonError):
            for entry in read_index(data, media_type, "index"):
                is_attestation(entry, "index")
    with contextlib.suppress(JettisonError):
        instructions(read_config(data, "config"), 2)
