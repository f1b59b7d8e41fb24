"""Who a container's processes are to the machine, and what is said where the machine forbids containers."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jettison.errors import BadInputError, MachineError
from jettison.run import forbidden, ids, sandbox, scoped
from jettison.run.ids import Ids
from jettison.run.users import User, find_user

OLD = "kernel.unprivileged_userns_clone"
UBUNTU = "kernel.apparmor_restrict_unprivileged_userns"


@pytest.mark.parametrize(
    ("settings", "root", "inside", "message", "hint"),
    [
        ({OLD: "0"}, False, False, f"({OLD} = 0;", f"sysctl -w {OLD}=1, or run Jettison as root"),
        ({UBUNTU: "1"}, False, False, f"({UBUNTU} = 1;", f"sysctl -w {UBUNTU}=0"),
        ({"user.max_user_namespaces": "0"}, True, False, "max_user_namespaces = 0", "=15000; or prove it on another"),
        ({UBUNTU: "1"}, True, False, "does not give them", "restrictions"),
        ({UBUNTU: "0"}, False, True, "the container that Jettison runs in", "seccomp=unconfined"),
        ({}, False, False, "this machine does not give them", "run Jettison as root"),
    ],
)
def test_the_way_out_is_named(settings: dict[str, str], message: str, hint: str, *, root: bool, inside: bool) -> None:
    """By what the machine's settings say; always with the way to prove it elsewhere."""
    error = forbidden.explain("user namespace: Operation not permitted", settings, root=root, inside=inside)
    assert message in error.message
    assert "Operation not permitted" in error.message
    assert hint in error.hint
    assert "another machine" in error.hint


def test_a_machine_that_refuses_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's failure becomes a machine error, at whatever step."""
    monkeypatch.setattr(
        sandbox,
        "_BOOT",
        "import sys; sys.path.append(sys.argv[1]); import jettison.run.agent as a\n"
        "def no(): raise PermissionError(1, 'Operation not permitted')\na.enter_user = no; a.main()",
    )
    with pytest.raises(MachineError, match="user namespace: Operation not permitted"):
        sandbox.require()


@pytest.mark.userns
def test_refused_mounts_are_a_machine_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As AppArmor does: the namespace is given, its powers are not."""
    monkeypatch.setattr(
        sandbox,
        "_BOOT",
        "import sys; sys.path.append(sys.argv[1]); import jettison.run.agent as a\n"
        "def no(**k): raise PermissionError(13, 'Permission denied')\na.enter_others = no; a.main()",
    )
    with pytest.raises(MachineError, match=r"other namespaces: Permission denied|user namespaces"):
        sandbox.require()


def test_an_agent_with_a_bug_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a hang, not silence."""
    monkeypatch.setattr(sandbox, "_BOOT", "raise SystemError('on purpose')")
    with pytest.raises(MachineError, match="on purpose"):
        sandbox.require()


def test_root_maps_a_range_and_an_ordinary_user_one_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """What uid_map gets."""
    assert Ids(5_000, 0, 0).maps(1000, 1000) == ("0 5000 65536\n", "0 5000 65536\n")
    assert Ids(-1, 501, 20).maps(1000, 44) == ("1000 501 1\n", "44 20 1\n")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(ids, "_read_map", lambda _: [(0, 1 << 32)])
    assert ids.own_ids().base > 524_288
    monkeypatch.setattr(ids, "_read_map", lambda _: [(0, 65_536)])
    assert ids.own_ids().base == 0
    monkeypatch.setattr(ids, "_read_map", lambda _: [(0, 1), (1, 65_536)])
    assert not ids.own_ids().ranged


ACCOUNTS = "root:x:0:0::/root:/bin/sh\nbroken\napp:x:1000:100::/home/app:\nbig:x:99999999999:0:::\n"
GROUP = "root:x:0:\nusers:x:100:\nvideo:x:44:app,root\naudio:x:29:app\n"


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("", User(0, 0, (44,), "/root")),
        ("app", User(1000, 100, (44, 29), "/home/app")),
        ("1000", User(1000, 100, (44, 29), "/home/app")),
        ("1000:7", User(1000, 7, (), "/home/app")),
        ("app:video", User(1000, 44, (), "/home/app")),
        ("4242", User(4242, 0, (), "/")),
    ],
)
def test_users_are_found_as_engines_do(tmp_path: Path, text: str, user: User) -> None:
    """Names and numbers, groups, homes."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(ACCOUNTS)
    (tmp_path / "etc/group").write_text(GROUP)
    assert find_user(tmp_path, text) == user


@pytest.mark.parametrize(
    "text", ["absent", "app:absent", "99999999999", "big", "-1", "²", "9" * 5000, "1:" + "9" * 5000, "\u0665"]
)
def test_users_that_are_not_there_are_bad_input(tmp_path: Path, text: str) -> None:
    """The message names the user."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(ACCOUNTS)
    with pytest.raises(BadInputError, match="etc/"):
        find_user(tmp_path, text)


def test_an_image_without_passwd_runs_as_number(tmp_path: Path) -> None:
    """Root by default."""
    assert find_user(tmp_path, "") == User()
    assert find_user(tmp_path, "7:8") == User(7, 8)


def test_hostile_passwd_files_do_no_harm(tmp_path: Path) -> None:
    """A fifo, a symlink out of the root, a loop: as if there was none."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (tmp_path / "passwd").write_text("evil:x:7:7:::\n")
    makers: tuple[Callable[[Path], None], ...] = (
        os.mkfifo,
        lambda path: os.symlink(tmp_path / "passwd", path),
        lambda path: os.symlink("../../passwd", path),
        lambda path: os.symlink("passwd", path),
        os.mkdir,
    )
    for make in makers:
        make(root / "etc/passwd")
        assert find_user(root, "") == User()
        with pytest.raises(BadInputError):
            find_user(root, "evil")
        (root / "etc/passwd").rmdir() if (root / "etc/passwd").is_dir() else (root / "etc/passwd").unlink()


@pytest.mark.parametrize("modern", [True, False])
def test_directories_are_opened_without_symlinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, modern: bool
) -> None:
    """With openat2 and, where the kernel lacks it, step by step."""
    if not modern:

        def absent(*_: object) -> int:
            raise OSError(38, "Function not implemented")

        monkeypatch.setattr(scoped, "open_beneath", absent)
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/link").symlink_to("b")
    root = os.open(tmp_path, os.O_RDONLY)
    for path in ("", "a", "a/b"):
        os.close(scoped.open_directory(root, path))
    for path in ("a/link", "absent", "a/b/absent"):
        with pytest.raises(OSError, match=r".") as caught:
            scoped.open_directory(root, path)
        assert caught.value.errno in {2, 20, 40}
    assert scoped.follow(root, "a/link/../../../x") == "x"
    assert scoped.follow(root, "/a/./link//new") == "a/b/new"
    os.close(root)
