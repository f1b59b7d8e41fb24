"""Calls of known tools."""

import pytest

from jettison.dockerfile.shell.parse import parse_script
from jettison.dockerfile.text import Joined
from jettison.dockerfile.tools.calls import calls_of
from jettison.dockerfile.tools.record import Call


def _call(text: str) -> Call:
    return next(calls_of(parse_script(Joined(text, (0,), (0,))).commands))


@pytest.mark.parametrize(
    ("text", "tool", "action", "operands"),
    [
        ("apt-get -y -o A=b install --no-install-recommends curl g++", "apt", "install", ["curl", "g++"]),
        ("sudo -E -u root apt install vim", "apt", "install", ["vim"]),
        ("env A=1 B=2 pip3.11 install x", "pip", "install", ["x"]),
        ("python3 -m pip --no-cache-dir install -U -r r.txt torch==2", "pip", "install", ["torch==2"]),
        ("/opt/venv/bin/pip install -e .", "pip", "install", []),
        ("uv pip install --system -p 3.11 x", "uv", "install", ["x"]),
        ("uv sync --frozen --no-dev", "uv", "sync", []),
        ("conda env create -n x -f environment.yml", "conda", "create", []),
        ("conda run -n x pip install y", "pip", "install", ["y"]),
        ("micromamba install -y -n base -c conda-forge python=3.11", "conda", "install", ["python=3.11"]),
        ("poetry run pip install z", "pip", "install", ["z"]),
        ("poetry install --only main", "poetry", "install", []),
        ("apk add --no-cache --virtual .b gcc", "apk", "install", ["gcc"]),
        ("microdnf install -y gcc", "dnf", "install", ["gcc"]),
        ("git -C /x clone --depth 1 -b v1 URL dir", "git", "clone", ["URL", "dir"]),
        ("python setup.py bdist_wheel", "setup.py", "bdist_wheel", []),
        ("make -j8 -C src all", "make", "", ["all"]),
        ("chown -R 1000:1000 /app", "chown", "", ["1000:1000", "/app"]),
        ("curl -fsSLo out https://x", "curl", "", ["https://x"]),
        ("huggingface-cli download org/model --revision abc", "hf", "download", ["org/model"]),
    ],
)
def test_calls_are_read_by_their_tables(text: str, tool: str, action: str, operands: list[str]) -> None:
    """Options with values take them along, wrappers are looked through, and what is left are the operands."""
    call = _call(text)
    assert (call.tool, call.action, [word.value for word in call.operands]) == (tool, action, operands)


def test_options_have_values() -> None:
    """Values stand behind ``=``, in the next word, or glued to a short option; bundled options come one by one."""
    call = _call("pip install --index-url=A --extra-index-url B -rreq.txt -qU -c con.txt x")
    assert [(option.name, option.text) for option in call.options] == [
        ("--index-url", "A"),
        ("--extra-index-url", "B"),
        ("-r", "req.txt"),
        ("-q", None),
        ("-U", None),
        ("-c", "con.txt"),
    ]
    assert call.values("-r", "-c") == ("req.txt", "con.txt")
    assert not call.has("--no-cache-dir")


def test_unknown_programs_are_no_calls() -> None:
    """A program that is not in the table, or is named by a variable, gives no call."""
    assert list(calls_of(parse_script(Joined("foo x && $PIP install y", (0,), (0,))).commands)) == []
