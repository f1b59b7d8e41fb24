"""``jettison trace IMAGE``: what a workload asks for of an image's files."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Run workloads under strace, in the sandbox or in an engine, and record what they ask for of the image's files: "
    "opened, executed, listed, asked for in vain; by which process, and when. Traces of several workloads and "
    "machines go together, and tell slim --tier 3 what has to stay.",
    (
        ("jettison trace app.tar -w detect.toml -o detect.json", "record one workload"),
        ("jettison trace app.tar -w detect.toml -w train.toml -o both.json", "several, in one trace"),
        ("jettison trace app.tar -w gpu.toml --engine docker -o gpu.json", "with what only an engine gives, a GPU"),
        ("jettison trace app.tar --show one.json --show other.json", "traces from two machines, in figures"),
        ("jettison trace app.tar --show one.json --show other.json -o all.json", "made one, for slim --trace"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image; it is not changed")
    options.add_workloads(parser)
    options.add_engine(parser)
    options.add_out(parser, "file to write the trace to, as JSON", required=False)
    options.add_force(parser)
    options.takes_file(
        parser.add_argument(
            "--show",
            metavar="FILE",
            action="append",
            default=[],
            help="a trace that was recorded before; with -o they are made one; repeatable",
        )
    )
    parser.add_argument(
        "--maps",
        action="store_true",
        help="record as well which parts of files are mapped into memory; programs start more slowly then",
    )
    parser.add_argument("--top", metavar="N", type=values.count, default=20, help="owners listed (default: 20)")
    options.add_reading(parser)
    options.add_output(parser, schema="trace-report")


def run(args: Namespace) -> int:
    """Record, save, report.

    Raises:
        UsageError: there is nothing to do, or the trace cannot be saved where it is asked for.
    """
    from jettison.api.trace import trace  # noqa: PLC0415 -- only once the command runs
    from jettison.outputs import check_file, whole_file  # noqa: PLC0415 -- as above
    from jettison.report.text.trace import trace_blocks  # noqa: PLC0415 -- as above
    from jettison.run.trace.document import trace_to_json  # noqa: PLC0415 -- as above

    target = Path(args.output) if args.output else None
    if target:
        check_file(target, force=args.force)
    with progress_of(args) as progress:
        found, report = trace(
            args.image,
            options.workloads_from(args),
            files=[Path(name) for name in args.show],
            maps=args.maps,
            engine=args.engine or "embedded",
            platform=args.platform,
            options=options.read_options(args),
            progress=progress,
        )
    if target:
        with whole_file(target, force=args.force) as file:
            file.write(trace_to_json(found).encode())
    emit(args, report, lambda: trace_blocks(report, top=args.top))
    return EXIT_OK
