import subprocess
import sys

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
        "jettison.errors",
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
