"""What CI services read of this repository: the action, the hooks, and the page about them."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from jettison.cli.main import build_parser
from jettison.dockerfile.project.yaml import parse_yaml

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = resources.files("check_jsonschema") / "builtin_schemas/vendor"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def validate(document: Any, schema: str) -> None:
    """Validate against one of the schemas that check-jsonschema brings."""
    loaded = json.loads((SCHEMAS / f"{schema}.json").read_text())
    jsonschema.validators.validator_for(loaded)(loaded).validate(document)


def test_the_action_is_one() -> None:
    """action.yml has the shape of a composite action, and every input it declares is used."""
    action = load(ROOT / "action.yml")
    validate(action, "github-actions")
    text = (ROOT / "action.yml").read_text()
    for name in action["inputs"]:
        assert f"inputs.{name} }}}}" in text


def test_no_input_is_text_of_a_script() -> None:
    """What a caller says reaches the shell as a variable only."""
    for step in load(ROOT / "action.yml")["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_the_action_runs(tmp_path: Path) -> None:
    """Its last step lints the paths of its input, one a line, whatever is in their names."""
    step = load(ROOT / "action.yml")["runs"]["steps"][-1]
    name = 'a $(touch x) "b"'
    (tmp_path / name).mkdir()
    (tmp_path / name / "Dockerfile").write_text('FROM debian:12\nCMD ["/bin/app"]\n')
    program = tmp_path / "jettison/bin/jettison"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m jettison "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATHS": f"{name}\n\n", "FAIL_ON": "low", "ONLINE": "false", "SARIF": "f.sarif"}
    done = subprocess.run(
        ("bash", "-eo", "pipefail", "-c", step["run"]),
        cwd=tmp_path,
        env={**env, "RUNNER_TEMP": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "title=jettison root-user" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "f.sarif", "jettison"]
    assert json.loads((tmp_path / "f.sarif").read_text())["version"] == "2.1.0"


def test_hooks_are_as_pre_commit_wants_them() -> None:
    """Each hook has what pre-commit requires, and starts a command that there is."""
    hooks = load(ROOT / ".pre-commit-hooks.yaml")
    assert len({hook["id"] for hook in hooks}) == len(hooks)
    for hook in hooks:
        assert {"id", "name", "entry", "language", "types"} <= hook.keys()
        words = hook["entry"].split()
        assert words[0] == "jettison"
        build_parser(words[1]).parse_args([*words[1:], "Dockerfile"])


def test_the_page_shows_what_there_is() -> None:
    """Commands on the page parse, its workflow is one, and its hooks and inputs exist."""
    page = (ROOT / "docs/ci.md").read_text()
    for line in re.findall(r"^jettison .*$", page, re.MULTILINE):
        words = line.partition(" >")[0].split()
        build_parser(words[1]).parse_args(words[1:])
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", page, re.DOTALL)
    assert [name for name, _ in blocks] == [".pre-commit-config.yaml", ".github/workflows/dockerfile.yml"]
    workflow = {"on" if key is True else key: value for key, value in yaml.safe_load(blocks[1][1]).items()}  # YAML 1.1
    validate(workflow, "github-workflows")
    inputs = load(ROOT / "action.yml")["inputs"]
    (step,) = (s for s in workflow["jobs"]["lint"]["steps"] if "with" in s)
    assert step["with"].keys() <= inputs.keys()
    hooks = {hook["id"] for hook in load(ROOT / ".pre-commit-hooks.yaml")}
    assert parse_yaml(blocks[0][1])["repos"][0]["hooks"][0]["id"] in hooks  # type: ignore[call-overload, index] # a table


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_the_page_says_how_to_silence(tmp_path: Path) -> None:
    """The comments that the page shows silence what they name."""
    block = re.search(r"```dockerfile\n(.*?)```", (ROOT / "docs/ci.md").read_text(), re.DOTALL)
    assert block
    path = tmp_path / "Dockerfile"
    path.write_text(f'FROM debian:12\n{block[1]}CMD ["/bin/app"]\n')
    command = (sys.executable, "-m", "jettison", "lint", str(path), "--json", "--fail-on", "never")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (file,) = json.loads(done.stdout)["files"]
    found = {finding["rule"] for finding in file["findings"]}
    assert file["ignored"] >= 2
    assert not found & {"apt-recommends", "root-user", "unneeded-ignore"}
