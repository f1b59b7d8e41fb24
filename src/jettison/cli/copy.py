"""``jettison copy IMAGE OUT``: an image from one place into another."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Copy an image between registries, archives and layouts. Manifest, config and layers keep their bytes and digests, "
    "each verified on the way. Into a registry nothing is sent that is there; what another repository of it was seen "
    "to have is mounted; the tag is set last. The papers of a slimmed image come along. With --compression layers are "
    "packed anew, and their tars stay as they are. Of an index, the image of one platform is copied.\n\n"
    "Two formats let an engine start a container before all of the image is there. zstd:chunked is Podman's and "
    "CRI-O's (enable_partial_images): of a new version only the files that changed come. eStargz is containerd's, with "
    "stargz-snapshotter: files come when they are read, with --trace those of a start first. It adds files to each "
    "layer, so diff_ids and image id change; with zstd:chunked they do only where a layer lacks the folders of its "
    "files, which both need. Other engines read both as they read gzip and zstd. SOCI is left out: its "
    "index lies beside an image that stays as it is, and its own tool makes it (soci create).",
    (
        ("jettison copy registry:HOST/app:1 oci:app", "pull into a layout"),
        ("jettison copy oci:slim registry:HOST/app:1-slim", "push, with plan, removal list and proof attached"),
        ("jettison copy docker:app:1 registry:HOST/app:1 --compression zstd", "from Docker, which has plain layers"),
        ("jettison copy docker://HOST/app:1 registry:OTHER/app:1", "from one registry into another"),
        (
            "jettison copy oci:slim registry:HOST/app:1-lazy --compression estargz --trace trace.json",
            "for lazy pulling",
        ),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image to copy")
    options.add_image(parser, "out", f"where to write: {options.OUTPUTS}")
    options.add_force(parser)
    text = (
        "of every layer: gzip, zstd or none, with a level as in zstd:12; zstd:chunked or estargz, with a level as in "
    )
    parser.add_argument(
        "--compression",
        metavar="CODEC[:LEVEL]",
        type=values.packing,
        default=(None, None),
        help=text + "zstd:chunked:12 (default: as each layer is)",
    )
    text = "with estargz: files that jettison trace saw opened go first, and are fetched ahead; repeatable"
    options.takes_file(parser.add_argument("--trace", metavar="FILE", action="append", default=[], help=text))
    parser.add_argument("--platform", metavar="OS/ARCH", help="which image of an index (default: this machine's)")
    options.add_output(parser, schema="copy-result")


def run(args: Namespace) -> int:
    """Copy, report."""
    from jettison.api.copy import copy  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.copy import copy_blocks  # noqa: PLC0415 -- as above

    codec, level = args.compression
    with progress_of(args) as progress:
        record = copy(
            args.image,
            args.out,
            platform=args.platform,
            compression=codec,
            level=level,
            traces=tuple(Path(name) for name in args.trace),
            force=args.force,
            progress=progress,
        )
    emit(args, record, lambda: copy_blocks(record))
    return EXIT_OK
