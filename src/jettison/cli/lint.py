"""``jettison lint FILE…``: what is wrong with Dockerfiles, what it costs, and how it is mended."""

import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from jettison.api.lint import LintOptions
    from jettison.rules.dockerfile.finding import LintReport

_SEVERITIES = ("info", "low", "medium", "high")
_FORMATS = ("text", "json", "sarif", "github")

HELP = Help(
    "Find what makes an ML image large, slow to build, slow to start or unsafe, in its Dockerfile and the files around "
    "it. Each finding says what it costs. --fix mends what can be mended without changing what the image does, and "
    "leaves every other byte as it was.",
    (
        ("jettison lint", "the Dockerfiles in this folder"),
        ("jettison lint Dockerfile --fix", "make the safe fixes, in place"),
        ("jettison lint Dockerfile --fix --unsafe --diff", "show what all fixes would change; write nothing"),
        ("jettison lint - --fix", "standard input, mended, to standard output"),
        ("jettison lint services/ --fail-on medium --format github", "in CI, as annotations of a pull request"),
    ),
    failed="there are findings as severe as --fail-on says, or worse; with --diff: something would change",
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    text = "Dockerfiles, or folders with Dockerfiles in them (default: this folder); - is standard input"
    options.takes_file(parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help=text))
    parser.add_argument("--fix", action="store_true", help="make the safe fixes, in place")
    parser.add_argument("--unsafe", action="store_true", help="with --fix: fixes that a person should look at as well")
    parser.add_argument(
        "--diff",
        action="store_true",
        help="with --fix: show the changes, write nothing; exit with 1 when there are any",
    )
    parser.add_argument(
        "--stdin-filename", metavar="NAME", default="Dockerfile", help="what to call standard input in messages"
    )
    parser.add_argument(
        "--fail-on",
        metavar="SEVERITY",
        choices=(*_SEVERITIES, "never"),
        default="high",
        help="exit with 1 when a finding is this severe or more: info, low, medium, high (the default) or never",
    )
    group = parser.add_argument_group("what is looked at")
    options.takes_file(
        group.add_argument("--context", metavar="DIR", help="the build context (default: each Dockerfile's folder)")
    )
    group.add_argument("--no-context", action="store_true", help="look at nothing but the Dockerfiles")
    group.add_argument("--select", metavar="RULE", action="append", default=[], help="only this rule; repeatable")
    group.add_argument("--ignore", metavar="RULE", action="append", default=[], help="not this rule; repeatable")
    where = group.add_mutually_exclusive_group()
    where.add_argument(
        "--online",
        action="store_true",
        help="ask package indexes, archives and registries what things weigh; their answers are kept",
    )
    where.add_argument(
        "--offline",
        action="store_true",
        help="ask nobody (the default): sizes are from earlier answers and from tables; estimates say so",
    )
    parser.add_argument(
        "--format", choices=_FORMATS, default="text", help="text, json, sarif (2.1.0) or github (annotations)"
    )
    options.add_output(parser, schema="lint-report")


def run(args: Namespace) -> int:
    """Lint and report.

    Raises:
        UsageError: options that do not go together.
    """
    from jettison.api.lint import LintOptions, lint_files  # noqa: PLC0415 -- only once the command runs

    if (args.unsafe or args.diff) and not args.fix:
        raise UsageError("--unsafe and --diff go with --fix")
    settings = LintOptions(
        context=Path(args.context) if args.context else None,
        no_context=args.no_context,
        select=tuple(args.select),
        leave=tuple(args.ignore),
        fix=args.fix,
        unsafe=args.unsafe,
        write=not args.diff,
        online=args.online,
    )
    if "-" in args.paths:
        return _of_stdin(args, settings)
    return _report(args, lint_files([Path(path) for path in args.paths], settings))


def _of_stdin(args: Namespace, settings: "LintOptions") -> int:
    """Lint standard input; with --fix the mended text goes to standard output, and the report to standard error."""
    from jettison.api.lint import lint_text  # noqa: PLC0415 -- only once the command runs
    from jettison.dockerfile.text import MAX_SIZE  # noqa: PLC0415 -- as above

    if args.paths != ["-"]:
        raise UsageError("standard input (-) is linted by itself")
    report, after = lint_text(sys.stdin.buffer.read(MAX_SIZE + 1), args.stdin_filename, settings)
    if not args.fix or args.diff:
        return _report(args, report)
    sys.stdout.buffer.write(after)
    sys.stdout.buffer.flush()
    return _report(args, report, sys.stderr)


def _report(args: Namespace, report: "LintReport", stream: TextIO | None = None) -> int:
    """Print a report, and return the exit code."""
    changes = "".join(file.diff for file in report.files)
    form = "json" if args.json else args.format
    if args.diff and form == "text":
        if not args.quiet:
            write(_shown(changes), stream)
        return EXIT_CHECK_FAILED if changes else EXIT_OK
    if not args.quiet:
        write(_drawn(report, form, stream or sys.stdout), stream)
    worst = max((_SEVERITIES.index(each.severity) for file in report.files for each in file.findings), default=-1)
    failed = args.fail_on != "never" and worst >= _SEVERITIES.index(args.fail_on)
    return EXIT_CHECK_FAILED if failed or (args.diff and changes) else EXIT_OK


def _shown(changes: str) -> str:
    """Return a diff for a terminal and for ``patch``: of what is invisible only tabs and line ends stay."""
    from jettison.report.escape import plain  # noqa: PLC0415 -- only once there is one

    return "".join(part if part in "\t\r\n" else plain(part) for part in re.split(r"([\t\r\n])", changes))


def _drawn(report: "LintReport", form: str, stream: TextIO) -> str:
    """Return the report in one of the formats."""
    from jettison.report.json import dumps, to_document  # noqa: PLC0415 -- only the format that is asked for

    if form == "json":
        return dumps(to_document(report))
    if form == "sarif":
        from jettison.report.lint.sarif import to_sarif  # noqa: PLC0415 -- as above

        return dumps(to_sarif(report))
    if form == "github":
        from jettison.report.lint.github import github_lines  # noqa: PLC0415 -- as above

        return github_lines(report)
    from jettison.report.lint.text import draw_lint  # noqa: PLC0415 -- as above
    from jettison.report.terminal import look_of  # noqa: PLC0415 -- as above

    look = look_of(stream)
    return draw_lint(report, width=look.width, colour=look.colour)
