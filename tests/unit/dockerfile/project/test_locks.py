"""Lock files and conda's files: each kind into the one shape."""

import json

import pytest

from jettison.dockerfile.project.conda import spec
from jettison.dockerfile.project.dependencies import Dependencies, Index
from jettison.dockerfile.project.manifests import parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def asked(found: Dependencies) -> dict[tuple[str, str], list[str]]:
    return {
        (group.kind, group.name): [f"{item.name}{item.specifier}" for item in group.wanted] for group in found.groups
    }


def reasons(found: Dependencies) -> list[str]:
    return [f"{skip.subject}: {skip.reason}" for skip in found.skips]


def test_uv_lock() -> None:
    """uv.lock: versions with files, sizes and hashes, repositories with commits, the project itself, its index."""
    found = parse(
        f"""
version = 1
revision = 3
requires-python = ">=3.11"
[[package]]
name = "demo"
version = "0.1"
source = {{ editable = "." }}
dependencies = [{{ name = "Torch" }}]
[[package]]
name = "torch"
version = "2.4.0"
source = {{ registry = "https://h/simple" }}
sdist = {{ url = "https://h/torch-2.4.0.tar.gz", hash = "sha256:aa", size = 10 }}
wheels = [{{ url = "https://h/torch-2.4.0-cp311.whl#x", hash = "sha256:bb", size = 7 }}, {{ url = "https://h/b.whl" }}]
[[package]]
name = "lib"
version = "1"
source = {{ git = "https://h/lib?rev=v1#{COMMIT}" }}
""",
        "uv.lock",
        "uv-lock",
    )
    assert (found.version, found.name, found.python, found.skips) == ("1", "demo", ">=3.11", ())
    demo, torch, lib = found.locked
    assert (demo.source, demo.editable, demo.depends) == ("path", True, ("torch",))
    assert [(file.name, file.size, file.hash) for file in torch.files] == [
        ("torch-2.4.0.tar.gz", 10, "sha256:aa"),
        ("torch-2.4.0-cp311.whl", 7, "sha256:bb"),
        ("b.whl", -1, ""),
    ]
    assert (lib.source, lib.commit) == ("vcs", COMMIT)
    assert found.indexes == (Index("https://h/simple"),)


def test_poetry_locks() -> None:
    """poetry.lock of Poetry 1 has its files in a table of their own, that of Poetry 2 has groups and markers."""
    old = parse(
        """
[[package]]
name = "Requests"
version = "2.31.0"
category = "main"
optional = false
[package.dependencies]
idna = ">=2"
[metadata]
lock-version = "1.1"
python-versions = "^3.10"
[metadata.files]
Requests = [{file = "requests-2.31.0-py3-none-any.whl", hash = "sha256:aa"}]
""",
        "poetry.lock",
        "poetry-lock",
    )
    (item,) = old.locked
    assert (item.name, item.version, item.groups, item.depends) == ("requests", "2.31.0", ("main",), ("idna",))
    assert item.files[0].hash == "sha256:aa"
    new = parse(
        f"""
[[package]]
name = "lib"
version = "1.0"
optional = true
groups = ["main", "dev"]
markers = {{main = "extra == 'x'", dev = "python_version > '3'"}}
files = []
[package.source]
type = "git"
url = "https://h/lib"
reference = "main"
resolved_reference = "{COMMIT}"
[metadata]
lock-version = "2.1"
""",
        "poetry.lock",
        "poetry-lock",
    )
    (item,) = new.locked
    assert (item.source, item.commit, item.groups, item.optional) == ("vcs", COMMIT, ("main", "dev"), True)
    assert item.marker == "(extra == 'x') or (python_version > '3')"
    assert not new.skips


def test_pdm_and_standard_lock() -> None:
    """pdm.lock and pylock.toml in the same shape."""
    pdm = parse(
        """
[metadata]
lock_version = "4.5.0"
[[metadata.targets]]
requires_python = ">=3.11"
[[package]]
name = "Requests"
version = "2.31.0"
groups = ["default"]
dependencies = ["idna<4,>=2.5", "urllib3"]
files = [{file = "requests.whl", hash = "sha256:aa"}]
""",
        "pdm.lock",
        "pdm-lock",
    )
    assert (pdm.python, pdm.locked[0].depends, pdm.skips) == (">=3.11", ("idna", "urllib3"), ())
    lock = parse(
        f"""
lock-version = "1.0"
requires-python = ">=3.11"
[[packages]]
name = "a"
version = "1"
index = "https://h/simple"
wheels = [{{name = "a.whl", url = "https://h/a.whl", size = 5, hashes = {{md5 = "00", sha256 = "aa"}}}}]
[[packages]]
name = "b"
vcs = {{type = "git", url = "https://h/b", commit-id = "{COMMIT}"}}
[[packages]]
name = "c"
archive = {{path = "c.zip", hashes = {{sha512 = "bb"}}}}
[[packages]]
name = "d"
directory = {{path = ".", editable = true}}
""",
        "pylock.dev.toml",
        "pylock",
    )
    assert [(item.name, item.source, item.url) for item in lock.locked] == [
        ("a", "index", ""),
        ("b", "vcs", "https://h/b"),
        ("c", "path", "c.zip"),
        ("d", "path", "."),
    ]
    assert lock.locked[0].files[0].hash == "sha256:aa"
    assert lock.locked[2].files[0].hash == "sha512:bb"
    assert not lock.skips


def test_pipfiles() -> None:
    """Pipfile and its lock: sources, categories, hashes, the version of Python."""
    found = parse(
        """
[[source]]
name = "pypi"
url = "https://h/simple"
[packages]
requests = "*"
flask = {version = "==2.0", extras = ["async"], markers = "sys_platform == 'linux'"}
x = {git = "https://h/x", ref = "main", editable = true}
[dev-packages]
pytest = "~=8.0"
[requires]
python_version = "3.11"
""",
        "Pipfile",
        "pipfile",
    )
    assert asked(found) == {("main", ""): ["requests", "flask==2.0", "x"], ("group", "dev"): ["pytest~=8.0"]}
    assert found.groups[0].wanted[1].marker == "sys_platform == 'linux'"
    assert (found.python, found.indexes) == ("==3.11.*", (Index("https://h/simple", "pypi"),))
    lock = parse(
        json.dumps(
            {
                "_meta": {"pipfile-spec": 6, "requires": {"python_full_version": "3.11.4"}, "sources": []},
                "default": {"requests": {"version": "==2.31.0", "hashes": ["sha256:aa"], "index": "pypi"}},
                "develop": {"pytest": {"version": "==8.0"}},
            }
        ),
        "Pipfile.lock",
        "pipfile-lock",
    )
    assert [(item.name, item.version, item.groups, item.optional) for item in lock.locked] == [
        ("requests", "2.31.0", ("default",), False),
        ("pytest", "8.0", ("develop",), True),
    ]
    assert lock.python == "==3.11.4"


def test_conda() -> None:
    """environment.yml and conda-lock.yml: channels, pinned versions, pip's part apart."""
    found = parse(
        """
name: env
channels: [pytorch, conda-forge]
dependencies:
  - python=3.10
  - pytorch::pytorch=2.1.0=py3.10_cuda*
  - numpy>=1.21,<2
  - "scipy 1.11.*"
  - pip:
    - transformers==4.40
    - -r requirements.txt
    - git+https://h/x
""",
        "environment.yml",
        "conda",
    )
    assert (found.name, found.python) == ("env", "==3.10.*")
    assert [index.url for index in found.indexes] == ["pytorch", "conda-forge"]
    assert asked(found) == {
        ("main", ""): ["python=3.10", "pytorch=2.1.0=py3.10_cuda*", "numpy>=1.21,<2", "scipy=1.11.*"],
        ("group", "pip"): ["transformers==4.40", "x"],
    }
    assert reasons(found) == ["environment.yml: -r requirements.txt: an option for pip, which is not looked into"]
    assert found.groups[0].wanted[1].index == "pytorch"
    lock = parse(
        """
version: 1
metadata:
  channels:
  - url: conda-forge
    used_env_vars: []
package:
- name: python
  version: 3.10.13
  manager: conda
  platform: linux-64
  dependencies:
    libffi: '>=3.4'
  url: https://h/linux-64/python-3.10.13-x.conda
  hash:
    md5: '00'
    sha256: aa
  category: main
  optional: false
- name: requests
  version: 2.31.0
  manager: pip
  platform: linux-64
  dependencies: {}
  url: https://h/requests.whl
  hash:
    sha256: bb
""",
        "conda-lock.yml",
        "conda-lock",
    )
    assert [(item.name, item.source, item.platform, item.files[0].hash) for item in lock.locked] == [
        ("python", "conda", "linux-64", "sha256:aa"),
        ("requests", "index", "linux-64", "sha256:bb"),
    ]
    assert lock.python == "==3.10.13"
    assert not lock.skips


@pytest.mark.parametrize(
    ("said", "rest", "pinned"),
    [
        ("numpy", "", False),
        ("numpy=1.26", "=1.26", True),
        ("numpy==1.26.4", "==1.26.4", True),
        ("numpy 1.26.4 py310_0", "=1.26.4 py310_0", True),
        ("numpy=1.26.*", "=1.26.*", False),
        ("numpy>=1|<0.5", ">=1|<0.5", False),
        ("numpy[version='>=1,<2']", ">=1,<2", False),
        ("numpy[build=x]", "", False),
    ],
)
def test_conda_specs(said: str, rest: str, pinned: bool) -> None:  # noqa: FBT001 -- the table's column
    """Conda's requirements in each of their forms."""
    found = spec(said)
    assert (found.name, found.specifier, found.pinned) == ("numpy", rest, pinned)


@pytest.mark.parametrize(
    ("kind", "text", "version"),
    [
        ("uv-lock", 'version = 2\n[[package]]\nname = "a"\nversion = "1"\n', "2"),
        ("poetry-lock", '[[package]]\nname = "a"\nversion = "1"\n[metadata]\nlock-version = "3.0"\n', "3.0"),
        ("pdm-lock", '[[package]]\nname = "a"\nversion = "1"\n[metadata]\nlock_version = "9"\n', "9"),
        ("pylock", 'lock-version = "2.0"\n[[packages]]\nname = "a"\nversion = "1"\n', "2.0"),
        ("pipfile-lock", '{"_meta": {"pipfile-spec": 7}, "default": {"a": {"version": "==1"}}}', "7"),
        ("conda-lock", "version: 5\npackage:\n- name: a\n  version: 1\n", "5"),
    ],
)
def test_newer_versions(kind: str, text: str, version: str) -> None:
    """A lock of a newer format is read for what is known, and a skip names its version."""
    found = parse(text, "x", kind)
    assert [(item.name, item.version) for item in found.locked] == [("a", "1")]
    assert f" {version} is not known" in found.skips[0].reason
