import os
import subprocess
import sys
from pathlib import Path

import pytest

from jettison import __version__
from jettison.cli.commands import COMMANDS

HEAVY = ("rich", "http", "socket", "ssl", "urllib.request", "isal", "zstandard", "shtab", "tomllib", "json", "tarfile")


def _modules_after(*argv: str) -> set[str]:
    code = (
        "import sys\nfrom jettison.cli.main import main\n"
        f"try: main({list(argv)!r})\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_start_imports_nothing_heavy(option: str) -> None:
    """Neither the version nor the help loads rich, HTTP, codecs, or any of Jettison beyond the command line."""
    modules = _modules_after(option)
    assert not modules & set(HEAVY)
    ours = {name for name in modules if name.startswith("jettison.")}
    assert ours == {
        "jettison.cli",
        "jettison.cli.commands",
        "jettison.cli.failures",
        "jettison.cli.main",
        "jettison.cli.parser",
        "jettison.cli.streams",
        "jettison.errors",
        "jettison.interrupt",
        "jettison.report",
        "jettison.report.failure",
    }


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_help_of_a_command(command: str) -> None:
    """A command's help loads that command only, and nothing that reads images."""
    modules = _modules_after(command, "--help")
    assert not modules & {"rich", "isal", "zstandard", "socket", "http", "shtab"}
    others = {f"jettison.cli.{other.name.replace('-', '_')}" for other in COMMANDS if other.name != command}
    assert not modules & others


def test_module_and_version() -> None:
    """``python -m jettison --version`` prints the version that the package has."""
    done = subprocess.run([sys.executable, "-m", "jettison", "--version"], check=True, capture_output=True, text=True)
    assert done.stdout == f"jettison {__version__}\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("argv", [("--help",), ("--version",), ("slim", "--help")])
def test_help_onto_a_full_disk(argv: tuple[str, ...], unbuffered: str) -> None:
    """Help that could not be written is an error as any other output is, buffered or not."""
    command = [sys.executable, "-m", "jettison", *argv]
    with open("/dev/full", "wb") as full:
        env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, env=env)
    assert done.returncode == 5
    assert done.stderr.startswith(b"jettison: the disk is full")


# Sends itself Ctrl-C as each of Jettison's modules, and argparse, is about to be imported: the Nth time in all.
_INTERRUPTED_IMPORT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
left = int(sys.argv[1])
class Finder:
    def find_spec(self, name, path=None, target=None):
        global left
        if name.startswith("jettison.") or name == "argparse":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGINT)
import jettison
from jettison.__main__ import entry
sys.meta_path.insert(0, Finder())
sys.argv = ["jettison", "inspect", "/none.tar"]
entry()
"""


@pytest.mark.parametrize("moment", [*range(1, 12), 20, 30])
def test_ctrl_c_while_starting(moment: int) -> None:
    """Ctrl-C during the imports with which Jettison starts is exit code 130, and no traceback."""
    command = [sys.executable, "-c", _INTERRUPTED_IMPORT, str(moment)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr in ("", "jettison: interrupted; nothing is left behind\n")


def test_an_ignored_ctrl_c_stays_ignored(tmp_path: Path) -> None:
    """In a shell's background, where Ctrl-C is ignored, and under nohup, the signals change nothing."""
    code = (
        "import os, signal, sys\n"
        "for number in (signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\n"
        "import jettison.cli.inspect as command\n"
        "def run(args):\n"
        "    for number in (signal.SIGINT, signal.SIGHUP): os.kill(os.getpid(), number)\n"
        "    return 0\n"
        "command.run = run\n"
        "from jettison.__main__ import entry\n"
        "sys.argv = ['jettison', 'inspect', 'x']; entry()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
