"""Kinds: what files are, by the table."""

import re

import pytest
from tests.helpers.images import File
from tests.helpers.reading import table_of

from jettison.elf.facts import ElfFacts
from jettison.files.kinds import KINDS, Classifier, model_format
from jettison.layers.entry import Entry, EntryType

SITE = "usr/local/lib/python3.11/site-packages"


def kind_of(
    path: str, *, size: int = 100, mode: int = 0o644, entry_type: EntryType = "file", facts: ElfFacts | None = None
) -> str:
    entry = Entry(path, entry_type, size, mode, 0, 0, 0, "", "", (0, 0), (), 0, 0, size)
    return Classifier().kind(path, entry, facts)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("usr/lib/x86_64-linux-gnu/libc.so.6", "shared library"),
        ("usr/lib/libfoo.so.1.2.3", "shared library"),
        (f"{SITE}/numpy/core/_umath.cpython-311-x86_64-linux-gnu.so", "shared library"),
        ("etc/ld.so.conf", "configuration"),
        ("opt/k.cubin", "gpu code"),
        ("usr/lib/libc.a", "static library"),
        ("usr/include/stdio.h", "header"),
        ("usr/include/c++/12/vector", "header"),
        (f"{SITE}/torch/include/ATen/ATen.h", "header"),
        ("usr/lib/debug/.build-id/ab/cd", "debug information"),
        (f"{SITE}/a/b.py", "python source"),
        (f"{SITE}/a/__pycache__/b.cpython-311.pyc", "python bytecode"),
        (f"{SITE}/numpy/tests/test_a.py", "python tests"),
        (f"{SITE}/numpy/tests/data/x.npy", "python tests"),
        (f"{SITE}/numpy/testing/__init__.py", "python source"),
        ("usr/local/lib/python3.11/test/test_os.py", "python tests"),
        ("app/tests/data.json", "tests"),
        (f"{SITE}/a/b.pyi", "type stubs"),
        (f"{SITE}/a/py.typed", "type stubs"),
        ("usr/share/doc/bash/README.gz", "documentation"),
        ("usr/share/doc/bash/copyright", "licence"),
        (f"{SITE}/sklearn/datasets/descr/iris.rst", "data"),
        (f"{SITE}/a/docs/index.txt.in", "documentation"),
        ("usr/share/man/man1/ls.1.gz", "manual page"),
        ("usr/share/locale/de/LC_MESSAGES/x.mo", "locale"),
        (f"{SITE}/a-1.dist-info/LICENSE", "licence"),
        (f"{SITE}/a-1.dist-info/licenses/LICENSE-MIT.txt", "licence"),
        (f"{SITE}/a/license.py", "python source"),
        (f"{SITE}/a/_notice.json", "data"),
        ("var/lib/apt/lists/deb_dists_InRelease", "package cache or list"),
        ("var/log/dpkg.log", "package cache or list"),
        ("var/lib/dpkg/status-old", "package cache or list"),
        ("root/.cache/pip/http-v2/a/b", "package cache or list"),
        ("home/app/.cache/uv/x", "package cache or list"),
        ("var/lib/dpkg/status", "package database"),
        (f"{SITE}/a-1.dist-info/METADATA", "package database"),
        (f"{SITE}/a-1.egg-info", "package database"),
        ("models/m.safetensors", "model weights"),
        ("models/m.onnx", "model weights"),
        (f"{SITE}/a.pth", "configuration"),
        ("usr/bin/x86_64-linux-gnu-gcc-12", "compiler or build tool"),
        ("usr/bin/make", "compiler or build tool"),
        ("usr/bin/make-report", "executable"),
        ("usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", "compiler or build tool"),
        ("usr/lib/cmake/x.cmake", "compiler or build tool"),
        ("usr/local/cuda-12.4/nvvm/bin/cicc", "CUDA toolkit"),
        ("usr/local/cuda-12.4/samples/x.sample", "CUDA toolkit"),
        ("usr/local/cuda-12.4/lib64/libcudart.so.12", "shared library"),
        ("usr/local/cuda-12.4/include/cuda.h", "header"),
        ("usr/bin/ls", "executable"),
        ("etc/passwd", "configuration"),
        ("srv/x.json", "data"),
        ("usr/share/X11/locale/en_US.UTF-8/Compose", "data"),
        ("usr/share/zoneinfo/Europe/Paris", "data"),
        (f"{SITE}/tzdata/zoneinfo/Europe/Paris", "data"),
        (f"{SITE}/tzdata/zoneinfo/Europe/__init__.py", "python source"),
        ("usr/share/terminfo/x/xterm", "data"),
        ("root/.bashrc", "configuration"),
        (f"{SITE}/sklearn/meson.build", "compiler or build tool"),
        ("srv/x.unheardof", "other"),
    ],
)
def test_paths_have_their_kind(path: str, kind: str) -> None:
    """Each path is of the kind that a person would name."""
    assert kind_of(path) == kind


def test_sizes_and_modes_decide_where_names_do_not() -> None:
    """A large .bin or .pth holds weights, a small one does not; a file with the executable bit is a program."""
    assert kind_of("m/pytorch_model.bin", size=20_000_000) == "model weights"
    assert kind_of("m/pytorch_model.bin", size=1000) == "data"
    assert kind_of("m/yolo.pth", size=1_000_000) == "model weights"
    assert kind_of("app/start", mode=0o755) == "executable"


def test_elf_files_without_a_telling_name() -> None:
    """The ELF header says library, program or object."""
    assert kind_of("opt/x", facts=ElfFacts(62, 64, "dyn")) == "shared library"
    assert kind_of("opt/x", facts=ElfFacts(62, 64, "dyn", interpreter="/lib/ld.so")) == "executable"
    assert kind_of("opt/x", facts=ElfFacts(62, 64, "exec")) == "executable"
    assert kind_of("opt/x", facts=ElfFacts(62, 64, "rel")) == "compiler or build tool"


def test_what_is_no_file() -> None:
    """Directories, devices and whiteouts are kinds of their own; symlinks are judged by their names."""
    assert kind_of("a.py", entry_type="dir") == "directory"
    assert kind_of("dev/null", entry_type="char") == "device or pipe"
    assert kind_of("a/.wh.b.py") == "whiteout"
    assert kind_of("usr/lib/libx.so", entry_type="symlink", size=0) == "shared library"


def test_a_hub_s_nameless_blob_is_known_by_its_link() -> None:
    """What a symlink named like a model leads to is model weights, whatever its own name."""
    table = table_of(
        [
            File("root/.cache/huggingface/blobs/abc", b"w"),
            File("root/.cache/huggingface/snapshots/1/model.safetensors", type="symlink", link="../../blobs/abc"),
        ]
    )
    assert table.visible["root/.cache/huggingface/blobs/abc"].kind == "model weights"


def test_formats_of_models() -> None:
    """The format is told from the name."""
    names = ["a.pt", "a.PTH", "a.onnx", "a.safetensors", "a.gguf", "a.h5", "a.pb", "a.bin", "dir.x/noname"]
    assert [model_format(name) for name in names] == [
        *("pytorch", "pytorch", "onnx", "safetensors", "gguf", "hdf5", "tensorflow", "bin", "unknown")
    ]


def test_the_table_is_sound() -> None:
    """Names are unique, each row is described, patterns compile, suffixes are lower case with a dot."""
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names))
    for kind in KINDS:
        assert kind.description
        re.compile(kind.names)
        re.compile(kind.programs)
        assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in kind.suffixes)
