"""A small root file system that really runs, gathered from this machine: its Python, a shell and a few tools."""

import functools
import importlib.util
import json
import marshal
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from tests.helpers.images import File, tar_bytes

_TOOLS = ("sh", "cat", "id", "sleep", "ls", "true")
_MODULES = (
    "json, traceback, encodings.idna, encodings.ascii, http.server, socket, subprocess, threading, time, signal, "
    "ctypes, resource"
)
PYTHON = "/usr/bin/python3"


@functools.cache
def machine_layer() -> bytes:
    """Return a layer's tar: /usr/bin/python3 with what it imports here, sh and tools, passwd and group."""
    interpreter = os.path.realpath(sys.executable)
    programs = [interpreter, *(f"/bin/{name}" for name in _TOOLS)]
    modules = _modules(interpreter)
    libraries = _libraries([*programs, *(path for path in modules if path.endswith(".so"))])
    files = {path: path for path in [*modules, *libraries]}
    files |= {f"/bin/{name}": f"/bin/{name}" for name in _TOOLS} | {PYTHON: interpreter}
    members = [
        File("tmp", type="dir", mode=0o1777),
        File("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n"),
        File("etc/group", b"root:x:0:\napp:x:1000:\nvideo:x:44:app\n"),
    ]
    for target, source in files.items():
        members.append(File(target.lstrip("/"), Path(source).read_bytes(), mode=0o755))
    members += [_bytecode(path) for path in modules if path.endswith(".py")]
    return tar_bytes(members)


def _bytecode(path: str) -> File:
    """Return a module's bytecode, valid whatever the source's time, so that containers start fast."""
    code = marshal.dumps(compile(Path(path).read_bytes(), path, "exec", dont_inherit=True))
    unchecked = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
    return File(importlib.util.cache_from_source(path).lstrip("/"), unchecked + code)


def _modules(interpreter: str) -> list[str]:
    """Return the files of the standard library that a few imports load."""
    code = (
        f"import {_MODULES}, sys, json; print(json.dumps([getattr(m, '__file__', None) for m in sys.modules.values()]))"
    )
    out = subprocess.run([interpreter, "-I", "-S", "-c", code], check=True, capture_output=True).stdout
    names = {name for name in json.loads(out) if name}
    base = sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix, "base": sys.base_prefix})
    hidden = {f"{base}/os.py", f"{base}/collections/abc.py"}  # frozen; from 3.13 on replaced as it is imported
    return sorted(names | hidden)


def _libraries(programs: Iterable[str]) -> list[str]:
    out = subprocess.run(["ldd", *programs], check=False, capture_output=True, text=True).stdout
    words = {word for line in out.splitlines() for word in line.split() if word.startswith("/") and word[-1] != ":"}
    return sorted(word for word in words if os.path.exists(word))
