import builtins
import shutil
import subprocess
import sys
from typing import Any

import pytest
import shtab

from jettison.cli.main import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each shell gets a script that knows the commands."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "verify-image" in script
    assert "bandwidth" in script


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes() -> None:
    """In bash the script completes a command, an option of it, and a file."""
    done = subprocess.run(
        [sys.executable, "-m", "jettison", "completion", "bash"], capture_output=True, text=True, check=True
    )
    code = (
        done.stdout + "\nCOMP_WORDS=(jettison insp); COMP_CWORD=1; _shtab_jettison; echo ${COMPREPLY[@]}\n"
        "COMP_WORDS=(jettison inspect --band); COMP_CWORD=2; _shtab_jettison; echo ${COMPREPLY[@]}\n"
    )
    shown = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == ["inspect", "--bandwidth"]


def test_without_shtab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the extra, the error says how to get it."""
    load = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "shtab":
            raise ImportError
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["completion", "bash"]) == 5
    assert "pip install 'jettison[completion]'" in capsys.readouterr().err


def test_shell_that_shtab_does_not_know(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An older shtab without fish is told as a refusal."""
    monkeypatch.setattr(shtab, "SUPPORTED_SHELLS", ["bash", "zsh", "tcsh"])
    assert main(["completion", "fish"]) == 4
    assert "bash, zsh, tcsh" in capsys.readouterr().err
