"""``jettison rewrite DIR``: the recipe made multi-stage, cached, pinned and without root."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK, UsageError

HELP = Help(
    "Rewrite a project's Dockerfile: a builder and a runtime stage, the base chosen by what the code needs, caches, a "
    "user without rights, a health check; and the files that go with it. Where it cannot be shown that the result does "
    "the same, the stages stay as they are, with the reason, and only findings are mended.",
    (
        ("jettison rewrite . -o rewritten", "the whole package, in a new folder"),
        ("jettison rewrite . -o rewritten --target distroless", "shipped without a shell, where that can be"),
        ("jettison rewrite . -o rewritten --split", "two recipes, for inference and for training"),
        ("jettison rewrite . -o rewritten --target training", "for an image that trains: its tools stay"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.takes_file(parser.add_argument("folder", metavar="DIR", help="the build context"))
    options.takes_file(
        parser.add_argument("-f", "--file", metavar="NAME", default="Dockerfile", help="the recipe, in it (Dockerfile)")
    )
    options.add_out(parser, "folder to write to", required=True)
    options.add_force(parser)
    parser.add_argument(
        "--target",
        choices=("inference", "training", "distroless", "debug"),
        default="inference",
        help="what the image is for (default: inference)",
    )
    parser.add_argument(
        "--no-package", action="store_true", help="the Dockerfile and .dockerignore only: no workflow, no compose file"
    )
    parser.add_argument(
        "--split", action="store_true", help="two recipes: Dockerfile.training beside that of the target"
    )
    parser.add_argument("--pin", action="store_true", help="ask registries, and put digests beside the tags (see pin)")
    options.add_output(parser, schema="rewrite")


def run(args: Namespace) -> int:
    """Rewrite, write, report.

    Raises:
        UsageError: options that do not go together.
    """
    from jettison.api.rewrite import rewrite, write_rewrite  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.pin import pin_blocks  # noqa: PLC0415 -- as above
    from jettison.report.text.rewrite import rewrite_blocks  # noqa: PLC0415 -- as above

    if args.split and args.target == "training":
        raise UsageError("--split makes a recipe for training beside that of another target")
    made = rewrite(
        Path(args.folder),
        dockerfile=args.file,
        target=args.target,
        package=not args.no_package,
        training=args.split,
    )
    pins = write_rewrite(made, Path(args.output), force=args.force, pinned=args.pin)
    emit(args, made, lambda: (*rewrite_blocks(made, args.output), *(pin_blocks(pins) if pins else ())))
    return EXIT_OK
