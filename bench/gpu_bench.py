"""GPU code: what it finds and how fast, against NVIDIA's cuobjdump and cubloaty; how much goes, and what that costs.

python bench/gpu_bench.py FOLDER    makes FOLDER/lean.tar (bench/images/gpu) when it is not there, and a virtual
environment FOLDER/gpu-tools with torch and the two tools (PyPI: nvidia-cuda-cuobjdump, cubloaty)

The floor of pruning is reading the library and writing what is left, with nothing looked at.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from jettison.elf.arch import Choice
from jettison.elf.bytes import FileBytes
from jettison.elf.closure import needs
from jettison.elf.prune import OWN_SECTIONS, prune
from jettison.elf.treatment import Treatment
from jettison.elf.verify import verify_pruned
from jettison.errors import BadInputError
from jettison.files.read import read_table
from jettison.rules.scene import make_scene
from jettison.sources.open import open_image
from measure import best, jettison, machine, run, table

HERE = Path(__file__).parent
LIBRARIES = (
    "torch/lib/libtorch_cuda.so",
    "nvidia/cu13/lib/libcublasLt.so.13",
    "nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9",
    "nvidia/nccl/lib/libnccl.so.2",
)
TOOLS = ("torch==2.14.1", "torchvision==0.29.1", "nvidia-cuda-cuobjdump==13.5.37", "cubloaty==0.2.0b1")
DEEP = Treatment(Choice((90,)), 2)
_LISTED = re.compile(r"^(?:ELF|PTX) file .*\.sm_([0-9]+[a-z]?)\.(cubin|ptx)$", re.MULTILINE)
_PIECE = 1 << 20


Counts = Counter[tuple[str, str]]
"""Entries, or bytes in the file, by kind and architecture: ``("cubin", "90a")``."""


def site_packages(folder: Path) -> Path:
    """Return the packages of the tools' environment, made when it is not there."""
    venv = folder / "gpu-tools"
    if not (venv / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "-q", "--no-cache-dir", *TOOLS], check=True)
        (venv / "ready").touch()
    return next(venv.glob("lib/python3*/site-packages"))


def ours(command: list[str]) -> tuple[Counts, Counts, Counts]:
    """Return entries, those in sections of nothing but fatbins, and bytes of cubins and PTX as Jettison counts them."""
    entries, own, sizes = Counts(), Counts(), Counts()
    for row in json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["rows"]:
        kind, arch = row["code"].split("_")
        if kind in ("sm", "compute"):
            key = "cubin" if kind == "sm" else "ptx", arch
            entries[key] += row["entries"]
            own[key] += row["entries"] if row["section"] in OWN_SECTIONS else 0
            sizes[key] += row["disk"]
    return entries, own, sizes


def cuobjdump(command: list[str]) -> Counts:
    """Return its count of entries."""
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return Counter((kind, arch) for arch, kind in _LISTED.findall(text))


def cubloaty(command: list[str]) -> tuple[Counts, Counts]:
    """Return its counts of images and of bytes."""
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    entries, sizes = Counts(), Counts()
    for row in json.loads(text or '{"components": []}')["components"]:
        if row["kind"] in ("sass", "ptx"):
            key = "ptx" if row["kind"] == "ptx" else "cubin", row["arch"].partition("_")[2]
            entries[key] += row["images"]
            sizes[key] += row["file_size"]
    return entries, sizes


def without_f(counts: Counts) -> Counts:
    """Return counts as cuobjdump has them: it leaves the ``f`` of a family's variant out."""
    merged = Counts()
    for (kind, arch), count in counts.items():
        merged[kind, arch.rstrip("f")] += count
    return merged


def verdict(one: Counts, other: Counts) -> str:
    """Say whether two counts are the same, and else where not."""
    apart = sorted(key for key in one.keys() | other.keys() if one[key] != other[key])
    shown = ", ".join(f"{kind} {arch} {other[kind, arch]} for {one[kind, arch]}" for kind, arch in apart[:3])
    return "the same" if not apart else f"differs: {shown}" + (" …" if len(apart) > 3 else "")


def accounts(site: Path) -> Iterator[list[str]]:
    """Give a row for each library and tool."""
    program = next(site.glob("nvidia/cu*/bin/cuobjdump"))
    program.chmod(0o755)
    for name in LIBRARIES:
        library = str(site / name)
        mine = jettison("gpu", library, "--json")
        dump = [str(program), "-all", "-lelf", "-lptx", library]
        bloaty = [str(site.parents[2] / "bin/cubloaty"), "--format", "json", "--top", "1", library]
        (entries, own, sizes), (images, bytes_) = ours(mine), cubloaty(bloaty)
        dumped = verdict(without_f(entries), counted := cuobjdump(dump))
        if dumped != "the same" and verdict(without_f(own), counted) == "the same":
            dumped = f"the same but for {(entries - own).total():,} that it does not look for (other sections)"
        rows = (
            ("jettison gpu", mine, f"{entries.total():,} entries, {sizes.total() / 1e6:.1f} MB"),
            ("cuobjdump -all", dump, f"entries {dumped}"),
            ("cubloaty", bloaty, f"entries {verdict(entries, images)}; bytes {verdict(sizes, bytes_)}"),
        )
        for tool, command, says in rows:
            yield [name.rpartition("/")[2], tool, f"{best(command).wall:.2f}", says]


def libraries(site: Path) -> list[Path]:
    """Return every ELF file of a megabyte or more."""
    found = []
    for path in sorted(site.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size >= _PIECE:
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found


def copied(path: Path, out: Path, size: int) -> None:
    """Read a file, and write ``size`` bytes of it."""
    with open(path, "rb") as file, open(out, "wb") as target:
        while piece := file.read(_PIECE):
            target.write(piece[:size])
            size -= min(size, len(piece))


def pruning(site: Path, scratch: Path) -> list[list[str]]:
    """Prune every library by itself at level 2 for 9.0, prove each, and compare with copying what is left."""
    before = after = changed = 0
    seconds = {"prune": 0.0, "prove": 0.0, "floor": 0.0}
    out, floor = scratch / "pruned", scratch / "copied"
    for path in libraries(site):
        with open(path, "rb") as file:
            while file.read(_PIECE):
                pass  # so that all three find it in the page cache
        began = time.monotonic()
        try:
            done = prune(path, DEEP, out)
        except BadInputError:
            continue
        pruned = time.monotonic()
        copied(path, floor, done.size if done.changed else 0)
        seconds["floor"] += time.monotonic() - pruned
        seconds["prune"] += pruned - began
        before, after, changed = before + path.stat().st_size, after + done.size, changed + done.changed
        if done.changed:
            began = time.monotonic()
            with FileBytes(path) as old, FileBytes(out) as new:
                if problems := verify_pruned(old, new, DEEP).problems:
                    raise AssertionError(path, problems)
            seconds["prove"] += time.monotonic() - began
            out.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    what = f"{before / 1e9:.2f} GB of libraries, {changed} changed, {after / 1e9:.2f} GB left"
    return [
        [f"read all, write what is left: {what}", f"{seconds['floor']:.1f}", _rate(before, seconds["floor"]), ""],
        ["prune (level 2, 9.0)", f"{seconds['prune']:.1f}", _rate(before, seconds["prune"]), f"{peak:.0f}"],
        ["prove", f"{seconds['prove']:.1f}", _rate(before, seconds["prove"]), f"{peak:.0f}"],
    ]


def _rate(size: int, seconds: float) -> str:
    return f"{size / 1e9 / seconds:.2f}"


def environment(reference: str, cache: str) -> tuple[int, int]:
    """Return the bytes of an image's Python environment: on disk, and its share of the pull (an estimate by entry)."""
    os.environ["JETTISON_CACHE"] = cache
    found = read_table(open_image(reference))
    files = [file for path, file in found.visible.items() if "/site-packages/" in path or "/dist-packages/" in path]
    seen = {(file.layer, found.inodes.get((file.layer, file.index), file.index)): file for file in files}
    alone = [file for file in seen.values() if file.entry.type == "file"]
    return sum(file.entry.size for file in alone), sum(file.pull for file in alone)


def slimming(folder: Path, scratch: Path) -> Iterator[list[str]]:
    """Give what slim makes of the image, with and without NVIDIA's own libraries."""
    image, cache = folder / "lean.tar", str(scratch / "cache")
    if not image.exists():
        recipe = str(HERE / "images/gpu/recipe.toml")
        subprocess.run(jettison("build", recipe, "-o", f"docker-archive:{image}"), check=True)
    workload = str(HERE / "images/gpu/workload.toml")
    disk, pull = environment(str(image), cache)
    yield ["as built (gzip)", f"{disk / 1e9:.2f}", f"{pull / 1e9:.2f}", "", "", ""]
    for scope, level, runs in (("open", "1", True), ("all", "1", True), ("all", "2", True), ("all", "2", False)):
        out = f"oci:{scratch / f'{scope}-{level}-{runs}'}"
        options = ["--gpu", "h100", "--gpu-scope", scope, "--gpu-level", level, "--compression", "zstd"]
        options += ["-w", workload] if runs else []
        done = run(jettison("slim", str(image), "-o", out, *options), {"JETTISON_CACHE": cache})
        held = "held" if done.code == 0 else f"exit {done.code}"
        disk, pull = environment(out, cache) if done.code == 0 else (0, 0)
        cells = [f"{disk / 1e9:.2f}", f"{pull / 1e9:.2f}", held, f"{done.wall:.0f}", f"{done.peak / 1e6:.0f}"]
        yield [f"--gpu h100 --gpu-scope {scope} --gpu-level {level}{'' if runs else ', without a workload'}", *cells]


def closure(reference: str) -> list[str]:
    """Time how long it takes to resolve what every ELF file of an image needs."""
    found = read_table(open_image(reference))
    began = time.monotonic()
    scene = make_scene(found)
    count = sum(len(needs(path, facts, scene.libraries).resolved) for path, facts in scene.elfs.items())
    seconds = time.monotonic() - began
    return [Path(reference).name, f"{len(found.visible):,}", f"{len(scene.elfs):,}", f"{count:,}", f"{seconds:.2f}"]


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    site = site_packages(folder)
    images = [str(path) for path in (folder / "lean.tar", folder / "image.tar") if path.exists()]
    print(f"{machine()}\n")
    print("Entries of fatbins, by architecture and kind:\n")
    print(table(["library", "tool", "wall s", "finds"], list(accounts(site))))
    with tempfile.TemporaryDirectory(dir=folder) as name:
        print("\nEvery ELF file of 1 MB or more of torch 2.14.1's environment, one at a time:\n")
        print(table(["what", "wall s", "GB/s of what is read", "peak MB"], pruning(site, Path(name))))
        print("\nThe image, slimmed with its workload; sizes of its Python environment:\n")
        head = ["slim", "disk GB", "pull GB", "proof", "wall s", "peak MB, the workload's processes too"]
        print(table(head, list(slimming(folder, Path(name)))))
        print("\nWhat every ELF file needs, resolved:\n")
        print(table(["image", "paths", "ELF files", "needs", "wall s"], [closure(image) for image in images]))


if __name__ == "__main__":
    main()
