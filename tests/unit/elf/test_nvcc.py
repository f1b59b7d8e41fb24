"""Libraries that nvcc builds, where it is: several architectures, variants, packed in each way."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jettison.elf.arch import Choice
from jettison.elf.bytes import FileBytes
from jettison.elf.fatbin import COMPRESSED, read_fatbins
from jettison.elf.prune import prune
from jettison.elf.treatment import Treatment
from jettison.elf.verify import verify_pruned

pytestmark = [
    pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not there"),
    pytest.mark.timeout(600),
]
ARCHES = ("sm_80", "sm_86", "sm_90", "sm_90a", "sm_100f", "sm_120")
# Long straight code, so that what goes is whole pages.
KERNEL = """\
template <int N> __global__ void kernel(float *x) {
    float v = x[threadIdx.x];
    #pragma unroll
    for (int i = 0; i < 3000; i++) v = v * x[i * N] + sinf(x[i + N]);
    x[threadIdx.x] = v;
}
extern "C" int answer() { return 42; }
extern "C" int launch(float *x) {
    kernel<1><<<1, 32>>>(x); kernel<2><<<1, 32>>>(x); kernel<3><<<1, 32>>>(x);
    return (int)cudaGetLastError();
}
"""


def built(folder: Path, mode: str, *more: str) -> Path:
    """Build a library for all architectures."""
    (folder / "kernel.cu").write_text(KERNEL)
    codes = [f"-gencode=arch={arch.replace('sm', 'compute')},code={arch}" for arch in ARCHES]
    codes.append("-gencode=arch=compute_90,code=compute_90")
    out = folder / "libkernel.so"
    options = ["-shared", "-Xcompiler", "-fPIC", f"-compress-mode={mode}", *codes, *more]
    command = ["nvcc", *options, "-o", str(out), "kernel.cu"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return out


@pytest.mark.parametrize("mode", ["size", "none"])
def test_library(tmp_path: Path, mode: str) -> None:
    """Every entry that nvcc made is found; what is left for a GPU is what its driver would choose; it still loads."""
    library, out = built(tmp_path, mode), tmp_path / "pruned.so"
    with FileBytes(library) as data:
        found = read_fatbins(data.read, len(data))
    assert [each.problem for each in found] == [""] * len(found)
    names = [entry.name for each in found for entry in each.entries]
    assert set(names) == {*ARCHES, "compute_90"}
    packed = [bool(entry.flags & COMPRESSED) for each in found for entry in each.entries if entry.kind == 2]
    assert all(packed) is (mode == "size")
    treatment = Treatment(Choice((90,)))
    assert prune(library, treatment, out).changed
    with FileBytes(library) as old, FileBytes(out) as new:
        verified = verify_pruned(old, new, treatment)
        left = [entry.name for each in read_fatbins(new.read, len(new)) for entry in each.entries]
    assert verified.problems == ()
    assert verified.choices == len(found)
    assert set(left) == {"sm_90", "sm_90a"}
    if mode == "none":
        assert out.stat().st_size < library.stat().st_size - 300_000
    code = f"import ctypes; print(ctypes.CDLL({str(out)!r}, {os.RTLD_NOW}).answer())"
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        assert done.stdout == "42\n"


def test_relocatable(tmp_path: Path) -> None:
    """Relocatable device code is in a section of its own, and pruned there."""
    library, out = built(tmp_path, "none", "-rdc=true"), tmp_path / "pruned.so"
    treatment = Treatment(Choice((80,)))
    assert prune(library, treatment, out).changed
    with FileBytes(library) as old, FileBytes(out) as new:
        assert verify_pruned(old, new, treatment).problems == ()
        left = {entry.name for each in read_fatbins(new.read, len(new)) for entry in each.entries if entry.kind == 2}
    assert left == {"sm_80"}
