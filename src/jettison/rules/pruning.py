"""Which libraries may have parts taken out."""

from collections.abc import Iterator

from jettison.elf.facts import ElfFacts
from jettison.files.record import File, Owner
from jettison.rules.inside import never
from jettison.rules.names import matches
from jettison.rules.record import Case
from jettison.rules.scene import Scene

_SET_ID = 0o6000
_OPEN = ("nvidia-nccl-*", "nvidia-cutlass*", "nvidia-dali*")
"""Distributions of NVIDIA under a free licence, whatever their metadata says (fnmatch)."""
_CLOSED = ("nvidia-*", "tensorrt*", "cuda-*", "cupti*")
_CLOSED_DEBS = (
    "cuda-*", "libcublas*", "libcudnn*", "libcufft*", "libcufile*", "libcurand*", "libcusolver*", "libcusparse*",
    "libnpp*", "libnvinfer*", "libnvjitlink*", "libnvjpeg*", "libnvrtc*", "libnvvm*", "libnvonnx*", "libnvparsers*",
    "nsight-*", "nvidia-*", "tensorrt*",
)  # fmt: skip
CLOSED_FILES = (
    "libcublas*.so*", "libcudart*.so*", "libcudnn*.so*", "libcufft*.so*", "libcufile*.so*", "libcupti*.so*",
    "libcurand*.so*", "libcusolver*.so*", "libcusparse*.so*", "libnpp*.so*", "libnvinfer*.so*", "libnvJitLink*.so*",
    "libnvjpeg*.so*", "libnvrtc*.so*", "libnvperf*.so*", "libnvshmem*.so*", "libcheckpoint*.so*", "libnvvm*.so*",
    "libpcsamplingutil*.so*",
)  # fmt: skip


def prunable(case: Case) -> Iterator[tuple[File, ElfFacts]]:
    """Give the libraries and programs that may be changed, with their facts.

    Left alone are files with other names (hard links) and copies of the same content, which are better linked; set-id
    programs; files with extended attributes, which may sign their content; what apk and conda packages own, as their
    records are not rewritten; and, unless the user asks for them, files that their licence does not let one modify.
    """
    table = case.scene.table
    linked = set(table.inodes.values())
    digests: dict[str, int] = {}
    for file in table.visible.values():
        digests[file.entry.digest] = digests.get(file.entry.digest, 0) + 1
    for file in case.left():
        entry, facts = file.entry, table.elfs.get((file.layer, file.index))
        if facts is None or facts.type not in ("dyn", "exec") or facts.bits != 64:  # noqa: PLR2004 -- bits
            continue
        plain = entry.type == "file" and not entry.mode & _SET_ID and not entry.xattrs
        alone = (file.layer, file.index) not in linked and digests[entry.digest] == 1
        held = case.scene.is_fixed(file.path) or file.owner.startswith(("apk:", "conda:")) or never(file.path)
        if plain and alone and not held and (case.gpu_everywhere or not closed(case.scene, file)):
            yield file, facts


def closed(scene: Scene, file: File) -> bool:
    """Whether a file's licence does not let one modify it: NVIDIA's CUDA libraries, wherever they lie."""
    name = file.path.rpartition("/")[2]
    owner = scene.table.owners.get(file.owner)
    if owner is not None and owner.type == "python" and _named(owner, _OPEN):
        return False
    if matches(name, CLOSED_FILES):
        return True
    if owner is None:
        return False
    return _named(owner, _CLOSED_DEBS if owner.type == "deb" else _CLOSED) or _says_so(scene, owner)


def _named(owner: Owner, patterns: tuple[str, ...]) -> bool:
    name = owner.name.lower().replace("_", "-")
    return matches(name, patterns)


def _says_so(scene: Scene, owner: Owner) -> bool:
    """Whether a distribution's metadata calls its licence proprietary."""
    metadata = owner.record.rpartition("/")[0] + "/METADATA"
    text = scene.table.texts.get(metadata, b"").decode("utf-8", "replace").lower()
    head = text.partition("\n\n")[0]
    lines = [line for line in head.splitlines() if line.startswith(("license", "classifier: license"))]
    return any("proprietary" in line or "nvidia" in line for line in lines)
