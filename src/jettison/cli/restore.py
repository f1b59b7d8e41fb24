"""``jettison restore IMAGE WHAT… --from ORIGINAL -o OUT``: bring back what slimming took away."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Bring back paths or owners that slimming took away, with the libraries that they need, as one more small layer; "
    "the image's other layers stay as they are, so a node that has them pulls that layer alone. Records of packages "
    "say so where the plan that made the image is among its papers.",
    (
        ("jettison restore oci:slim /usr/bin/cat --from app.tar -o oci:slim2", "a path"),
        ("jettison restore oci:slim '/**' --from app.tar -o oci:debug", "all of it, to debug with"),
        ("jettison restore oci:slim python:pandas --from app.tar -o oci:slim2", "all of an owner"),
        (
            "jettison restore registry:HOST/app:slim deb:curl --from registry:HOST/app:1 -o registry:HOST/app:slim2",
            "in a registry",
        ),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the slimmed image; it is not changed")
    parser.add_argument(
        "what",
        metavar="WHAT",
        nargs="+",
        help="a path or a glob, an owner (deb:curl, owner:python:numpy*) or kind:NAME",
    )
    options.takes_file(
        parser.add_argument("--from", dest="original", metavar="ORIGINAL", required=True, help="what it was made from")
    )
    options.add_out(parser, f"where to write: {options.OUTPUTS}", required=True)
    options.add_force(parser)
    options.add_reading(parser)
    options.add_output(parser, schema="restore-result")


def run(args: Namespace) -> int:
    """Restore, report."""
    from jettison.api.restore import restore  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.restore import restore_blocks  # noqa: PLC0415 -- as above

    with progress_of(args) as progress:
        record = restore(
            args.image,
            args.what,
            args.original,
            args.output,
            platform=args.platform,
            force=args.force,
            options=options.read_options(args),
            progress=progress,
        )
    emit(args, record, lambda: restore_blocks(record))
    return EXIT_OK
