from pathlib import Path

import pytest

from jettison.compose.record import Package, PythonPart, Target
from jettison.compose.target import target_of_packages
from jettison.compose.wheels import _failed, markers, platforms, resolve_wheels
from jettison.errors import BadInputError, JettisonError, MachineError, RefusedError, UsageError

TARGET = Target("3.11", "amd64", (2, 36), "/usr/bin/python3.11", "usr/local/lib/python3.11/dist-packages")


def test_platforms_go_down_from_the_images_c_library() -> None:
    """Best first, with the old names where they belong; none newer than the image's own glibc."""
    tags = platforms(TARGET)
    assert tags[0] == "manylinux_2_36_x86_64"
    assert tags.index("manylinux2014_x86_64") == tags.index("manylinux_2_17_x86_64") + 1
    assert tags[-1] == "linux_x86_64"
    assert "manylinux_2_37_x86_64" not in tags
    with pytest.raises(RefusedError):
        platforms(Target("3.11", "s390y", (2, 36), "", ""))


def test_markers_are_the_images() -> None:
    """Markers are evaluated for the image's interpreter, whatever runs here."""
    values = markers(Target("3.13", "arm64", (2, 41), "", ""))
    assert (values["python_version"], values["platform_machine"]) == ("3.13", "aarch64")


@pytest.mark.parametrize(
    ("output", "error", "said"),
    [
        ("ERROR: No matching distribution found for foo==1", RefusedError, "foo==1: no wheel for Python 3.11"),
        ("(from versions: 1, 2)\nERROR: No matching distribution found for foo", RefusedError, "wheels of 1, 2"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", BadInputError, "hash"),
        ("ERROR: ResolutionImpossible: see", UsageError, "do not fit"),
        ("ERROR: Invalid requirement: 'x y'", UsageError, "malformed"),
        ("ERROR: Could not fetch https://user:secret@some.index/simple: gone", MachineError, "<address> gone"),
        ("", MachineError, "pip failed"),
    ],
)
def test_what_pip_says_is_summed_up(output: str, error: type[JettisonError], said: str) -> None:
    """Each kind of failure is an error of its family; addresses, which may hold passwords, are not repeated."""
    result = _failed(output, TARGET)
    assert type(result) is error
    assert said in result.message
    assert "secret" not in result.message + result.hint


@pytest.mark.parametrize(
    ("log", "error", "said"),
    [
        (
            "Could not fetch URL http://h/simple/x/: connection error: [Errno 111] refused - skipping",
            MachineError,
            "111",
        ),
        (
            "Could not fetch URL http://h/simple/x/: 403 Client Error: no for url: http://h/ - skipping",
            MachineError,
            "403",
        ),
        ("WARNING: The repository located at h is not a trusted or secure host and", MachineError, "not a trusted"),
        (
            "Could not fetch URL http://h/simple/x/: 404 Client Error: x for url: http://h/ - skipping",
            RefusedError,
            "no wh",
        ),
        ("", RefusedError, "no wheel"),
    ],
)
def test_an_index_out_of_reach_is_the_machines(log: str, error: type[JettisonError], said: str) -> None:
    """Nothing found is a lack of a wheel only where every index could be read; "not found" is an answer of one."""
    result = _failed("(from versions: none)\nERROR: No matching distribution found for foo", TARGET, log)
    assert type(result) is error
    assert said in result.message
    assert "http" not in result.message


class _Silent:
    def advance(self, amount: int) -> None:
        pass


def test_pip_itself_says_that_an_index_is_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nothing listens on as the index: the machine's fault, for pip as it is installed here."""
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_RETRIES": "0",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_FIND_LINKS": "",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "requirements.txt").write_text("jettison-nowhere==1.0\n")
    (tmp_path / "into").mkdir()
    with pytest.raises(MachineError, match="an index could not be read"):
        resolve_wheels(TARGET, tmp_path / "requirements.txt", tmp_path / "into", _Silent())


def _package(name: str, version: str = "2.36-9") -> Package:
    return Package(name, version, "amd64", "0" * 64, 1)


def test_the_interpreter_of_packages(tmp_path: Path) -> None:
    """Version, C library and folders follow from the packages; none or two are told, and an explicit one decides."""
    part = PythonPart(tmp_path / "r.txt")
    libc, old, new = _package("libc6"), _package("python3.11-minimal"), _package("python3.13-minimal")
    assert target_of_packages([libc, old], part) == TARGET
    for packages in ([libc], [libc, old, new]):
        with pytest.raises(UsageError, match="interpreters"):
            target_of_packages(packages, part)
    chosen = target_of_packages([libc, old, new], PythonPart(tmp_path / "r.txt", "/usr/bin/python3.13"))
    assert chosen.python == "3.13"
    with pytest.raises(RefusedError, match="libc6"):
        target_of_packages([old], part)
