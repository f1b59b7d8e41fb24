"""``jettison estimate [DOCKERFILE]``: what an image will weigh before it is built."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Say what the image of a Dockerfile will weigh, layer by layer, on disk and in the pull, without building it: "
    "wheels from the package index's own metadata, packages from the archive's index, bases from their registry or a "
    "dated table, files of the build context as they are. What is a guess says so, and what is not known is listed.",
    (
        ("jettison estimate", "the Dockerfile in this folder"),
        ("jettison estimate docker/Dockerfile --context .", "with its build context elsewhere"),
        ("jettison estimate --offline", "by earlier answers and tables that ship only"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    text = "the Dockerfile (default: that of this folder)"
    options.takes_file(
        parser.add_argument("dockerfile", metavar="DOCKERFILE", nargs="?", default="Dockerfile", help=text)
    )
    options.takes_file(
        parser.add_argument("--context", metavar="DIR", help="the build context (default: the Dockerfile's folder)")
    )
    parser.add_argument(
        "--build-arg", metavar="NAME=VALUE", type=values.assignment, action="append", default=[], help="as for a build"
    )
    parser.add_argument("--offline", action="store_true", help="ask nobody; estimates say so")
    options.add_output(parser, schema="estimate")


def run(args: Namespace) -> int:
    """Estimate and report."""
    from jettison.api.estimate import estimate  # noqa: PLC0415 -- only once the command runs
    from jettison.api.lint import LintOptions  # noqa: PLC0415 -- as above
    from jettison.report.text.estimate import estimate_blocks  # noqa: PLC0415 -- as above

    settings = LintOptions(context=Path(args.context) if args.context else None, online=not args.offline)
    with progress_of(args) as progress:
        made = estimate(Path(args.dockerfile), settings, arguments=dict(args.build_arg), progress=progress)
    emit(args, made, lambda: estimate_blocks(made))
    return EXIT_OK
