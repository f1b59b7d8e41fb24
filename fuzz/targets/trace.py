"""What a tracer wrote: strace's lines followed in an image, and traces as documents."""

import contextlib

from jettison.errors import JettisonError
from jettison.plan.keep.imports import find_constants, find_imports
from jettison.run.trace.document import trace_from_json, trace_to_json
from jettison.run.trace.follow import Follower
from jettison.run.trace.record import Access, Machine, Trace, TracedImport, TracedProcess, TracedRun
from jettison.run.trace.strace import read_calls

_RUN = TracedRun(
    "w", "strace 6.1", Machine("x86_64", "", ()), True, True, "", 1.0, 2.0, (TracedProcess(2, 0, ("a",)),), 3, "none"
)
_TRACE = Trace(
    "sha256:0", ("sha256:1",), (_RUN,), {"a": Access(("open",), 0, 0, 0.5, ((0, 9),))}, {"b": ("stat",)},
    {"m": TracedImport("n", 0, 0, 0.5)},
)  # fmt: skip
CORPUS = (
    (
        b'2 1.0 chdir("/app") = 0\n2 1.1 openat(AT_FDCWD</app>, "x\\303\\244", O_RDONLY|O_CLOEXEC) = 3</app/x>\n'
        b'2 1.2 vfork( <unfinished ...>\n5 1.3 stat("y", 0x7f) = -1 ENOENT (No such file or directory)\n'
        b'2 1.4 <... vfork resumed>) = 5\n5 1.5 execve("/bin/z", ["z", "-x"], 0x1 /* 3 vars */) = 0\n'
        b"2 1.6 getdents64(3</app>, 0x1 /* 4 entries */, 32768) = 96\n2 1.7 +++ exited with 0 +++\n"
    ),
    (
        b'2 1.0 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</a>, 0x1000) = 0x7f\n2 1.1 chroot("/..") = 0\n'
        b'2 1.2 access("/dev/.jettison/import/a.b/c", F_OK) = -1 ENOENT (No such file or directory)\n'
    ),
    trace_to_json(_TRACE).encode(),
    b"from . import (a,  # b\n c)\nif TYPE_CHECKING:\n    import x\ndef f():\n    import y.z as q, r\n\0pkg.mod\0",
)


def run(data: bytes) -> None:
    """Read it as a record, as a trace and as a module."""
    follower = Follower({}, "/app", 0.0)
    with contextlib.suppress(JettisonError):
        for call in read_calls(data.splitlines(keepends=True), where="fuzz"):
            follower.take(call)
    follower.accesses(0)
    for _ in find_imports(data):
        pass
    find_constants(data, ("mod",), "pkg")
    try:
        trace = trace_from_json(data, where="fuzz")
    except JettisonError:
        return
    if trace_from_json(trace_to_json(trace).encode(), where="again") != trace:
        raise AssertionError("a trace is not what it was once it is written and read")
