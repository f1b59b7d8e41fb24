"""The generator of pages and schemas: what it makes, and that it sees what is stale."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from jettison import errors
from jettison.cli.commands import COMMANDS
from jettison.rules.registry import IMAGE_RULES

SCRIPT = Path(__file__).parents[3] / "docs/make_pages.py"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script, writing into a folder of its own."""
    spec = importlib.util.spec_from_file_location("make_pages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("SCHEMAS", "COMMAND_PAGES", "REFERENCE", "RULE_PAGES", "DOCKERFILE_PAGES"):
        monkeypatch.setattr(module, name, tmp_path / name.lower())
    return module


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["make_pages.py", *options])
    code = script.main()
    assert isinstance(code, int)
    return code


def test_check(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fresh pages pass; a page that was edited, lost, or is left over from a command that is gone, does not."""
    assert run(script, monkeypatch, "--check") == 1
    assert run(script, monkeypatch) == 0
    assert run(script, monkeypatch, "--check") == 0
    capsys.readouterr()
    page, old = tmp_path / "command_pages/slim.md", tmp_path / "command_pages/gone.md"
    page.write_text(page.read_text("utf-8") + "by hand\n", "utf-8")
    old.write_text("x", "utf-8")
    assert run(script, monkeypatch, "--check") == 1
    out = capsys.readouterr().out
    assert "-by hand" in out
    assert "stale: command_pages/slim.md\nstale: command_pages/gone.md\n" in out
    assert run(script, monkeypatch) == 0
    assert not old.exists()
    assert run(script, monkeypatch, "--check") == 0


def test_everything_has_a_page(script: ModuleType) -> None:
    """Every command and rule has a page, every error family a code, every option of a command a row."""
    pages = {path.relative_to(script.ROOT).as_posix(): text for path, text in script.pages()}
    assert {f"command_pages/{command.name}.md" for command in COMMANDS} <= pages.keys()
    assert {f"rule_pages/{rule.name}.md" for rule in IMAGE_RULES} <= pages.keys()
    codes = pages["reference/exit-codes.md"]
    families = errors.JettisonError.__subclasses__()
    assert all(f"| {code} |" in codes for code in (0, 1, 70, 130, *(family.exit_code for family in families)))
    assert "`--bandwidth RATE`" in pages["command_pages/inspect.md"]
    assert "a budget is exceeded" in pages["command_pages/inspect.md"]
