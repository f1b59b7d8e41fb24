"""Manifests and lock files: each kind into the one shape, malformed ones into skips."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project.dependencies import Dependencies, Index
from jettison.dockerfile.project.manifests import READERS, parse, read_dependencies
from jettison.dockerfile.project.names import KINDS, kind_of, manifests
from jettison.dockerfile.project.poetry import specifier

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def asked(found: Dependencies) -> dict[tuple[str, str], list[str]]:
    return {
        (group.kind, group.name): [f"{item.name}{item.specifier}" for item in group.wanted] for group in found.groups
    }


def reasons(found: Dependencies) -> list[str]:
    return [f"{skip.subject}: {skip.reason}" for skip in found.skips]


# --- pyproject --------------------------------------------------------------------------------------------------------


def test_pyproject_standard() -> None:
    """PEP 621 and 735: dependencies, extras, groups with what they include, what builds the project, loops refused."""
    found = parse(
        """
[build-system]
requires = ["hatchling>=1"]
[project]
name = "demo"
scripts = {serve = "demo.app:main", bad = 5}
requires-python = ">=3.11"
dependencies = ["Torch==2.4", "bad requirement !"]
[project.optional-dependencies]
GPU = ["triton"]
[dependency-groups]
lint = ["ruff"]
dev = ["pytest", {include-group = "lint"}]
loop = [{include-group = "loop"}, {include-group = "gone"}]
""",
        "pyproject.toml",
        "pyproject",
    )
    assert (found.name, found.python) == ("demo", ">=3.11")
    assert found.scripts == (("serve", "demo.app:main"),)
    assert asked(found) == {
        ("build", ""): ["hatchling>=1"],
        ("main", ""): ["torch==2.4"],
        ("extra", "gpu"): ["triton"],
        ("group", "lint"): ["ruff"],
        ("group", "dev"): ["pytest", "ruff"],
        ("group", "loop"): [],
    }
    assert [line.partition(": ")[2].partition(":")[0] for line in reasons(found)] == [
        "bad requirement !",
        "loop",
        "gone",
    ]


def test_pyproject_uv() -> None:
    """Uv's sources say where a requirement comes from, its indexes what is asked and in which role."""
    found = parse(
        f"""
[project]
name = "d"
dependencies = ["torch", "mine", "lib", "tool"]
[tool.uv]
dev-dependencies = ["pytest"]
constraint-dependencies = ["numpy<2"]
[tool.uv.sources]
torch = [{{index = "cpu", marker = "sys_platform == 'linux'"}}]
mine = {{path = "mine", editable = true}}
lib = {{git = "https://h/lib", rev = "{COMMIT}"}}
tool = {{url = "https://h/tool-1.0.tar.gz"}}
[[tool.uv.index]]
name = "cpu"
url = "https://h/cpu"
explicit = true
""",
        "pyproject.toml",
        "pyproject",
    )
    main = next(group for group in found.groups if group.kind == "main")
    assert [(item.name, item.source, item.index, item.pinned, item.editable) for item in main.wanted] == [
        ("torch", "index", "cpu", False, False),
        ("mine", "path", "", True, True),
        ("lib", "vcs", "", True, False),
        ("tool", "url", "", False, False),
    ]
    assert found.indexes == (Index("https://h/cpu", "cpu", "explicit"),)
    assert asked(found)["constraint", ""] == ["numpy<2"]
    assert asked(found)["group", "dev"] == ["pytest"]


def test_pyproject_poetry() -> None:
    """Poetry's tables: carets, extras, groups, several ranges of one name, sources with their priority."""
    found = parse(
        """
[tool.poetry]
name = "p"
[tool.poetry.dependencies]
python = "^3.10"
requests = "^2.31"
torch = {version = "2.4.0", source = "cpu", extras = ["a"]}
numpy = [{version = "<1.24", python = "<3.11"}, {version = ">=1.26", python = ">=3.11"}]
opt = {version = "*", optional = true}
mine = {path = "../mine", develop = true}
odd = "^1 || ^2"
[tool.poetry.extras]
all = ["opt"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
sphinx = "~7.1"
[[tool.poetry.source]]
name = "cpu"
url = "https://h/cpu"
priority = "supplemental"
""",
        "pyproject.toml",
        "pyproject",
    )
    assert found.python == "<4,>=3.10"
    assert asked(found) == {
        ("build", ""): [],
        ("main", ""): ["requests<3,>=2.31", "torch==2.4.0", "numpy<1.24", "numpy>=1.26", "mine"],
        ("extra", "all"): ["opt"],
        ("group", "dev"): ["pytest"],
        ("group", "docs"): ["sphinx<7.2,>=7.1"],
    }
    assert [group.optional for group in found.groups] == [False, False, True, False, True]
    assert found.groups[1].wanted[1].pinned
    assert found.groups[1].wanted[2].marker == "python_version <3.11"
    assert reasons(found) == ["pyproject.toml: odd: alternatives of versions"]
    assert found.indexes == (Index("https://h/cpu", "cpu", "extra"),)


def test_pyproject_others() -> None:
    """PDM's groups, Hatch's environments, and dependencies that are only known when the project is built."""
    found = parse(
        """
[project]
name = "d"
dynamic = ["dependencies"]
[tool.pdm.dev-dependencies]
test = ["pytest", "-e file:///${PROJECT_ROOT}/sub"]
[[tool.pdm.source]]
name = "pypi"
url = "https://h/simple"
[tool.hatch.envs.lint]
dependencies = ["ruff"]
""",
        "pyproject.toml",
        "pyproject",
    )
    assert asked(found)["group", "test"] == ["pytest", ""]
    assert asked(found)["group", "hatch-lint"] == ["ruff"]
    assert reasons(found) == ["pyproject.toml: dependencies are computed when the project is built"]
    assert found.indexes == (Index("https://h/simple", "pypi"),)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("*", ""),
        ("1.2", "==1.2"),
        ("^1.2.3", "<2,>=1.2.3"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0", "<1,>=0"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1", "<2,>=1"),
        ("~=1.2", "~=1.2"),
        (">=1,<2", "<2,>=1"),
        (">=1 <2", "<2,>=1"),
        ("1.*", "==1.*"),
        ("^1.0", "<2,>=1.0"),
        ("!=1.5", "!=1.5"),
    ],
)
def test_versions(said: str, expected: str) -> None:
    """Poetry's carets, tildes and bare versions in PEP 440's words."""
    assert specifier(said) == expected


# --- setup ------------------------------------------------------------------------------------------------------------


def test_setup_cfg() -> None:
    """setup.cfg: what is installed, extras, and what is read from files when the project is built."""
    found = parse(
        """
[metadata]
name = demo
[options]
python_requires = >=3.8
install_requires =
    numpy>=1.20
    # c
    torch ; python_version>"3"
setup_requires = file: reqs.txt
[options.extras_require]
Dev = pytest
""",
        "setup.cfg",
        "setup-cfg",
    )
    assert (found.name, found.python) == ("demo", ">=3.8")
    assert asked(found) == {("main", ""): ["numpy>=1.20", "torch"], ("build", ""): [], ("extra", "dev"): ["pytest"]}
    assert reasons(found) == ["setup.cfg: setup_requires: is read from reqs.txt when the project is built"]


def test_setup_py() -> None:
    """setup.py is read as far as it is literal, names of its top followed, and never run."""
    found = parse(
        """
import os, setuptools
os.abort()
BASE = ["numpy"]
NAME = "demo"
setuptools.setup(
    name=NAME,
    python_requires=">=3.9",
    install_requires=BASE + ["torch>=2"],
    setup_requires=[line for line in open("r.txt")],
    extras_require={"dev": ["pytest"], "all": BASE},
    **EXTRA,
)
""",
        "setup.py",
        "setup-py",
    )
    assert (found.name, found.python) == ("demo", ">=3.9")
    assert asked(found) == {
        ("main", ""): ["numpy", "torch>=2"],
        ("build", ""): [],
        ("extra", "dev"): ["pytest"],
        ("extra", "all"): ["numpy"],
    }
    assert reasons(found) == [
        "setup.py: some arguments of setup are computed",
        "setup.py: setup_requires: is computed when the project is built (line 10)",
    ]
    assert reasons(parse("x = 1\n", "setup.py", "setup-py")) == ["setup.py: no call of setup was found"]


# --- names and hostile files ------------------------------------------------------------------------------------------


def test_names() -> None:
    """Manifests are found by name, those nearest to the top first; every kind has a reader."""
    paths = ["a/pyproject.toml", "requirements-dev.txt", "reqs/base.in", "uv.lock", "x.txt", "env.gpu.yaml", "setup.py"]
    assert manifests(paths) == (
        ("env.gpu.yaml", "conda"),
        ("requirements-dev.txt", "requirements"),
        ("setup.py", "setup-py"),
        ("uv.lock", "uv-lock"),
        ("a/pyproject.toml", "pyproject"),
        ("reqs/base.in", "requirements"),
    )
    assert kind_of("docker/constraints.txt") == "requirements"
    assert kind_of("pylock.gpu.toml") == "pylock"
    assert [kind_of(name) for name in ("environment.py", "README.md", "compose.yml", "notrequirements.txt")] == [""] * 4
    assert {kind for kind, _ in KINDS} == set(READERS)


HOSTILE = {
    "pyproject": [
        "[",
        "a = " + "[" * 50_000,
        "project = 1",
        '[project]\ndependencies = 5\nname = ["x"]',
        "[tool]\nuv=1",
    ],
    "uv-lock": ["package = 1", '[[package]]\nname = 3\nsource = "x"\nwheels = [1]', "version = true"],
    "poetry-lock": ["[[package]]\nsource = 1\ndependencies = 2", "metadata = 1"],
    "pdm-lock": ["[[package]]\ndependencies = [1]\nfiles = 2"],
    "pylock": ["[[packages]]\nwheels = [{hashes = 1}]\nvcs = []"],
    "pipfile": ["[packages]\na = 1\nb = [2]"],
    "pipfile-lock": ["[]", "{", '{"default": 1, "_meta": 2}', '{"a":' * 100_000, '{"default": {"a": 1}}', "1" * 10_000],
    "conda": ["- a", "dependencies: x", "a: &a [*a]", "dependencies:\n- pip: {a: b}\n- [x]\n- ''\n"],
    "conda-lock": ["package: x", "package:\n- name:\n    a: b\n"],
    "setup-cfg": ["x", "[a", "[options]\ninstall_requires = %(x)s\n", "[a]\n[a]\n"],
    "setup-py": [
        "def",
        "(" * 5_000,
        "setup(" + "a+" * 5_000 + "a)",
        "x = x\nsetup(install_requires=x)",
        "setup(**{})",
        "\0",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in HOSTILE.items() for text in texts])
def test_hostile(kind: str, text: str) -> None:
    """A file that is malformed, wrong in its types, or nested without end gives a result, no error."""
    found = parse(text, "x", kind)
    assert found.kind == kind
    assert all(len(skip.reason) <= 300 for skip in found.skips)


@settings(deadline=None)
@given(st.sampled_from(sorted(READERS)), st.text(max_size=60))
def test_any_text(kind: str, text: str) -> None:
    """No text makes a reader fail."""
    assert parse(text, "x", kind).kind == kind


def test_files(tmp_path: Path) -> None:
    """Missing, binary, and foreign files are skips; a file of no known name is read as requirements."""
    (tmp_path / "pyproject.toml").write_bytes(b"\0\xff")
    (tmp_path / "deps").write_text("numpy\n")
    (tmp_path / "Pipfile").symlink_to("/etc/passwd")
    assert read_dependencies(str(tmp_path), "pyproject.toml").skips[0].reason == "not utf-8 text"
    assert read_dependencies(str(tmp_path), "uv.lock").skips[0].reason == "No such file or directory"
    assert read_dependencies(str(tmp_path), "Pipfile").skips[0].reason == "leads out of the build context"
    assert asked(read_dependencies(str(tmp_path), "deps")) == {("main", ""): ["numpy"]}
    (tmp_path / "constraints.txt").write_text("numpy<2\n")
    assert asked(read_dependencies(str(tmp_path), "constraints.txt"))["constraint", ""] == ["numpy<2"]
