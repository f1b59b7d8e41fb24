"""Makes the pages and schemas that come from the program, so that what is written about it is what it does.

``python docs/make_pages.py`` writes them; ``--check`` writes nothing, shows what is stale, and exits with 1.

Made: docs/commands/*.md (from the parser), docs/reference/exit-codes.md (from the errors), docs/reference/json.md and
src/jettison/report/schemas/*.json (from the records), docs/rules/*.md (from the rules).
"""

import argparse
import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jettison import errors
from jettison.cli.commands import COMMANDS, Command, module_of
from jettison.cli.main import build_parser
from jettison.cli.parser import Parser
from jettison.plan.record import TIERS
from jettison.report import json as report_json
from jettison.report.documents import DOCUMENTS
from jettison.report.schema import schema_of
from jettison.report.text.rules import example_text
from jettison.rules.catalog import RuleEntry, RuleExample, RuleText, text_of
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES
from jettison.rules.record import Rule
from jettison.rules.registry import IMAGE_RULES

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "src/jettison/report/schemas"
COMMAND_PAGES = ROOT / "docs/commands"
REFERENCE = ROOT / "docs/reference"
RULE_PAGES = ROOT / "docs/rules"
DOCKERFILE_PAGES = ROOT / "docs/rules/dockerfile"

MADE = "<!-- Made by docs/make_pages.py; change the program, then run `make docs`. -->\n\n"
_CODE = re.compile(r"^(\d+)\s+(\S.*)$")
_ALWAYS = (0, 2, 3, 4, 5, 70, 130)


def main() -> int:
    """Write the pages, or check them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a page is stale")
    check = options.parse_args().check
    made = dict(pages())
    stale = [path for path in made if not path.is_file() or path.read_text("utf-8") != made[path]]
    gone = [path for path in _there() if path not in made]
    for path in [] if check else stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], "utf-8")
        print(f"written: {path.relative_to(ROOT)}")
    for path in [] if check else gone:
        path.unlink()
        print(f"removed: {path.relative_to(ROOT)}")
    if not check or not (stale or gone):
        return 0
    for path in stale:
        print(_difference(path, made[path]), end="")
    for path in [*stale, *gone]:
        print(f"stale: {path.relative_to(ROOT)}")
    print("run: make docs")
    return 1


def _there() -> Iterator[Path]:
    """Give the files in folders where every file is made."""
    yield from COMMAND_PAGES.glob("*.md")
    yield from SCHEMAS.glob("*.json")
    yield from RULE_PAGES.glob("*.md")
    yield from DOCKERFILE_PAGES.glob("*.md")


def _difference(path: Path, text: str) -> str:
    old = path.read_text("utf-8") if path.is_file() else ""
    name = str(path.relative_to(ROOT))
    lines = difflib.unified_diff(old.splitlines(True), text.splitlines(True), name, f"{name} (as it should be)")
    return "".join(lines)


def pages() -> Iterator[tuple[Path, str]]:
    """Give every file that is made, with its content."""
    parsers = _command_parsers()
    for command in COMMANDS:
        yield COMMAND_PAGES / f"{command.name}.md", command_page(command, parsers[command.name])
    yield COMMAND_PAGES / "README.md", commands_index()
    yield REFERENCE / "exit-codes.md", exit_codes_page()
    schemas = {document.name: schema_of(document) for document in DOCUMENTS}
    for name, schema in schemas.items():
        yield SCHEMAS / f"{name}.json", report_json.dumps(schema)
    yield REFERENCE / "json.md", json_page(schemas)
    yield from rule_pages()
    yield from dockerfile_pages()


def _command_parsers() -> dict[str, Parser]:
    actions = build_parser(None)._actions  # noqa: SLF001 -- argparse offers no other way to its arguments
    (commands,) = (action for action in actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001 -- as above
    return dict(commands.choices)


# --- commands ---------------------------------------------------------------------------------------------------------


def command_page(command: Command, parser: Parser) -> str:
    """Return the page of a command."""
    said = module_of(command.name).HELP
    examples = "\n\n".join(f"{_sentence(what)}:\n\n```console\n{line}\n```" for line, what in said.examples)
    groups = "\n".join(_group(group) for group in parser._action_groups)  # noqa: SLF001 -- as in _command_parsers
    codes = "\n".join(f"| {code} | {text} |" for code, text in _codes_of(command.name))
    return (
        f"{MADE}# jettison {command.name}\n\n{said.description}\n\n"
        f"```console\n{_synopsis(command.name, parser)}\n```\n\n"
        f"{groups}\n## Examples\n\n{examples}\n\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n{codes}\n\n"
        f"All of them: [exit codes](../reference/exit-codes.md).\n"
    )


def _synopsis(name: str, parser: Parser) -> str:
    needed = [f"{_flag(a)} {a.metavar}" for a in parser._actions if a.option_strings and a.required]  # noqa: SLF001 -- as above
    places = [_place(action) for action in parser._actions if not action.option_strings]  # noqa: SLF001 -- as above
    return " ".join(["jettison", name, *places, *needed, "[OPTIONS]"])


def _flag(action: argparse.Action) -> str:
    return action.option_strings[0]


def _place(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest.upper())
    return {"?": f"[{name}]", "+": f"{name} …", "*": f"[{name} …]"}.get(str(action.nargs), name)


def _group(group: Any) -> str:
    actions = [action for action in group._group_actions if action.option_strings[:1] != ["-h"]]  # noqa: SLF001 -- as above
    if not actions:
        return ""
    title = {"positional arguments": "Arguments", "options": "Options"}.get(group.title, group.title.capitalize())
    rows = "\n".join(f"| {_names(action)} | {_cell(action)} |" for action in actions)
    return f"## {title}\n\n| | |\n| --- | --- |\n{rows}\n"


def _names(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{_place(action)}`"
    value = "" if action.nargs == 0 else f" {action.metavar or _choices(action)}"
    return ", ".join(f"`{option}{value}`" for option in action.option_strings).replace("|", "\\|")


def _choices(action: argparse.Action) -> str:
    return "|".join(str(choice) for choice in action.choices or (action.dest.upper(),))


def _cell(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%").replace("|", "\\|").replace("*", "\\*")


def _codes_of(name: str) -> Iterator[tuple[int, str]]:
    failed = module_of(name).HELP.failed
    for code, meaning in exit_codes().items():
        if code in _ALWAYS:
            yield code, "done" if code == 0 and not failed else meaning
        elif code == 1 and failed:
            yield code, failed
        elif code == errors.NotTriedError.exit_code and name in ("slim", "verify", "compare", "coldstart", "ladder"):
            yield code, meaning


def commands_index() -> str:
    """Return the page that lists the commands."""
    rows = "\n".join(f"| [`jettison {command.name}`]({command.name}.md) | {command.summary} |" for command in COMMANDS)
    return f"{MADE}# Commands\n\n| | |\n| --- | --- |\n{rows}\n"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


# --- reference --------------------------------------------------------------------------------------------------------


def exit_codes() -> dict[int, str]:
    """Return the table of exit codes in the docstring of :mod:`jettison.errors`, checked against its classes."""
    lines = (errors.__doc__ or "").splitlines()
    codes = {int(match[1]): match[2] for line in lines if (match := _CODE.match(line))}
    for family in errors.JettisonError.__subclasses__():
        if family.exit_code not in codes:
            raise SystemExit(f"errors.py: exit code {family.exit_code} of {family.__name__} is not in its table")
    return codes


def exit_codes_page() -> str:
    """Return the page of exit codes."""
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in exit_codes().items())
    return (
        f"{MADE}# Exit codes\n\n| code | meaning |\n| --- | --- |\n{rows}\n\n"
        "An error is one sentence on standard error, `jettison: …`, and where there is something to do about it a "
        "second line, `hint: …`. With `--json` it is the JSON document [failure](json.md#failure) on standard error "
        "instead:\n\n"
        '```json\n{"schema": "jettison/failure/1", "kind": "bad-input", "exit_code": 3, "message": "…", "hint": "…"}\n'
        "```\n\n"
        "Ctrl-C, SIGTERM and SIGHUP end a command with 130 and leave everything as it was before; pressing Ctrl-C "
        "again does not disturb the clean-up. When the new output is in its place already, the command has "
        "succeeded: a note says so, and the exit code is that of the result.\n\n"
        "Where the machine lets nobody run a container, `slim` and `compare` lack what they need (5), and `verify` has "
        "a proof that could not be run (6).\n\n"
        "A refusal (4) says that the input is well-formed and what in it Jettison does not handle; a bug (70) says "
        "that it is one, and `--debug` or `JETTISON_DEBUG=1` adds the traceback.\n"
    )


def json_page(schemas: dict[str, dict[str, Any]]) -> str:
    """Return the page on JSON documents."""
    rows = "\n".join(f"| `{d.name}` | {d.version} | {_written_by(d.command)} |" for d in DOCUMENTS)
    sections = "\n".join(_document(name, schema) for name, schema in schemas.items())
    return (
        f"{MADE}# JSON documents\n\nCommands print one JSON document with `--json`. Its field `schema` says which, as "
        "in `jettison/inspection/1`; the number is raised when a field goes or changes its meaning, not when one is "
        "added. The schemas (JSON Schema, draft 2020-12) come with Jettison:\n\n```console\njettison schema inspection"
        f"\n```\n\n| document | version | written by |\n| --- | --- | --- |\n{rows}\n\n{_CONVENTIONS}\n{sections}"
    )


_CONVENTIONS = """\
## Conventions

- Documents are pure ASCII, and two-space indented.
- Sizes are bytes, times are seconds, speeds are bytes a second; names say which when it is not a size.
- Paths are relative to the image's root: no `/` in front.
- Text that is not Unicode (a file name whose bytes are not UTF-8) is written `bytes:` and then all its bytes,
  percent-encoded where they are not plain ASCII: `bytes:usr/share/caf%E9`. Text that begins with `bytes:` itself is
  written so too, hence the prefix always means this.
- A field of bytes is base64; its schema says `contentEncoding`.
"""


def _written_by(command: str) -> str:
    return f"`{command}`" if command.startswith("jettison ") else command


def _document(name: str, schema: dict[str, Any]) -> str:
    body = schema.get("properties", {})
    rows = "\n".join(
        f"| `{field}` | {_type(value)} | {value.get('description', '').replace('|', chr(92) + '|')} |"
        for field, value in body.items()
        if field != "schema"
    )
    return f"## {name}\n\n{schema.get('description', '')}\n\n| field | type | |\n| --- | --- | --- |\n{rows}\n"


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "anyOf" in value:
        return " or ".join(_type(each) for each in value["anyOf"])
    if "enum" in value:
        return " or ".join(f"`{each}`" for each in value["enum"])
    if value.get("type") == "array" and "items" in value and value["items"] is not False:
        return f"list of {_type(value['items'])}"
    if value.get("type") == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"object of {_type(value['additionalProperties'])}"
    return str(value.get("const") or value.get("type", "any"))


# --- rules ------------------------------------------------------------------------------------------------------------


def rule_pages() -> Iterator[tuple[Path, str]]:
    """Give the page of each rule, and the one that lists them."""
    rows = "\n".join(f"| {_tier(rule)} | [`{rule.name}`]({rule.name}.md) | {rule.title} |" for rule in IMAGE_RULES)
    text = "What may go from an image, in the order in which rules are asked; each sees what the ones before it take."
    yield (
        RULE_PAGES / "README.md",
        (
            f"{MADE}# Rules\n\nRules of Dockerfiles: [their list](dockerfile/README.md).\n\n{text}\n\n"
            f"| tier | rule | what goes |\n| --- | --- | --- |\n{rows}\n"
        ),
    )
    for rule in IMAGE_RULES:
        yield RULE_PAGES / f"{rule.name}.md", rule_page(rule)


def rule_page(rule: Rule) -> str:
    """Return the page of a rule."""
    examples = "\n".join(f"- {example}" for example in rule.examples)
    return (
        f"{MADE}# {rule.name}\n\nTier {_tier(rule)}: {rule.title}.\n\n{rule.why}\n\n## Examples\n\n{examples}\n\n"
        "## Against it\n\n`--keep` holds what this rule would take, by path glob, owner or kind; the plan lists "
        "what was held:\n\n```console\njettison plan app.tar --keep '/opt/app/**'\n```\n"
    )


def dockerfile_pages() -> Iterator[tuple[Path, str]]:
    """Give the page of each rule of Dockerfiles, and the one that lists them."""
    rules = [text_of(rule) for rule in DOCKERFILE_RULES]
    rows = "\n".join(f"| {_linked(rule.entry)} |" for rule in rules)
    yield (
        DOCKERFILE_PAGES / "README.md",
        (
            f"{MADE}# Rules of Dockerfiles\n\n"
            "What `jettison lint` finds, in the order of its worth. A safe fix is made by `--fix`, an unsafe one by "
            "`--fix --unsafe`.\n\n"
            f"| rule | severity | fix | finds |\n| --- | --- | --- | --- |\n{rows}\n"
        ),
    )
    for rule in rules:
        yield DOCKERFILE_PAGES / f"{rule.entry.name}.md", dockerfile_page(rule)


def _linked(entry: RuleEntry) -> str:
    return " | ".join((f"[`{entry.name}`]({entry.name}.md)", entry.severity, entry.fixes, entry.title))


def dockerfile_page(rule: RuleText) -> str:
    """Return the page of a rule of Dockerfiles: its examples are those that the tests hold it to."""
    entry = rule.entry
    aliases = f" Other tools call it {', '.join(f'`{alias}`' for alias in entry.aliases)}." if entry.aliases else ""
    fix = {"safe": "A safe fix.", "unsafe": "An unsafe fix.", "none": "No fix."}[entry.fixes]
    sources = "\n".join(f"- {source}" for source in rule.sources)
    head = f"{_sentence(entry.title)}. Severity {entry.severity}. {fix}{aliases}"
    bad = "\n".join(_fenced(example) for example in rule.examples if example.found)
    good = "\n".join(_fenced(example) for example in rule.examples if not example.found)
    return (
        f"{MADE}# {entry.name}\n\n{head}\n\n{rule.why}\n\n## Found\n\n{bad}\n## Not found\n\n{good}\n"
        f"## Against it\n\n```dockerfile\n# jettison ignore={entry.name}\n```\n\n## Sources\n\n{sources}\n"
    )


def _fenced(example: RuleExample) -> str:
    kind = "diff" if example.after is not None and example.after != example.text else "dockerfile"
    return f"```{kind}\n{example_text(example).rstrip()}\n```\n"


def _tier(rule: Rule) -> str:
    return f"{rule.tier} ({TIERS[rule.tier]})"


if __name__ == "__main__":
    sys.exit(main())
