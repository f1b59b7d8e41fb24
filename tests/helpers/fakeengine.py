"""A stand-in for an engine's command line: a script on the PATH that does as a test says, and notes it."""

import json
import os
from pathlib import Path

import pytest

_SCRIPT = """\
#!{python}
import json, os, shutil, sys
folder = {folder!r}
said = json.load(open(folder + "/says.json"))
with open(folder + "/told", "a") as told:
    told.write(json.dumps(sys.argv[1:]) + "\\n")
verb = " ".join(sys.argv[1:3]) if sys.argv[1] in ("image", "buildx") else sys.argv[1]
if verb == "load":
    with open(folder + "/loaded.tar", "wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
code, out, err = said.get(verb, [125, "", "unknown command: " + verb])
sys.stderr.write(err)
if out.startswith("@"):
    data = open(out[1:], "rb").read()
    sys.stdout.buffer.write(data if not code else data[:len(data) // 2])
else:
    sys.stdout.write(out)
sys.exit(code)
"""


class FakeEngine:
    """An engine that answers each verb with an exit code, an output (``@FILE``: the file's bytes) and an error."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "docker") -> None:
        self.folder = folder / "engine"
        self.folder.mkdir()
        program = self.folder / name
        program.write_text(_SCRIPT.format(python="/usr/bin/env python3", folder=str(self.folder)))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{self.folder}:{os.environ['PATH']}")
        self.says: dict[str, tuple[int, str, str]] = {}
        self.answer("version", "28.1.1")
        self.answer("info", "/nowhere")

    def answer(self, verb: str, out: str = "", *, code: int = 0, error: str = "") -> None:
        """Say what a verb answers from now on."""
        self.says[verb] = (code, out, error)
        (self.folder / "says.json").write_text(json.dumps(self.says))

    def told(self, verb: str) -> list[list[str]]:
        """Return the command lines of a verb."""
        lines = (self.folder / "told").read_text().splitlines()
        return [words for line in lines if (words := json.loads(line))[0] == verb]
