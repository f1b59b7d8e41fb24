"""What each rule takes and leaves, on images of a few files."""

import pytest
from tests.helpers.elves import elf_bytes
from tests.helpers.tables import SITE, Data, Deb, Dir, Hard, Item, Tree, debian, distribution, table

from jettison.files.record import FileTable
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.rules.registry import IMAGE_RULES
from jettison.rules.tests import mentions


def taken(image: FileTable, rule: str, tier: int = 1, keep: tuple[str, ...] = ()) -> set[str]:
    """Return the paths that a rule takes, as stored; with their layer where there is more than one."""
    steps = [step for step in make_plan(image, PlanOptions(tier, keep)).steps if step.rule == rule]
    several = len(image.layers) > 1
    return {f"{t.layer}:{t.path}" if several else t.path for step in steps for t in step.targets}


def test_registry() -> None:
    """Every rule has a name of its own, a reason and examples; tiers ascend, but for two.

    What no workload asks for goes before GPU code is pruned out of what stays; debug information is cut out last.
    """
    assert len({rule.name for rule in IMAGE_RULES}) == len(IMAGE_RULES)
    assert all(rule.why and rule.title and rule.examples for rule in IMAGE_RULES)
    *most, traced, gpu, last = IMAGE_RULES
    assert [rule.tier for rule in most] == sorted(rule.tier for rule in most)
    assert [(rule.name, rule.tier) for rule in (traced, gpu, last)] == [
        ("traced", 3),
        ("gpu-code", 2),
        ("debug-information", 1),
    ]


def test_hidden() -> None:
    """What a later layer overwrites or deletes goes, and the whiteout with it; directories' entries stay."""
    image = table(
        {"etc/a": b"old", "tmp/big": b"x" * 10, "gone/x": b"1", "keep/y": b"2"},
        {"etc/a": b"new", "tmp/.wh.big": b"", ".wh.gone": b""},
        {"etc": Dir(0o700)},
    )
    assert taken(image, "hidden-bytes", 0) == {"0:etc/a", "0:tmp/big", "0:gone", "0:gone/x"}
    assert taken(image, "whiteouts", 0) == {"1:tmp/.wh.big", "1:.wh.gone"}


def test_whiteout_that_still_hides() -> None:
    """A whiteout stays while something below it does."""
    image = table({"d/x": b"1", "d/y": b"2"}, {"d/.wh.x": b""}, {"d/x": b"3"})
    assert taken(image, "whiteouts", 0) == {"1:d/.wh.x"}
    assert taken(image, "whiteouts", 0, keep=("d/x",)) == set()


def test_opaque() -> None:
    """An opaque whiteout goes with all that it hides."""
    image = table({"d/x": b"1"}, {"d/.wh..wh..opq": b"", "d/z": b"2"})
    assert taken(image, "hidden-bytes", 0) == {"0:d/x"}
    assert taken(image, "whiteouts", 0) in ({"1:d/.wh..wh..opq"}, set())


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("var/lib/apt/lists/deb_main_Packages", True),
        ("var/cache/apt/archives/x_1_amd64.deb", True),
        ("var/cache/apt/pkgcache.bin", True),
        ("var/log/dpkg.log", True),
        ("var/log/apt/term.log", True),
        ("var/cache/debconf/config.dat-old", True),
        ("root/.cache/pip/http-v2/a/b", True),
        ("home/app/.cache/uv/x", True),
        ("home/app/.npm/_cacache/x", True),
        ("opt/conda/pkgs/numpy-1.conda", True),
        ("root/.cache/huggingface/model.bin", False),
        ("root/.cache/torch/hub/x.pth", False),
        ("var/log/app.log", False),
        ("var/lib/app/lists/x", False),
        ("opt/conda/lib/x", False),
    ],
)
def test_caches(path: str, *, goes: bool) -> None:
    """Caches of package managers go; other caches, which may hold models, stay."""
    assert taken(table({path: b"x"}), "package-caches", 0) == ({path} if goes else set())


def test_stale_bytecode() -> None:
    """Bytecode goes only where its source is gone; a .pyc in the source's place stays."""
    cached = {f"app/__pycache__/{name}.cpython-311.pyc": name.encode() for name in "ab"}
    image = table({**cached, "app/a.py": b"", "app/c.pyc": b"3"})
    assert taken(image, "stale-bytecode", 0) == {"app/__pycache__/b.cpython-311.pyc"}


def test_duplicates() -> None:
    """Copies in one layer become links to the first; other modes, other times, small and written files do not."""
    big = b"x" * 5000
    image = table(
        {
            "opt/a": big, "opt/b": big, "opt/c": Data(big, 0o755), "opt/d": Data(big, mtime=5), "etc/e": big,
            "opt/small": b"y", "opt/small2": b"y", "usr/h1": b"z" * 5000, "usr/h2": Hard("usr/h1"),
            "usr/h3": b"z" * 5000,
        },
        {"opt/other": big},
    )  # fmt: skip
    steps = [step for step in make_plan(image, PlanOptions(tier=0)).steps if step.rule == "duplicates"]
    assert [(t.layer, t.path, t.to) for step in steps for t in step.targets] == [(0, "opt/b", "opt/a")]
    assert steps[0].action == "link"
    assert steps[0].disk == 5000


def test_os_package() -> None:
    """A package goes whole: its files, its records, and its folders; folders that others list stay."""
    gcc = Deb("gcc-12", {"usr/bin/gcc-12": elf_bytes(kind=2), "usr/lib/gcc/12/cc1": b"x"}, section="devel")
    image = table(debian(gcc, Deb("app", {"usr/bin/app": b"x"})))
    assert taken(image, "os-packages") == {
        "usr/bin/gcc-12", "usr/lib/gcc", "usr/lib/gcc/12", "usr/lib/gcc/12/cc1", "usr/share/doc/gcc-12",
        "usr/share/doc/gcc-12/copyright", "var/lib/dpkg/info/gcc-12.list", "var/lib/dpkg/info/gcc-12.md5sums",
    }  # fmt: skip


INSIDE: Tree = distribution(
    "lib",
    {
        "lib/__init__.py": b"",
        "lib/_x.so": elf_bytes(),
        "lib/_x.pyx": b"",
        "lib/include/lib.h": b"",
        "lib/other.h": b"",
        "lib/lib/libx.a": b"!<arch>",
        "lib/__init__.pyi": b"",
        "lib/py.typed": b"",
        "lib/share/cmake/X/XConfig.cmake": b"",
        "lib/tests/__init__.py": b"",
        "lib/tests/test_x.py": b"",
        "lib/tests/data/x.bin": b"",
        "lib/testing/__init__.py": b"",
        "lib/LICENSE.h": b"",
        "data/k.c": b"",
    },
)


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        ("headers", {"lib/include/lib.h", "lib/include", "lib/other.h"}),
        ("static-libraries", {"lib/lib/libx.a", "lib/lib"}),
        (
            "build-files",
            {"lib/_x.pyx", "lib/share/cmake/X/XConfig.cmake", "lib/share/cmake/X", "lib/share/cmake", "lib/share"},
        ),
        ("type-stubs", {"lib/__init__.pyi"}),
        (
            "tests",
            {"lib/tests", "lib/tests/__init__.py", "lib/tests/test_x.py", "lib/tests/data", "lib/tests/data/x.bin"},
        ),
    ],
)
def test_inside_a_distribution(rule: str, paths: set[str]) -> None:
    """Inside a distribution each rule takes its own, and never licences, markers, testing modules or records."""
    assert taken(table(INSIDE), rule) == {f"{SITE}/{path}" for path in paths}


def test_application_is_left_alone() -> None:
    """Files that nobody owns are the application's: no rule of tier 1 touches them."""
    tree: Tree = {
        "app/tests/test_a.py": b"",
        "app/x.h": b"",
        "app/libx.a": b"",
        "app/x.pyi": b"",
        f"{SITE}/mine/tests/test_b.py": b"",
    }
    assert make_plan(table(tree), PlanOptions(tier=1)).steps == ()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("cupy-cuda12x", {"cupy/_core/include/cupy/a.cuh": b""}),
        ("scikit-image", {"skimage/__init__.pyi": b""}),
        ("torch", {"torch/bin/torch_shm_manager": b"", "torch/testing/test/test_a.py": b""}),
        ("numpy", {"numpy/testing/__init__.py": b"", "numpy/testing/utils.py": b""}),
        ("django", {"django/test/__init__.py": b"", "django/test/client.py": b"", "django/test/test_x.py": b""}),
        ("ns", {"ns-nspkg.pth": b""}),
        ("jinja2", {"jinja2/tests.py": b""}),
    ],
)
def test_exceptions(name: str, files: dict[str, Item]) -> None:
    """What is read at run time, though it looks like something for building or testing, stays."""
    tree = distribution(name, files, requires=["lazy-loader"] if name == "scikit-image" else [])
    assert make_plan(table(tree), PlanOptions(tier=1)).steps == ()


def test_cuda_headers_beside_numba() -> None:
    """NVIDIA's headers stay where something compiles against them."""
    tree = distribution("nvidia-cuda-runtime-cu12", {"nvidia/cuda_runtime/include/cuda.h": b""})
    assert taken(table(tree), "headers")
    assert not taken(table(tree | distribution("numba-cuda", {"numba_cuda/x.py": b""})), "headers")


def test_headers_beside_a_compiler() -> None:
    """With a compiler that stays, headers stay, and the plan says so."""
    tree = INSIDE | {"usr/local/bin/g++": elf_bytes(kind=2)}
    plan = make_plan(table(tree), PlanOptions(tier=1))
    assert not {"headers", "static-libraries", "build-files"} & {step.rule for step in plan.steps}
    assert any("usr/local/bin/g++" in skip.reason for skip in plan.skips)


def test_tests_that_code_uses() -> None:
    """A tests folder that a module outside it imports from, or opens files of, stays whole."""
    files: dict[str, Item] = {
        "foo/demo.py": b"import os\nP = os.path.join(HERE, 'tests/data/x.csv')\n",
        "foo/tests/test_x.py": b"",
        "foo/tests/data/x.csv": b"",
        "foo/bar/tests/test_y.py": b"",
        "foo/baz/__init__.py": b"from .tests.helpers import y\n",
        "foo/baz/tests/test_z.py": b"",
    }
    assert taken(table(distribution("foo", files)), "tests") == {
        f"{SITE}/foo/bar/{rest}" for rest in ("tests", "tests/test_y.py")
    } | {f"{SITE}/foo/bar"}


@pytest.mark.parametrize(
    ("path", "hint", "folder", "wanted"),
    [
        ("s/a/b.py", "from a.tests import x", "s/a/tests", True),
        ("s/a/b.py", "from a import tests", "s/a/tests", True),
        ("s/a/b.py", "from . import tests", "s/a/tests", True),
        ("s/a/c/b.py", "from ..tests.x import y", "s/a/tests", True),
        ("s/a/c/b.py", "from .tests.x import y", "s/a/tests", False),
        ("s/a/b.py", "import a.tests.x as y, os", "s/a/tests", True),
        ("s/a/b.py", "from z.tests import x", "s/a/tests", False),
        ("s/a/b.py", ">>> from a.tests import x", "s/a/tests", False),
        ("s/a/b.py", "p = 'tests/data'", "s/a/tests", True),
        ("s/a/c/b.py", "p = '../tests/data'", "s/a/tests", True),
        ("s/a/b.py", "u = 'https://x/tests/data'", "s/a/tests", False),
        ("s/q/b.py", "p = 'tests/data'", "s/a/tests", False),
        ("s/q/b.py", "p = 'a/tests/data'", "s/a/tests", True),
        ("s/a/b.py", "join(here, 'tests')", "s/a/tests", True),
        ("s/a/b.py", "join(here, 'c', 'tests')", "s/a/c/tests", True),
        ("s/a/b.py", "join(here, '..', 'tests', 'data')", "s/a/tests", True),
        ("s/a/b.py", "'tests', 'data')", "s/a/tests", True),
        ("s/a/b.py", "'core', 'tests', 'conftest',", "s/a/tests", False),
        ("s/a/b.py", "p = 'latest/x'", "s/a/tests", False),
    ],
)
def test_mentions(path: str, hint: str, folder: str, *, wanted: bool) -> None:
    """A line refers to a test folder by absolute or relative import, or by a path near it."""
    assert mentions(path, hint, folder, frozenset({"data"})) == wanted


def test_standard_library() -> None:
    """Of an interpreter that no package brought, tests, IDLE and ensurepip go, and nothing that runs."""
    lib = "usr/local/lib/python3.11"
    tree: Tree = {
        f"{lib}/{path}": b"" for path in ("os.py", "test/test_x.py", "idlelib/x.py", "unittest/x.py", "ensurepip/x.whl")
    }
    gone = taken(table(tree), "python-stdlib")
    assert gone == {
        f"{lib}/{path}"
        for path in ("test", "test/test_x.py", "idlelib", "idlelib/x.py", "ensurepip", "ensurepip/x.whl")
    }
    tree["app/x.py"] = b"from test.support import y\n"
    assert f"{lib}/test/test_x.py" not in taken(table(tree), "python-stdlib")


def test_installers() -> None:
    """The installer pip goes unless a distribution requires it; setuptools stays."""
    tree = distribution("pip", {"pip/__init__.py": b""}) | distribution("setuptools", {"setuptools/__init__.py": b""})
    assert f"{SITE}/pip/__init__.py" in taken(table(tree), "python-installers")
    assert not taken(table(tree | distribution("tool", {"tool.py": b""}, requires=["pip"])), "python-installers")


def test_documentation_and_locales() -> None:
    """Manual pages and foreign translations go; copyright and the image's own language stay."""
    files: dict[str, Item] = {
        "usr/share/man/man1/a.1.gz": b"m",
        "usr/share/doc/a/README": b"r",
        "usr/share/locale/de/LC_MESSAGES/a.mo": b"d",
        "usr/share/locale/fr/LC_MESSAGES/a.mo": b"f",
        "usr/share/locale/en_GB/LC_MESSAGES/a.mo": b"e",
    }
    image = table(debian(Deb("a", files)), env=("LANG=de_DE.UTF-8",))
    assert taken(image, "documentation") == {"usr/share/man/man1/a.1.gz", "usr/share/doc/a/README"}
    assert taken(image, "locales") == {"usr/share/locale/fr/LC_MESSAGES/a.mo"}


DOCUMENTED: dict[str, Item] = {
    "d/__init__.py": b"",
    "d/docs/index.html": b"h",
    "d/docs/conf.py": b"c",
    "d/docs/logo.svg": b"s",
    "d/docs/LICENSE.txt": b"l",
    "d/docs/schema.bin": b"b",
    "d/sub/__init__.py": b"",
    "d/sub/doc/a.rst": b"r",
    "d/templates/docs/page.html": b"t",
    "d/README.md": b"r",
    "d/sub/README.md": b"r",
    "d/NOTICE.md": b"n",
    "CHANGES.rst": b"c",
}
PAGES = {"d/docs/index.html", "d/docs/logo.svg"}
NOTES = {"d/README.md", "CHANGES.rst"}
INNER = {"d/sub/doc/a.rst"}


@pytest.mark.parametrize(
    ("more", "goes"),
    [
        ({}, PAGES | NOTES | INNER),
        ({"d/docs/__init__.py": b""}, NOTES | INNER),
        ({"d/docs/loose.py": b""}, NOTES | INNER),
        ({"d/a.py": b"open(join(HERE, 'docs', 'index.html'))"}, NOTES | INNER),
        ({"d/a.py": b"page = 'sub/doc/a.rst'"}, PAGES | NOTES),
        ({"d/a.py": b"__doc__ = open(HERE / 'README.md').read()"}, PAGES | INNER | {"CHANGES.rst"}),
        ({"d/a.py": b"# 'docs/index.html'\nurl = 'https://example.org/docs/'"}, PAGES | NOTES | INNER),
        ({"d/a.py": b"x = 'docs/'\n" * 100}, set()),
    ],
)
def test_documentation_inside_distributions(more: dict[str, Item], goes: set[str]) -> None:
    """Pages in a package's docs go, and nothing else there; what holds code or is named by its modules stays."""
    image = table(distribution("d", {**DOCUMENTED, **more}))
    found = {path for path in taken(image, "python-documentation") if image.visible[path].entry.type != "dir"}
    assert found == {f"{SITE}/{path}" for path in goes}


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        (b"files('d').joinpath('docs/index.html')", True),
        (b"open('/srv/d/docs')", True),
        (b"app = FastAPI(docs_url='/docs')", False),
    ],
)
def test_documentation_that_others_read(line: bytes, *, stays: bool) -> None:
    """Another's module that names the folder keeps it when it names the package as well."""
    tree = distribution("d", DOCUMENTED) | {"app/main.py": line}
    assert (f"{SITE}/d/docs/index.html" in taken(table(tree), "python-documentation")) != stays


def test_bytecode_goes_with_its_source() -> None:
    """Bytecode beside a source that goes is taken along, also when no record names it."""
    tree = dict(INSIDE)
    tree[f"{SITE}/lib/tests/__pycache__/test_x.cpython-311.pyc"] = b"c"
    tree[f"{SITE}/lib/__pycache__/__init__.cpython-311.pyc"] = b"c"
    gone = taken(table(tree), "tests")
    assert f"{SITE}/lib/tests/__pycache__/test_x.cpython-311.pyc" in gone
    assert f"{SITE}/lib/__pycache__/__init__.cpython-311.pyc" not in gone
