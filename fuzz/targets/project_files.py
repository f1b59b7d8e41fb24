"""The files around a Dockerfile: whatever they hold, they are read into a result, within a result of bounded size."""

from jettison.dockerfile.project.code import read_code_text
from jettison.dockerfile.project.history import parse_log
from jettison.dockerfile.project.ignore import kept_out, parse_ignore, with_lines
from jettison.dockerfile.project.manifests import READERS, parse
from jettison.dockerfile.project.requirements import parse_requirements
from jettison.dockerfile.project.started import started_by_shell

CORPUS = (
    b"# c\n**/*.py[cod]\n!a\\*b\n[^a-z]?/**/x\n",
    b"a==1 \\\n --hash=sha256:00\n-r x.txt\n-e git+https://h/o/r@main#egg=x ; python_version > '3'\n",
    b'[project]\ndependencies = ["a>=1"]\n[tool.poetry.dependencies]\nb = {version = "^1", extras = ["c"]}\n',
    b'version = 1\n[[package]]\nname = "a"\nsource = { registry = "https://h" }\nwheels = [{ size = 1 }]\n',
    b"name: x\ndependencies:\n- python=3.10\n- pip:\n  - 'a==1'\n  - {b: [c, \"d\\n\"]}\nx: |\n  y\n",
    b'{"_meta": {"pipfile-spec": 6}, "default": {"a": {"version": "==1", "hashes": ["sha256:0"]}}}',
    b"import torch as t\nfrom x import *\nt.compile(f)\n@a.get('/h')\ndef f(): pass\n",
    b'{"cells": [{"cell_type": "code", "source": ["!pip install x\\n", "import a"]}]}',
    b"\x01" + b"a" * 40 + b' 1\n\n"a\\303\\251"\nR100\tb\tc\n',
    b"export A=1; exec tini -- uvicorn --port ${A:-2} a:b && python -m c 'd e' > f\n",
)


def run(data: bytes) -> None:
    """Read the input as each kind of file."""
    text = data.decode("utf-8", "surrogateescape")
    ignore = parse_ignore(text)
    if with_lines(ignore) != text:
        raise AssertionError("an ignore file is not written back as it was")
    list(kept_out(ignore, ["a/b/x.py"]))
    lines = parse_requirements(text).lines
    if "".join(text[line.span.start : line.span.end] for line in lines) != text:
        raise AssertionError("the lines of a requirements file do not cover it")
    for kind in READERS:
        parse(text, "x", kind)
    read_code_text(text, "x.py")
    read_code_text(text, "x.ipynb")
    parse_log(text)
    started_by_shell(text)
