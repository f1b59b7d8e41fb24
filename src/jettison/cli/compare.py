"""``jettison compare A B …``: images side by side."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_OK

HELP = Help(
    "Put two or more images side by side in one table: size on disk and in the pull, layers, files, estimated pull and "
    "unpack time; with a workload, each is run, and its time to ready and peak memory measured.",
    (
        ("jettison compare naive.tar oci:slim oci:lean", "three images"),
        ("jettison compare naive.tar oci:slim -w detect.toml", "with measured time to ready"),
        (
            "jettison compare naive.tar oci:slim -w detect.toml --cold-start --markdown",
            "with cold starts, for a README",
        ),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "an image; two or more", nargs="+")
    workload = "TOML file that says how to start the service: it is run on each image"
    options.takes_file(parser.add_argument("-w", "--workload", metavar="FILE", help=workload))
    options.add_engine(parser)
    options.add_bandwidth(parser)
    text = "measure a cold start of each over such a link as well, to the first answer (takes a workload)"
    parser.add_argument("--cold-start", action="store_true", help=text)
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    options.add_reading(parser)
    options.add_output(parser, schema="comparison")


def run(args: Namespace) -> int:
    """Compare and report."""
    from jettison.api.compare import compare  # noqa: PLC0415 -- only once the command runs
    from jettison.report.markdown import markdown  # noqa: PLC0415 -- as above
    from jettison.report.text.comparison import comparison_blocks  # noqa: PLC0415 -- as above

    args.workload = [args.workload] if args.workload else []
    reading, workloads = options.read_options(args), options.workloads_from(args)
    with progress_of(args) as progress:
        record = compare(
            tuple(args.image),
            platform=args.platform,
            workload=workloads[0] if workloads else None,
            runner=options.runner_from(args),
            bandwidth=args.bandwidth,
            cold=args.cold_start,
            options=reading,
            progress=progress,
        )
    if args.markdown and not args.json:
        write(markdown(comparison_blocks(record)))
    else:
        emit(args, record, lambda: comparison_blocks(record))
    return EXIT_OK
