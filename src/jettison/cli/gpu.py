"""``jettison gpu IMAGE``: GPU code by architecture."""

from argparse import Namespace

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Show the machine code and PTX for GPUs that an image, a library or a folder of libraries holds, by architecture, "
    "owner and library. It is what slim --gpu chooses from.",
    (
        ("jettison gpu app.tar", "an image"),
        ("jettison gpu venv/lib/python3.11/site-packages", "a folder of libraries"),
        ("jettison gpu libtorch_cuda.so --json", "one library, every section and architecture, for programs"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image, library or folder to look at")
    parser.add_argument("--top", metavar="N", type=values.count, default=16, help="rows of each table (default: 16)")
    options.add_reading(parser)
    options.add_output(parser, schema="gpu-report")


def run(args: Namespace) -> int:
    """Read and report."""
    from jettison.api.gpu import gpu  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.gpu import gpu_blocks  # noqa: PLC0415 -- as above

    with progress_of(args) as progress:
        record = gpu(args.image, platform=args.platform, options=options.read_options(args), progress=progress)
    emit(args, record, lambda: gpu_blocks(record, top=args.top))
    return EXIT_OK
