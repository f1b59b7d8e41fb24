"""Wheels and index pages made in code."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping


def wheel_file(name: str, version: str, files: Mapping[str, bytes], needs: Iterable[str] = ()) -> bytes:
    """Return a wheel with METADATA."""
    buffer = io.BytesIO()
    folder = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs) + "\nRequires-Dist: not-a-field-of-the-body\n"
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(f"{folder}/METADATA", metadata)
        archive.writestr(f"{folder}/RECORD", "")
    return buffer.getvalue()


def json_page(name: str, files: Mapping[str, bytes], **more: object) -> bytes:
    """Return a PEP 691 page; ``more`` is said of each file."""
    rows = [
        {
            "filename": file,
            "url": f"../../files/{file}",
            "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
            "size": len(data),
            **more,
        }
        for file, data in files.items()
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": rows}).encode()


def html_page(files: Iterable[str]) -> bytes:
    """Return a PEP 503 page."""
    return "".join(f'<a href="../../files/{file}">{file}</a>\n' for file in files).encode()
