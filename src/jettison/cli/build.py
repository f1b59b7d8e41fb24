"""``jettison build FILE -o OUT``: compose an image."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Compose an image from a TOML file: Debian packages or a base image, Python wheels, and files. No container engine "
    "and no root are needed; the same inputs give the same digests on any machine and day. What was resolved is "
    "written to a lock beside the file, and used again until --update.",
    (
        ("jettison build service.toml -o oci:image", "an OCI layout in the folder image"),
        ("jettison build service.toml -o docker-archive:service.tar", "for docker load"),
        ("jettison build service.toml -o oci:image --force --update", "choose versions anew"),
        ("jettison build service.toml -o oci:debug --debug-image", "with busybox beside it, to look around"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.takes_file(parser.add_argument("file", metavar="FILE", help="the compose file (TOML)"))
    options.add_out(parser, f"where to write: {options.OUTPUTS}", required=True)
    options.add_force(parser)
    parser.add_argument("--update", action="store_true", help="choose versions anew, and write the lock")
    parser.add_argument("--no-lock", action="store_true", help="neither read nor write a lock")
    parser.add_argument("--debug-image", action="store_true", help="add busybox, for a shell in a distroless image")
    parser.add_argument("--no-cache", action="store_true", help="neither use nor fill the cache of layers")
    parser.add_argument("--mirror", metavar="URL", help="Debian archive to use instead of the file's or the machine's")
    options.add_compression(parser, "of new layers: gzip (default), zstd or none, with a level as in zstd:12")
    options.add_output(parser, schema="build-result")


def run(args: Namespace) -> int:
    """Compose, write, report."""
    from jettison.api.build import build  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.build import build_blocks  # noqa: PLC0415 -- as above

    codec, level = args.compression
    with progress_of(args) as progress:
        record = build(
            Path(args.file),
            args.output,
            force=args.force,
            update=args.update,
            debug=args.debug_image,
            lock=not args.no_lock,
            mirror=args.mirror or "",
            compression=codec,
            level=level,
            cache=not args.no_cache,
            progress=progress,
        )
    emit(args, record, lambda: build_blocks(record))
    return EXIT_OK
