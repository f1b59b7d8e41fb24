"""From system calls to paths of the image: directories, roots, symlinks, processes and threads."""

from tests.helpers.tables import Dir, Link, Tree, table

from jettison.run.trace.follow import Follower
from jettison.run.trace.record import Access
from jettison.run.trace.strace import read_calls

TREE: Tree = {
    "bin": Link("usr/bin"),
    "usr/bin/tool": b"tool",
    "usr/lib": Dir(),
    "usr/lib/libx.so.1": Link("libx.so.1.2"),
    "usr/lib/libx.so.1.2": b"library",
    "data/one": b"1",
    "data/two": b"2",
    "app/main.py": b"pass",
    "app/loop": Link("loop"),
    "jail/etc/conf": b"jailed",
    "jail/abs": Link("/etc/conf"),
    "etc/conf": b"conf",
    "dev/null": b"",
}


def follow(text: str, workdir: str = "/app") -> Follower:
    follower = Follower(table(TREE).visible, workdir, 100.0)
    for call in read_calls([line.strip().encode() + b"\n" for line in text.strip().splitlines()], where="record"):
        follower.take(call)
    return follower


def seen(text: str) -> dict[str, tuple[str, ...]]:
    return {path: access.how for path, access in follow(text).accesses(0).items()}


def test_what_was_opened_is_known_by_where_it_lies() -> None:
    """The symlinks on the way count as well; the time is from the start."""
    found = follow('2 100.25 openat(AT_FDCWD</app>, "/usr/lib/libx.so.1", O_RDONLY) = 3</usr/lib/libx.so.1.2>')
    assert found.accesses(0) == {
        "usr/lib/libx.so.1": Access(("readlink",), 0, 0, 0.25),
        "usr/lib/libx.so.1.2": Access(("open",), 0, 0, 0.25),
    }


def test_relative_paths_are_relative_to_what_they_say() -> None:
    """To a descriptor's directory, to the working directory, to where ``chdir`` and ``fchdir`` led."""
    found = seen(
        """
        2 100.0 newfstatat(3</data>, "one", 0x7f, 0) = 0
        2 100.1 stat("main.py", 0x7f) = 0
        2 100.2 chdir("../data") = 0
        2 100.3 stat("two", 0x7f) = 0
        2 100.4 fchdir(4</usr/bin>) = 0
        2 100.5 access("tool", X_OK) = 0
        """
    )
    assert found["data/one"] == found["app/main.py"] == found["data/two"] == ("stat",)
    assert found["usr/bin/tool"] == ("access",)


def test_a_changed_root_is_the_root_of_paths() -> None:
    """Absolute paths, and absolute symlinks, lead below it."""
    found = seen(
        """
        2 100.0 chroot("/jail") = 0
        2 100.1 stat("/etc/conf", 0x7f) = 0
        2 100.2 openat(AT_FDCWD</jail>, "/abs", O_RDONLY) = 3</jail/etc/conf>
        """
    )
    assert found["jail/etc/conf"] == ("open", "stat")
    assert found["jail/abs"] == ("readlink",)
    assert "etc/conf" not in found


def test_a_child_is_where_its_parent_was_and_goes_its_own_way() -> None:
    """Also when it runs before its parent's call returns; a thread shares its maker's directory."""
    found = follow(
        """
        2 100.0 chdir("/data") = 0
        2 100.1 vfork( <unfinished ...>
        5 100.2 stat("one", 0x7f) = 0
        5 100.3 chdir("/usr/bin") = 0
        5 100.4 execve("tool", ["tool", "-x"], 0x1 /* 3 vars */) = 0
        2 100.5 <... vfork resumed>) = 5
        5 100.6 stat("tool", 0x7f) = 0
        2 100.7 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, stack=0x1} => {parent_tid=[6]}, 88) = 6
        6 100.8 chdir("/etc") = 0
        2 100.9 stat("conf", 0x7f) = 0
        """
    )
    how = {path: access.how for path, access in found.accesses(0).items()}
    assert how["data/one"] == ("stat",)
    assert how["usr/bin/tool"] == ("exec", "stat")
    assert how["etc/conf"] == ("stat",)
    assert [(one.pid, one.parent, one.argv) for one in found.processes()] == [(2, 0, ()), (5, 2, ("tool", "-x"))]
    assert found.problems == {}


def test_a_thread_that_executes_takes_its_directory_with_it() -> None:
    """As the process that it was part of."""
    found = follow(
        """
        10 100.0 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x1} => {parent_tid=[12]}, 88) = 12
        12 100.1 chdir("/data") = 0
        12 100.2 execve("/usr/bin/tool", ["tool"], 0x1 /* 2 vars */ <pid changed to 10 ...>
        10 100.3 +++ superseded by execve in pid 12 +++
        10 100.4 <... execve resumed>) = -1 (errno 18446744073709551595)
        10 100.5 stat("one", 0x7f) = 0
        """
    )
    assert "data/one" in found.accesses(0)
    assert found.accesses(0)["usr/bin/tool"].how == ("exec",)
    assert [(one.pid, one.argv) for one in found.processes()] == [(10, ("tool",))]
    assert found.problems == {}


def test_two_are_made_at_once() -> None:
    """Which of them runs first is known once the calls return."""
    found = follow(
        """
        10 100.0 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, stack=0x1} => {parent_tid=[11]}, 88) = 11
        10 100.1 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
        11 100.2 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, stack=0x1 <unfinished ...>
        30 100.3 chdir("/data") = 0
        10 100.4 <... clone resumed>) = 30
        11 100.5 <... clone3 resumed>}, 88) = 12
        10 100.6 stat("main.py", 0x7f) = 0
        30 100.7 stat("one", 0x7f) = 0
        """
    )
    assert {"app/main.py", "data/one"} <= found.accesses(0).keys()
    assert [(one.pid, one.parent) for one in found.processes()] == [(10, 0), (30, 10)]


def test_links_that_are_made_meanwhile_are_followed() -> None:
    """To what they lead to, until they are taken away."""
    found = seen(
        """
        2 100.0 symlink("/usr/bin/tool", "/tmp/t") = 0
        2 100.1 execve("/tmp/t", ["t"], 0x1 /* 1 var */) = 0
        2 100.2 rename("/tmp/t", "/tmp/u") = 0
        2 100.3 stat("/tmp/u", 0x7f) = 0
        2 100.4 unlink("/tmp/u") = 0
        """
    )
    assert found["usr/bin/tool"] == ("exec", "stat")


def test_a_descriptor_that_was_not_resolved_is_said() -> None:
    """As after a change of user: a listing may be lost."""
    assert follow("2 100.0 getdents64(3, 0x1 /* 3 entries */, 32768) = 96").problems == {
        "what a descriptor stands for was not resolved": 1
    }


def test_a_process_that_is_killed_while_it_makes_another() -> None:
    """The next is a command of its own, where commands start."""
    found = follow(
        """
        2 100.0 chdir("/data") = 0
        2 100.1 vfork( <unfinished ...>
        2 100.2 +++ killed by SIGKILL +++
        7 100.3 stat("main.py", 0x7f) = 0
        """
    )
    assert found.accesses(0)["app/main.py"].how == ("stat",)


def test_what_is_asked_for_in_vain_is_noted_with_what_for() -> None:
    """Links on the way are real; the kernel's own folders are left out; a loop leads nowhere."""
    found = follow(
        """
        2 100.0 openat(AT_FDCWD</app>, "/bin/none", O_RDONLY) = -1 ENOENT (No such file or directory)
        2 100.1 access("/bin/none", X_OK) = -1 ENOENT (No such file or directory)
        2 100.2 stat("/proc/none", 0x7f) = -1 ENOENT (No such file or directory)
        2 100.3 stat("/app/loop", 0x7f) = -1 ELOOP (Too many levels of symbolic links)
        2 100.4 stat("/data/one/x", 0x7f) = -1 ENOTDIR (Not a directory)
        """
    )
    assert found.missing() == {"usr/bin/none": ("open", "access")}
    assert "bin" in found.accesses(0)


def test_what_is_done_is_told_apart() -> None:
    """Listing, writing, creating, renaming, deleting, links, attributes, descriptors without a name."""
    found = seen(
        """
        2 100.0 getdents64(3</data>, 0x1 /* 4 entries */, 32768) = 96
        2 100.1 openat(AT_FDCWD</app>, "/etc/conf", O_WRONLY|O_CREAT, 0666) = 3</etc/conf>
        2 100.2 rename("/data/one", "/data/three") = 0
        2 100.3 unlink("/data/two") = 0
        2 100.4 readlink("/usr/lib/libx.so.1", "libx.so.1.2", 99) = 11
        2 100.5 fchmod(3</app/main.py>, 0600) = 0
        2 100.6 newfstatat(3</usr/bin/tool>, "", 0x7f, AT_EMPTY_PATH) = 0
        2 100.7 openat(AT_FDCWD</app>, "/usr/bin/tool", O_RDONLY|O_PATH) = 4</usr/bin/tool>
        2 100.8 symlink("/data/one", "/data/new") = 0
        2 100.9 link("/usr/bin/tool", "/tmp/tool") = 0
        """
    )
    assert found == {
        "data": ("list", "write"),
        "etc": ("write",),
        "etc/conf": ("write",),
        "data/one": ("rename",),
        "data/two": ("delete",),
        "usr/lib/libx.so.1": ("readlink",),
        "app/main.py": ("write",),
        "usr/bin/tool": ("open", "stat"),
    }


def test_mapped_parts_are_merged() -> None:
    """Anonymous memory does not count."""
    found = follow(
        """
        2 100.0 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</usr/lib/libx.so.1.2>, 0) = 0x7f0000000000
        2 100.1 mmap(0x7f1, 8192, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED, 3</usr/lib/libx.so.1.2>, 0x1000) = 0x7f1
        2 100.2 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f2
        2 100.3 mmap(NULL, 10, PROT_READ, MAP_PRIVATE, 3</usr/lib/libx.so.1.2>, 0x9000) = 0x7f3
        """
    )
    assert found.accesses(0)["usr/lib/libx.so.1.2"].ranges == ((0, 0x3000), (0x9000, 10))


def test_what_cannot_be_followed_is_said() -> None:
    """io_uring; a path relative to a descriptor that strace did not resolve."""
    found = follow(
        """
        2 100.0 io_uring_setup(8, 0x7f) = 3<anon_inode:[io_uring]>
        2 100.1 openat(9, "one", O_RDONLY) = 4
        """
    )
    assert set(found.problems) == {
        "io_uring was used: what it opens is not seen",
        "a path is relative to a descriptor that was not resolved",
    }


def test_io_uring_that_is_refused_is_no_problem() -> None:
    """Programs fall back."""
    assert follow("2 100.0 io_uring_setup(8, 0x7f) = -1 EPERM (Operation not permitted)").problems == {}


def test_a_gpu_is_none_missing_visible_or_used() -> None:
    """By the driver's library and devices."""
    driver = '2 100.0 openat(AT_FDCWD</app>, "/usr/lib/libcuda.so.1", O_RDONLY) = -1 ENOENT (No such file or directory)'
    control = '2 100.1 openat(AT_FDCWD</app>, "/dev/nvidiactl", O_RDWR) = 5</dev/nvidiactl>'
    device = '2 100.2 openat(AT_FDCWD</app>, "/dev/nvidia0", O_RDWR) = 6</dev/nvidia0>'
    assert follow('2 100.0 stat("/etc/conf", 0x7f) = 0').gpu() == "none"
    assert follow(driver).gpu() == "missing"
    assert follow(f"{driver}\n{control}").gpu() == "visible"
    assert follow(f"{driver}\n{control}\n{device}").gpu() == "used"


def test_the_process_s_own_links_in_proc() -> None:
    """``/proc/self/cwd`` and ``root`` lead on; a descriptor's link led to what was opened before."""
    found = seen(
        """
        2 100.0 stat("/proc/self/cwd/main.py", 0x7f) = 0
        2 100.1 stat("/proc/self/root/etc/conf", 0x7f) = 0
        2 100.2 openat(AT_FDCWD</app>, "/proc/self/fd/3", O_RDONLY) = 4</data/one>
        """
    )
    assert found == {"app/main.py": ("stat",), "etc/conf": ("stat",), "data/one": ("open",)}
