"""``jettison verify-image IMAGE``: recompute every digest."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_CHECK_FAILED, EXIT_OK

HELP = Help(
    "Recompute every digest, diff_id and size of an image from its bytes, and list every mismatch, not only the first.",
    (
        ("jettison verify-image app.tar", "is the archive whole, and what its manifest says?"),
        ("jettison verify-image oci:layout --platform linux/arm64", "one image of an index"),
    ),
    failed="something does not match",
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image to check")
    options.add_reading(parser, cache=False)
    options.add_output(parser, schema="digest-report")


def run(args: Namespace) -> int:
    """Check and report."""
    from jettison.api.verify_image import verify_image  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.digests import digest_blocks  # noqa: PLC0415 -- as above

    limits = options.limits_from(args)
    with progress_of(args) as progress:
        record = verify_image(args.image, platform=args.platform, limits=limits, progress=progress)
    emit(args, record, lambda: digest_blocks(record))
    return EXIT_OK if record.verdict == "held" else EXIT_CHECK_FAILED
