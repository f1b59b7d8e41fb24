"""Whole composes, offline: packages and wheels made in code, put into the cache, named by a lock."""

import io
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

from tests.helpers.packages import Content, deb_of, package_of, wheel_of, wheel_record

from jettison.api.build import build
from jettison.compose.debian import deb_cache
from jettison.compose.document import read_recipe
from jettison.compose.lock import input_hash, lock_path, write_lock
from jettison.compose.record import BuildResult, Package, Resolved, Wheel
from jettison.compose.resolve import _architecture
from jettison.compose.wheels import wheel_cache
from jettison.oci.image import Image
from jettison.sources.open import open_image

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = f"usr/local/lib/python{PYTHON}/dist-packages"
RECIPE = """
name = "tiny"
{more}
[debian]
packages = ["python3-minimal"]
[python]
[[files]]
from = "app.py"
to = "/app/app.py"
[[files]]
from = "model.onnx"
to = "/app/model.onnx"
[image]
entrypoint = ["/usr/bin/python3", "/app/app.py"]
workdir = "/app"
"""
BASE_FILES: dict[str, Content] = {
    "./": None,
    "./bin/": None,
    "./etc/": None,
    "./root/": None,
    "./usr/": None,
    "./usr/share/man/man1/x.1": b"manual",
    "./usr/share/doc/base-files/copyright": b"free",
    "./usr/share/doc/base-files/README": b"read",
    "./usr/lib/os-release": b"ID=debian\n",
}
DEBS = {
    "base-files": deb_of("base-files", BASE_FILES),
    "libc6": deb_of("libc6", {"./lib/x/libc.so.6": b"\x7fELF junk", "./lib64/ld.so": "/lib/x/ld.so"}, version="2.36-1"),
    f"python{PYTHON}-minimal": deb_of(
        f"python{PYTHON}-minimal",
        {
            f"./usr/bin/python{PYTHON}": b"ELF",
            "./usr/bin/python3": f"python{PYTHON}",
            f"./usr/lib/python{PYTHON}/os.py": b"x = 1\n",
        },
        scripts={"postinst": "py_compile everything\n"},
    ),
}
MORE = {"git": deb_of("git", {"./usr/bin/git": b"git"}, scripts={"postinst": "#!/bin/sh\nset -e\n"})}
VERSIONS = {"libc6": "2.36-1"}
WHEELS = {
    "thing": wheel_of("thing", {"thing/__init__.py": b"X = {'a', 'b'}\n"}),
    "other": wheel_of("other", {"o.py": b"1"}),
}


def keep(debs: dict[str, bytes], part: str = "base") -> tuple[Package, ...]:
    packages = []
    for name, data in sorted(debs.items()):
        package = package_of(name, data, VERSIONS.get(name, "1.0"))
        packages.append(replace(package, part=part))  # type: ignore[arg-type]
        with deb_cache().put(f"{package.sha256}.deb") as file:
            file.write(data)
    return tuple(packages)


def keep_wheels(wheels: dict[str, bytes]) -> tuple[Wheel, ...]:
    records = []
    for name, data in sorted(wheels.items()):
        records.append(wheel_record(name, data))
        with wheel_cache().put(f"{records[-1].sha256}.whl") as file:
            file.write(data)
    return tuple(records)


def project(tmp_path: Path, more: str = "", *, text: str = RECIPE, resolved: Resolved | None = None) -> Path:
    (tmp_path / "requirements.txt").write_text("thing\n")
    (tmp_path / "app.py").write_text("print(1)\n")
    (tmp_path / "model.onnx").write_bytes(b"weights")
    path = tmp_path / "compose.toml"
    path.write_text(text.format(more=more))
    if resolved is None:
        resolved = Resolved("bookworm", keep(DEBS), keep_wheels(WHEELS))
    recipe = read_recipe(path)
    write_lock(lock_path(recipe), resolved, input_hash(recipe, _architecture(None), debug=recipe.debug))
    return path


def compose(path: Path, out: Path) -> tuple[BuildResult, Image]:
    result = build(path, f"oci:{out}", force=True)
    return result, open_image(f"oci:{out}")


def content(image: Image) -> dict[str, tarfile.TarInfo]:
    found: dict[str, tarfile.TarInfo] = {}
    for layer in image.layers:
        raw = Path(layer.blob.path).read_bytes()[layer.blob.offset :][: layer.blob.size]
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:*") as tar:
            found |= {info.name: info for info in tar.getmembers()}
    return found
