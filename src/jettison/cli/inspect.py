"""``jettison inspect IMAGE``: where the bytes are."""

import sys
from argparse import Namespace

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import draw_blocks, emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_CHECK_FAILED, EXIT_OK

HELP = Help(
    "Show where an image's bytes are: by layer, by owner (packages and distributions) and by kind, on disk and in the "
    "pull; what is wasted, and why. The figures add up to the image. Nothing is unpacked. A layer that was read before "
    "comes from the cache, by the digest that the image states; --no-cache reads its bytes again, and verify-image "
    "recomputes every digest.",
    (
        (
            "jettison inspect app.tar",
            "what `docker save` wrote, an OCI archive or an OCI layout: told apart by content",
        ),
        ("jettison inspect app.tar --bandwidth 100Mbps --top 20", "for a slower link, with longer tables"),
        ("jettison inspect oci:build/app --budget size=2GB,pull=900MB,waste=5%", "a gate for CI"),
        ("jettison inspect app.tar --json", "the whole record, for programs"),
    ),
    failed="a budget is exceeded",
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image to look at")
    options.add_bandwidth(parser)
    parser.add_argument(
        "--budget",
        metavar="LIMITS",
        help="exit with 1 when the image is over: size=2GB,pull=900MB,waste=5%%,files=40000,layers=12",
    )
    parser.add_argument("--top", metavar="N", type=values.count, default=12, help="rows of each table (default: 12)")
    options.add_reading(parser)
    options.add_output(parser, schema="inspection")


def run(args: Namespace) -> int:
    """Inspect, report, and hold the image against the budget."""
    from jettison.api.inspect import inspect  # noqa: PLC0415 -- only once the command runs
    from jettison.files.budget import check_budget, parse_budget  # noqa: PLC0415 -- as above
    from jettison.report.text.budget import budget_blocks  # noqa: PLC0415 -- as above
    from jettison.report.text.inspection import inspection_blocks  # noqa: PLC0415 -- as above

    budget = parse_budget(args.budget) if args.budget is not None else ()
    reading = options.read_options(args)
    with progress_of(args) as progress:
        record = inspect(
            args.image, platform=args.platform, options=reading, bandwidth=args.bandwidth, progress=progress
        )
    emit(args, record, lambda: inspection_blocks(record, top=args.top))
    results = check_budget(record, budget)
    if not results:
        return EXIT_OK
    if not args.quiet:  # an exceeded budget is a result, not an error: quiet leaves it to the exit code
        draw_blocks(budget_blocks(results), sys.stderr if args.json else sys.stdout)
    return EXIT_OK if all(result.held for result in results) else EXIT_CHECK_FAILED
