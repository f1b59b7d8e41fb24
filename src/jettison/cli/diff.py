"""``jettison diff A B``: what differs between two images."""

from argparse import Namespace

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Compare what containers of two images see: which owners, kinds and paths came, went, grew or shrank.",
    (
        ("jettison diff before.tar after.tar", "by owner: packages and distributions"),
        ("jettison diff before.tar after.tar --by path --top 50", "the paths with the largest differences"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "before", "the first image")
    options.add_image(parser, "after", "the second image")
    parser.add_argument(
        "--by", choices=("owner", "kind", "path"), default="owner", help="what a row is about (default: owner)"
    )
    parser.add_argument("--top", metavar="N", type=values.count, default=30, help="rows at most (default: 30)")
    options.add_reading(parser)
    options.add_output(parser, schema="image-diff")


def run(args: Namespace) -> int:
    """Compare and report."""
    from jettison.api.diff import diff  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.diff import diff_blocks  # noqa: PLC0415 -- as above

    reading = options.read_options(args)
    with progress_of(args) as progress:
        record = diff(args.before, args.after, platform=args.platform, options=reading, progress=progress)
    emit(args, record, lambda: diff_blocks(record, by=args.by, top=args.top))
    return EXIT_OK
