"""Debian packages and wheels made in code, well-formed or not."""

import base64
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping, Sequence

import zstandard

from jettison.compose.record import Package, Wheel

Content = bytes | str | None  # a file's bytes, a link's target, a folder


def tar_of(members: Mapping[str, Content], extra: Sequence[tarfile.TarInfo] = ()) -> bytes:
    """Return a tar; names as they stand, so that hostile ones can be made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.mtime = 1_600_000_000
            info.mode = 0o644
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
            elif isinstance(content, str):
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, content, 0o777
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        for info in extra:
            tar.addfile(info)
    return buffer.getvalue()


def ar_of(members: Sequence[tuple[str, bytes]]) -> bytes:
    """Return an ar file."""
    data = b"!<arch>\n"
    for name, content in members:
        data += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content
        data += b"\n" * (len(content) % 2)
    return data


def pack(data: bytes, suffix: str) -> bytes:
    """Compress as the suffix says."""
    if suffix == ".xz":
        return lzma.compress(data)
    if suffix == ".gz":
        return gzip.compress(data)
    return zstandard.compress(data) if suffix == ".zst" else data


def deb_of(
    name: str,
    files: Mapping[str, Content],
    *,
    version: str = "1.0",
    architecture: str = "amd64",
    depends: str = "",
    scripts: Mapping[str, str] | None = None,
    suffix: str = ".xz",
    extra: Sequence[tarfile.TarInfo] = (),
) -> bytes:
    """Return a package's archive."""
    control = f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: x\n"
    control += f"Depends: {depends}\n" if depends else ""
    sums = "".join(
        f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}  {path.removeprefix('./')}\n"
        for path, data in files.items()
        if isinstance(data, bytes)
    )
    inside: dict[str, Content] = {"./control": control.encode(), "./md5sums": sums.encode()}
    inside |= {f"./{script}": text.encode() for script, text in (scripts or {}).items()}
    return ar_of(
        [
            ("debian-binary", b"2.0\n"),
            (f"control.tar{suffix}", pack(tar_of(inside), suffix)),
            (f"data.tar{suffix}", pack(tar_of(files, extra), suffix)),
        ]
    )


def package_of(name: str, deb: bytes, version: str = "1.0") -> Package:
    """Return the record of a package."""
    return Package(name, version, "amd64", hashlib.sha256(deb).hexdigest(), len(deb))


def record_hash(data: bytes) -> str:
    """Return a hash as RECORD has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def wheel_of(
    name: str,
    files: Mapping[str, bytes],
    *,
    version: str = "1.0",
    lies: Mapping[str, str] | None = None,
    forgotten: Sequence[str] = (),
    entry_points: str = "",
    metadata: str = "",
) -> bytes:
    """Return a wheel; ``lies`` replaces hashes in its RECORD, ``forgotten`` are not in it."""
    info = f"{name}-{version}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": (metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n").encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if entry_points:
        content[f"{info}/entry_points.txt"] = entry_points.encode()
    hashes = {path: record_hash(data) for path, data in content.items()} | dict(lies or {})
    lines = [f"{path},{hashes[path]},{len(data)}\n" for path, data in content.items() if path not in forgotten]
    content[f"{info}/RECORD"] = ("".join(lines) + f"{info}/RECORD,,\n").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in content.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def wheel_record(name: str, wheel: bytes, version: str = "1.0") -> Wheel:
    """Return the record of a wheel."""
    return Wheel(name, version, f"{name}-{version}-py3-none-any.whl", hashlib.sha256(wheel).hexdigest(), len(wheel))
