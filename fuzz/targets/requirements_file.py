"""Requirements files: refused, or names and addresses of wheels alone."""

import tempfile
from pathlib import Path

from jettison.compose.requirements import read_requirements
from jettison.errors import JettisonError

CORPUS: tuple[bytes, ...] = (
    b"six==1.15.0 --hash=sha256:" + b"a" * 64 + b"\n# why\nnumpy[x]>=1,<2 ; python_version > '3'\n",
    b"--index-url https://host/ --pre\n-f wheels\n./x-1-py3-none-any.whl[y];os_name=='posix'\n",
    b"z @ https://host/z-1-py3-none-any.whl#sha256=0\nfile:///w/q-1-py3-none-any.whl\nzz-1.tar.gz[x]\n-e .\n-r r.txt\n",
    b"x @ \\\n git+https://host/x\n./proj # not a .whl\n-c https://host/c.txt\n",
)


def run(data: bytes) -> None:
    """Read the input as a requirements file, and look at what pip would get."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.txt"
        path.write_bytes(data)
        try:
            found = read_requirements(path)
        except JettisonError:
            return
    for line in (*found.wanted, *found.constraints):
        name, at, address = line.partition(";")[0].partition("@")
        if at and ".whl" not in address:
            raise AssertionError(f"no wheel: {line}")
        if "/" in name or name.startswith((".", "-")) or "\n" in line:
            raise AssertionError(f"no name: {line}")
