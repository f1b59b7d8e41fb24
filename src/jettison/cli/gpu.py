"""``jettison gpu IMAGE``: GPU code by architecture."""

from argparse import Namespace

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_OK, UsageError

HELP = Help(
    "Show the machine code and PTX for GPUs that an image, a library or a folder of libraries holds, by architecture, "
    "owner and library. It is what slim --gpu chooses from.",
    (
        ("jettison gpu app.tar", "an image"),
        ("jettison gpu venv/lib/python3.11/site-packages", "a folder of libraries"),
        ("jettison gpu libtorch_cuda.so --json", "one library, every section and architecture, for programs"),
        ("jettison gpu --start-check > gpu_check.py", "a check to start a service with: COPY it, then slim"),
    ),
)


_START_CHECK = (
    "print a Python program for the image's entrypoint (python3 gpu_check.py COMMAND …): where a GPU is one that the "
    "pruned image holds no code for, it says so and ends, instead of 'no kernel image is available' later"
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image, library or folder to look at", nargs="?")
    parser.add_argument("--start-check", action="store_true", help=_START_CHECK)
    parser.add_argument("--top", metavar="N", type=values.count, default=16, help="rows of each table (default: 16)")
    options.add_reading(parser)
    options.add_output(parser, schema="gpu-report")


def run(args: Namespace) -> int:
    """Read and report.

    Raises:
        UsageError: there is nothing to look at.
    """
    if args.start_check:
        from jettison.run.start_check import source  # noqa: PLC0415 -- only once the command runs

        write(source())
        return EXIT_OK
    if args.image is None:
        raise UsageError("which image, library or folder?", hint="for example: jettison gpu app.tar")
    from jettison.api.gpu import gpu  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.gpu import gpu_blocks  # noqa: PLC0415 -- as above

    with progress_of(args) as progress:
        record = gpu(args.image, platform=args.platform, options=options.read_options(args), progress=progress)
    emit(args, record, lambda: gpu_blocks(record, top=args.top))
    return EXIT_OK
