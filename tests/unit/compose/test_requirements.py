"""Requirements files: nothing in them makes pip run a project's own code."""

import random
from pathlib import Path

import pytest
from tests.helpers.packages import wheel_of

from jettison.compose import requirements
from jettison.compose.record import Target
from jettison.compose.requirements import read_requirements
from jettison.compose.wheels import resolve_wheels
from jettison.errors import JettisonError, RefusedError, UsageError

TARGET = Target("3.11", "amd64", (2, 36), "/usr/bin/python3.11", "usr/local/lib/python3.11/dist-packages")
REFUSED = [
    "-e .",
    "-e./x",
    "--editable ./x",
    "--edit ./x",
    "git+https://host/x",
    "git+https://host/x-1-py3-none-any.whl",
    "x @ git+ssh://host/x",
    ".",
    "..",
    "proj/",
    "./project",
    "/abs/project",
    "./proj  # not a .whl",
    ".\\project",
    "file:///tmp/x/proj",
    "file:///tmp/x/proj#egg=zz-1-py3-none-any.whl",
    "file://host/tmp/zz-1-py3-none-any.whl",
    "zz @ file:///tmp/x/proj#egg=zz.whl",
    "zz @ https://host/zz-1.tar.gz?x=zz-1-py3-none-any.whl",
    "x @ file:///x.tar.gz",
    "x-1.0.tar.gz",
    "zz-1.tar.gz[x]",
    'zz-1.tar.gz;python_version>"3"',
    "zz.ZIP",
    "zz.tbz",
    "zz===1.zip",
    "zz===1/../../proj",
    "./folder-1-py3-none-any.whl",
    "zz.whl",
    "--no-binary :all:",
    "--only-binary=:none:",
    "--global-option=x",
    "--use-feature x",
    "zz --config-settings=x=y",
    "zz --hash=md5:00",
    "-r https://host/more.txt",
    "-chttps://host/more.txt",
    "-r file:more.txt",
    "x @ \\\n git+https://host/x",
    "# a comment \\\n./project",
    "${JETTISON_TEST_PLACE}",
]


class _Silent:
    def advance(self, amount: int) -> None:
        pass


@pytest.mark.parametrize("line", REFUSED)
def test_requirements_that_would_run_code(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that pip would have to build, and an option that is not known, is refused before pip is asked."""
    monkeypatch.setenv("JETTISON_TEST_PLACE", "./proj")
    (tmp_path / "folder-1-py3-none-any.whl").mkdir()
    (tmp_path / "requirements.txt").write_text(f"numpy\n{line}\n")
    number = 3 if line.startswith("#") else 2
    with pytest.raises(RefusedError, match=rf"requirements\.txt: line {number}") as caught:
        read_requirements(tmp_path / "requirements.txt")
    assert caught.value.hint
    assert "host" not in caught.value.message
    (tmp_path / "top.txt").write_text("-r requirements.txt\n")
    with pytest.raises(RefusedError, match=rf"requirements\.txt: line {number}"):
        read_requirements(tmp_path / "top.txt")
    (tmp_path / "top.txt").write_text("--constraint=requirements.txt\n")
    with pytest.raises(RefusedError, match=rf"requirements\.txt: line {number}"):
        read_requirements(tmp_path / "top.txt")


@pytest.mark.parametrize(
    "line", ["x y", "zz>=", "zz; nonsense", "--index-url", "--find-links 'x", "-r none.txt", "[x]"]
)
def test_malformed_lines(line: str, tmp_path: Path) -> None:
    """What is no requirement at all is the user's mistake."""
    (tmp_path / "requirements.txt").write_text(line + "\n")
    with pytest.raises(UsageError, match="txt"):
        read_requirements(tmp_path / "requirements.txt")


def test_what_pip_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, wheels and harmless options reach pip in one plain form, folders and paths absolute, constraints apart."""
    monkeypatch.setenv("JETTISON_TEST_TOKEN", "secret")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "wheels").mkdir()
    (tmp_path / "a.txt").write_text(
        "\ufeff--index-url https://${JETTISON_TEST_TOKEN}@host/ --pre\n-csub/c.txt\n-r sub/b.txt\n--only-binary :all:\n"
        f"six[a,b] >= 1, \\\n <2 ; os_name=='posix' --hash sha256:{'a' * 64} --hash=sha256:{'b' * 64} # why\n"
        "./dist/x_y-1-py3-none-any.whl[z];python_version>'3'\n"
        "z @ https://host/z-1-py3-none-any.whl#sha256=0 ; python_version>'3'\n"
        "file:///w/q-1-py3-none-any.whl\n"
    )
    (tmp_path / "sub" / "b.txt").write_text("-f wheels\n-r ../a.txt\n")
    (tmp_path / "sub" / "c.txt").write_text("six<3\n")
    found = read_requirements(tmp_path / "a.txt")
    assert found.options == (
        "--index-url https://secret@host/",
        "--pre",
        f"--find-links {tmp_path.as_uri()}/sub/wheels",
    )
    assert tuple(line.replace("z@", "z @") for line in found.wanted) == (  # packaging's releases differ in the space
        f'six[a,b]<2,>=1; os_name == "posix" --hash=sha256:{"a" * 64} --hash=sha256:{"b" * 64}',
        f'x-y[z] @ {tmp_path.as_uri()}/dist/x_y-1-py3-none-any.whl ; python_version > "3"',
        'z @ https://host/z-1-py3-none-any.whl#sha256=0 ; python_version > "3"',
        "q @ file:///w/q-1-py3-none-any.whl",
    )
    assert found.constraints == ("six<3",)
    assert len(found.texts) == 3


def test_included_files_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """-r and -c are followed, circles end, and so does a long chain; wheels by path and index options are fine."""
    fine = "./x-1-py3-none-any.whl\n--index-url https://host/\nx[y]>=1; os_name=='posix'\n"
    (tmp_path / "a.txt").write_text("-r b.txt\n-c c.txt\n" + fine)
    (tmp_path / "b.txt").write_text("-r a.txt\n")
    (tmp_path / "c.txt").write_text("six<2 # old\n")
    assert len(read_requirements(tmp_path / "a.txt").texts) == 3
    (tmp_path / "c.txt").unlink()
    with pytest.raises(UsageError, match=r"c\.txt cannot be read"):
        read_requirements(tmp_path / "a.txt")
    for number in range(requirements.MAX_FILES + 1):
        (tmp_path / f"n{number}.txt").write_text(f"-r n{number + 1}.txt\n")
    with pytest.raises(UsageError, match="more than 100"):
        read_requirements(tmp_path / "n0.txt")
    monkeypatch.setattr(requirements, "MAX_FILE", 10)
    with pytest.raises(UsageError, match="more than 10 characters"):
        read_requirements(tmp_path / "a.txt")


def test_whatever_is_let_through_is_a_name_or_a_wheel(tmp_path: Path) -> None:
    """Pieces of dangerous lines in any order: refused, or written for pip as a name or as the address of a wheel."""
    chance = random.Random(1)  # noqa: S311 -- repeatable on purpose
    pieces = [word for line in REFUSED for word in line.replace("/", " / ").split(" ") if word]
    pieces += ["zz", ".whl", "-1-py3-none-any.whl", ";", " ", "@", "#", "\\\n", "[x]", "\t", "==1", "-e", "\n"]
    let_through = 0
    for _ in range(4000):
        text = "".join(chance.choice(pieces) + chance.choice(["", "", " "]) for _ in range(chance.randint(1, 5)))
        (tmp_path / "r.txt").write_text(text)
        try:
            found = read_requirements(tmp_path / "r.txt")
        except JettisonError:
            continue
        for line in (*found.wanted, *found.constraints):
            let_through += 1
            assert harmless(line), (text, line)
    assert let_through


def harmless(line: str) -> bool:
    plain = line.partition(";")[0].partition(" --hash=")[0].strip()
    if "@" in plain:
        address = plain.partition("@")[2].strip().partition("#")[0].partition("?")[0]
        return address.startswith(("file:///", "https://", "http://")) and address.endswith(".whl")
    return "/" not in plain and not plain.startswith((".", "-")) and not plain.endswith((".gz", ".zip", ".whl", ".tbz"))


def test_a_dependency_of_a_wheel_is_not_built_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that depends on a project by its path, or a repository: refused, and the project's code does not run."""
    ran = tmp_path / "ran"
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj" / "setup.py").write_text(
        f"open({str(ran)!r}, 'w'); from setuptools import setup; setup(name='zz', version='1')\n"
    )
    for name, address in (("one", f"{(tmp_path / 'proj').as_uri()}"), ("two", "git+file:///nowhere")):
        files = {f"{name}.py": b"1"}
        depends = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: zz @ {address}\n"
        wheel = wheel_of(name, files, metadata=depends)
        (tmp_path / f"{name}-1.0-py3-none-any.whl").write_bytes(wheel)
        (tmp_path / "requirements.txt").write_text(f"--no-index\n./{name}-1.0-py3-none-any.whl\n")
        (tmp_path / f"into-{name}").mkdir()
        monkeypatch.setenv("PIP_FIND_LINKS", "offered")
        with pytest.raises(RefusedError, match="would have to be built"):
            resolve_wheels(TARGET, tmp_path / "requirements.txt", tmp_path / f"into-{name}", _Silent())
    assert not ran.exists()


def test_a_relative_folder_of_pips_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of wheels that the environment names starts at the requirements file, wherever pip is run."""
    (tmp_path / "offered").mkdir()
    (tmp_path / "offered" / "zz-1.0-py3-none-any.whl").write_bytes(wheel_of("zz", {"zz.py": b"1"}))
    (tmp_path / "requirements.txt").write_text("--no-index\nzz\n")
    (tmp_path / "into").mkdir()
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_FIND_LINKS", "offered")
    (wheel,) = resolve_wheels(TARGET, tmp_path / "requirements.txt", tmp_path / "into", _Silent())
    assert wheel.name == "zz"
