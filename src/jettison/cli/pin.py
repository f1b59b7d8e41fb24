"""``jettison pin [PATH …]``: images and actions held by digests and commits."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit
from jettison.cli.parser import Parser
from jettison.errors import EXIT_CHECK_FAILED, EXIT_OK

HELP = Help(
    "Put the digest beside each tag in FROM, COPY --from, mounts and # syntax, as NAME:TAG@sha256:…: that of the index "
    "of all platforms, so that every machine gets its own. In workflows, put the commit in place of an action's tag, "
    "with the tag behind it. Registries are asked without a login; names without a host go to JETTISON_REGISTRY, or to "
    "the Docker daemon's mirror.",
    (
        ("jettison pin", "the Dockerfiles in this folder"),
        ("jettison pin Dockerfile .github/workflows/image.yml", "and the actions of a workflow"),
        ("jettison pin --update", "move what is held to what its tag names now"),
        ("jettison pin --check", "in CI: change nothing, and fail when something is not held, or out of date"),
    ),
    failed="something is not held and could not be; with --check: or its tag names something else now",
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    text = "Dockerfiles, workflows (.yml), or folders with Dockerfiles in them (default: this folder)"
    options.takes_file(parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help=text))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--update", action="store_true", help="move what is held already, too")
    how.add_argument("--check", action="store_true", help="write nothing; exit with 1 when something would change")
    parser.add_argument("--offline", action="store_true", help="ask nobody: with --check, find what is not held at all")
    options.add_output(parser, schema="pin-report")


def run(args: Namespace) -> int:
    """Pin and report."""
    from jettison.api.pin import PinOptions, pin  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.pin import pin_blocks  # noqa: PLC0415 -- as above

    report = pin([Path(path) for path in args.paths], PinOptions(args.update, args.check, args.offline))
    emit(args, report, lambda: pin_blocks(report))
    failed = any(pin.state in ("unpinned", "outdated") for file in report.files for pin in file.pins)
    return EXIT_CHECK_FAILED if failed else EXIT_OK
