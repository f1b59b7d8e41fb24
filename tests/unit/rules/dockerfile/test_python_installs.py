from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.project.read import read_project
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.gpu import bundles_cuda, index_kind
from jettison.rules.dockerfile.python_installs import PythonInstall, applies, asked_of, python_installs


def _one(run: str, before: str = "") -> PythonInstall:
    (found,) = python_installs(make_case(parse_text(f"FROM python:3.12-slim\n{before}RUN {run}\n")))
    return found


@pytest.mark.parametrize(
    ("text", "name", "version", "local", "extras"),
    [
        ("torch", "torch", (), "", ()),
        ("Torch_Vision==0.18.1+cu121", "torch-vision", (0, 18, 1), "cu121", ()),
        ("jax[cuda12,k8s] >= 0.4", "jax", (), "", ("cuda12", "k8s")),
        ("numpy==1.26; python_version < '3.13'", "numpy", (1, 26), "", ()),
        ("pkg @ git+https://example.com/a/b.git", "pkg", (), "", ()),
        ("git+https://example.com/a/My.Tool.git@v1#egg=mine", "mine", (), "", ()),
        ("git+https://example.com/a/My.Tool.git@v1", "my-tool", (), "", ()),
        ("==1.0", "", (), "", ()),
    ],
)
def test_requirement_is_read(
    text: str, name: str, version: tuple[int, ...], local: str, extras: tuple[str, ...]
) -> None:
    """A requirement's name, pinned version, local version and extras are read; what is none has no name."""
    found = asked_of(text)
    assert (found.name, found.version, found.local, found.extras) == (name, version, local, extras)


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    """Any text is read as something, without an error."""
    assert asked_of(text).name == asked_of(text).name.lower()
    assert applies(text) in (True, False)


def test_variables_are_replaced_where_known() -> None:
    """A version by ARG is known by its default; an unknown variable leaves the name."""
    assert _one('pip install "torch==${V}"', "ARG V=2.3.1\n").asked[0].version == (2, 3, 1)
    unknown = _one("pip install torch==$V", "ARG V\n").asked[0]
    assert (unknown.name, unknown.version) == ("torch", ())


def test_a_local_path_makes_it_incomplete() -> None:
    """What is installed from a path is not all named."""
    found = _one("pip install -e . numpy")
    assert (found.local, found.complete, [each.name for each in found.asked]) == ((".",), False, ["numpy"])


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("pip install torch", True),
        ("pip install torch==2.3.1+cpu -f https://x.example/y", False),
        ("pip install torch --index-url https://x.example/whl/cpu", False),
        ("pip install torch --index-url https://x.example/whl/cu124", True),
        ("pip install torch --index-url https://x.example/whl/rocm6.0", False),
        ("pip install torch -i https://mirror.example/simple", None),
        ("PIP_INDEX_URL=https://x.example/whl/cpu pip install torch", False),
        ("pip install torch -i $INDEX", None),
        ("uv pip install --torch-backend=cpu torch", False),
        ("uv pip install --torch-backend auto torch", False),
        ("pip install 'tensorflow[and-cuda]'", True),
        ("pip install tensorflow", False),
        ("pip install 'jax[cuda12]'", True),
        ("pip install 'jax[cuda12_local]'", False),
        ("pip install nvidia-cudnn-cu12", True),
        ("pip install numpy", False),
        ("conda install cudatoolkit=11.8", True),
        ("conda install pytorch", False),
    ],
)
def test_what_brings_cuda(run: str, expected: bool | None) -> None:  # noqa: FBT001 -- a table's column
    """It is known which wheels bring CUDA, by name, extra, local version and index; None where it is not."""
    install = _one(run)
    assert bundles_cuda(install, install.asked[0]) is expected


def test_kind_of_index() -> None:
    """An index of PyTorch's is known by the end of its address, whatever its host."""
    assert index_kind("https://x.example/whl/nightly/cu128") == "cu128"
    assert index_kind("https://x.example/whl/cpu/torch_stable.html") == "cpu"
    assert index_kind("https://x.example/simple") == ""


def test_requirement_files_are_read(tmp_path: Path) -> None:
    """A file that was copied is read, with its includes, and each requirement says where it stands."""
    (tmp_path / "r.txt").write_text("-r more.txt\nfastapi\n")
    (tmp_path / "more.txt").write_text("torch==2.3.1\npywin32; sys_platform == 'win32'\n")
    text = "FROM python:3.12-slim\nWORKDIR /a\nCOPY *.txt ./\nRUN pip install -r r.txt\n"
    (found,) = python_installs(make_case(parse_text(text), read_project(str(tmp_path))))
    assert [(each.name, each.where) for each in found.asked] == [
        ("fastapi", " (r.txt:2)"),
        ("torch", " (r.txt:1)"),
    ] or [each.name for each in found.asked] == ["torch", "fastapi"]
    assert found.complete


def test_own_dependencies_are_read(tmp_path: Path) -> None:
    """What a project that is installed depends on is read from its pyproject.toml."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\ndependencies = ["torch>=2"]\n')
    text = "FROM python:3.12-slim\nWORKDIR /a\nCOPY . .\nRUN pip install .\n"
    (found,) = python_installs(make_case(parse_text(text), read_project(str(tmp_path))))
    assert [each.name for each in found.asked] == ["torch"]
    assert not found.complete
