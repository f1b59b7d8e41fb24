"""Command lines: the parser itself, and every one that is written down somewhere."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.cli.commands import COMMANDS, module_of
from jettison.cli.main import build_parser, chosen_command, main
from jettison.errors import UsageError

ROOT = Path(__file__).parents[3]
_FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\s*(?:\$ )?(?:\.venv/bin/)?jettison (.*)$", re.MULTILINE)


def written_lines() -> Iterator[tuple[str, str]]:
    """Give (page, command line) for every ``jettison …`` in a code fence of the README and the pages."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for fence in _FENCE.findall(page.read_text("utf-8").replace("\\\n", " ")):
            for line in _COMMAND.findall(fence):
                yield str(page.relative_to(ROOT)), line


def words_of(line: str) -> list[str]:
    """Return the arguments of a command line as a shell passes them, without redirections and what follows a pipe."""
    words = shlex.split(line, comments=True)
    ends = [number for number, word in enumerate(words) if word in ("|", "||", "&&", ";", ">", "2>", ">>")]
    return words[: ends[0]] if ends else words


LINES = sorted(set(written_lines()))


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page}: {line}" for page, line in LINES])
def test_written_lines_parse(page: str, line: str) -> None:
    """Every command line in the README and the pages is one that the program takes."""
    words = words_of(line)
    if "…" in line or "[OPTIONS]" in line or words in (["--version"], ["--help"]):
        return
    if words[-1] == "--help":
        assert words[0] in {command.name for command in COMMANDS}
        return
    build_parser(chosen_command(words)).parse_args(words)


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_examples_parse(name: str) -> None:
    """Every command has examples, and they are command lines that the program takes."""
    said = module_of(name).HELP
    assert said.examples
    for line, what in said.examples:
        words = words_of(line)
        assert words[:2] == ["jettison", name]
        build_parser(name).parse_args(words[1:])
        assert what


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["inspct", "x"], "there is no command 'inspct'", "did you mean 'inspect'"),
        (["inspect"], "missing: IMAGE", "jettison inspect --help"),
        (["slim", "x"], "missing: -o/--output", "jettison slim --help"),
        (["diff", "a", "b", "--by", "ownr"], "invalid choice: 'ownr'", "did you mean 'owner'"),
        (["inspect", "x", "--bandwith", "1Gbps"], "unrecognized arguments: --bandwith", "--help"),
        (["inspect", "x", "--band", "1Gbps"], "unrecognized arguments: --band", "--help"),
        (["inspect", "x", "--top", "0"], "--top", "--help"),
        ([], "no command", "inspect"),
    ],
)
def test_wrong_lines(argv: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong command line is one sentence and a hint, exit code 2; abbreviated options are not guessed."""
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert message in err
    assert hint in err


def test_lazy_parser_is_the_whole_parser() -> None:
    """What a command takes is the same whether its module was loaded alone or with all."""
    line = ["inspect", "x", "--bandwidth", "100Mbps", "--limit", "max-depth=9"]
    assert build_parser("inspect").parse_args(line) == build_parser(None).parse_args(line)
    with pytest.raises(UsageError):
        build_parser("inspect").parse_args(["inspect"])
