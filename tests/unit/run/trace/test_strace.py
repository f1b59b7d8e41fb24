"""strace's output read line by line: calls put together, text unescaped, nonsense refused."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.errors import BadInputError
from jettison.run.trace.strace import Call, read_calls, unescape


def calls(text: str) -> list[Call]:
    return list(read_calls((line.encode("latin-1") + b"\n" for line in text.splitlines()), where="record"))


def escape(text: bytes) -> str:
    """Write bytes as strace does within quotes and angle brackets."""
    plain = re.compile(rb"[ !#-;=?-\[\]-~]")
    return "".join(chr(byte) if plain.match(bytes([byte])) else f"\\{byte:03o}" for byte in text)


def test_a_call_has_its_arguments_result_path_and_error() -> None:
    """The number that it returned, the path behind a descriptor, the name of an error."""
    opened, failed, ended = calls(
        '7 1.500000 openat(AT_FDCWD</app>, "x", O_RDONLY|O_CLOEXEC) = 3</app/real>\n'
        '7 1.600000 stat("/none", 0x7ffc) = -1 ENOENT (No such file or directory)\n'
        "7 1.700000 +++ exited with 0 +++"
    )
    assert opened == Call(7, 1.5, "openat", 'AT_FDCWD</app>, "x", O_RDONLY|O_CLOEXEC', 3, "/app/real")
    assert (failed.result, failed.error) == (-1, "ENOENT")
    assert ended.name == "+exit"


def test_a_call_that_others_interrupted_is_put_together() -> None:
    """Its time is that of its beginning; one that makes a process tells so at once, for that may run before."""
    found = calls(
        '7 1.0 openat(AT_FDCWD</>, "a",  <unfinished ...>\n'
        "8 1.1 vfork( <unfinished ...>\n"
        "7 1.2 <... openat resumed>O_RDONLY) = 3</a>\n"
        "8 1.3 <... vfork resumed>) = 9"
    )
    assert [(call.pid, call.name, call.time, call.result) for call in found] == [
        (8, "+making", 1.1, None),
        (7, "openat", 1.0, 3),
        (8, "vfork", 1.1, 9),
    ]
    assert found[1].arguments == 'AT_FDCWD</>, "a", O_RDONLY'


def test_a_call_that_never_returned_and_one_cut_off_by_a_kill() -> None:
    """They have no result; a line that strace could not end is left out."""
    found = list(
        read_calls(
            [b"7 1.0 exit_group(0) = ?\n", b'7 1.1 execve("/bin/x", ["x"], 0x1 /* 2 vars */) = ?\n', b"7 1.2 sta"],
            where="record",
        )
    )
    assert [(call.name, call.result) for call in found] == [("exit_group", None), ("execve", None)]


def test_an_execve_by_another_thread_is_a_success_of_the_process() -> None:
    """Strace gives it the number of the first thread, and cannot tell its result."""
    found = calls(
        '12 1.0 execve("/bin/cat", ["cat"], 0x1 /* 2 vars */ <pid changed to 10 ...>\n'
        "10 1.1 +++ superseded by execve in pid 12 +++\n"
        "10 1.2 <... execve resumed>) = -1 (errno 18446744073709551595)"
    )
    assert [(call.pid, call.name, call.result) for call in found] == [(10, "+became", None), (10, "execve", 0)]
    assert found[0].arguments == "12"
    assert found[1].arguments.startswith('"/bin/cat", ["cat"]')


@pytest.mark.parametrize("piece", ["<", '\\"', '"', "(", "[<"])
def test_no_line_takes_long(piece: str) -> None:
    """Whatever is in it, and however often."""
    assert calls(f"7 1.0 open({piece * 100_000}")[0].result is None


def test_brackets_and_results_in_names_do_not_end_the_arguments() -> None:
    """A file may be called ``a) = b``."""
    (found,) = calls('7 1.0 openat(AT_FDCWD</w>, "a) = b", O_RDONLY) = 3</w/a) = b>')
    assert (found.arguments, found.result, found.path) == ('AT_FDCWD</w>, "a) = b", O_RDONLY', 3, "/w/a) = b")


def test_structures_in_arguments_have_brackets_of_their_own() -> None:
    """``makedev(0x1, 0x3)`` within a structure; a parent's thread id behind an arrow."""
    one, other = calls(
        '7 1.0 newfstatat(3</dev/null>, "", {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3)}, 0x1000) = 0\n'
        "7 1.1 clone3({flags=CLONE_VM|CLONE_FS, stack=0x1} => {parent_tid=[9]}, 88) = 9"
    )
    assert (one.name, one.result) == ("newfstatat", 0)
    assert (other.name, other.result) == ("clone3", 9)


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_any_name_comes_back_as_it_was(name: bytes) -> None:
    """What strace escapes is read back byte by byte."""
    (found,) = calls(f'7 1.0 openat(AT_FDCWD</w>, "{escape(name)}", O_RDONLY) = 3</w/{escape(name)}>')
    assert os.fsencode(found.path) == b"/w/" + name
    assert unescape(escape(name)) == os.fsdecode(name)


@pytest.mark.parametrize("line", ["", "nonsense", "7 nonsense", "7 1.0 nonsense", "x 1.0 stat() = 0"])
def test_a_line_that_strace_does_not_write_is_refused(line: str) -> None:
    """With the number of the line."""
    with pytest.raises(BadInputError, match=r"record, line 1: not a line of strace"):
        calls(line or " ")


def test_an_endless_line_is_refused() -> None:
    """It would be kept in memory."""
    with pytest.raises(BadInputError, match="longer than"):
        list(read_calls([b"7 1.0 stat(" + b"x" * (2 << 20)], where="record"))


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_anything_is_read_or_refused(lines: list[bytes]) -> None:
    """No other error than the one for bad input."""
    try:
        for call in read_calls([line.replace(b"\n", b"") + b"\n" for line in lines], where="record"):
            assert isinstance(call, Call)
    except BadInputError:
        pass
