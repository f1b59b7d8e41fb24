"""``jettison build FILE -o OUT``: compose an image."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK, UsageError

HELP = Help(
    "Compose an image from a TOML file: Debian packages or a base image, Python wheels, and files. No container engine "
    "and no root are needed; the same inputs give the same digests on any machine and day. What was resolved is "
    "written to a lock beside the file, and used again until --update. For a folder with a Dockerfile BuildKit (or "
    "Podman, or Buildah) is driven instead, and the seconds of each step are told.",
    (
        ("jettison build service.toml -o oci:image", "an OCI layout in the folder image"),
        ("jettison build service.toml -o docker-archive:service.tar", "for docker load"),
        ("jettison build service.toml -o oci:image --force --update", "choose versions anew"),
        ("jettison build service.toml -o oci:debug --debug-image", "with busybox beside it, to look around"),
        ("jettison build . -o docker:app:1", "the Dockerfile of a folder, by BuildKit"),
        (
            "jettison build . -f cuda.Dockerfile -o oci:image --cache-to type=local,dest=cache,mode=max",
            "with its cache",
        ),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    text = "the compose file (TOML), or a folder with a Dockerfile"
    options.takes_file(parser.add_argument("file", metavar="FILE", help=text))
    options.add_out(parser, f"where to write: {options.OUTPUTS}", required=True)
    options.add_force(parser)
    parser.add_argument("--update", action="store_true", help="choose versions anew, and write the lock")
    parser.add_argument("--no-lock", action="store_true", help="neither read nor write a lock")
    parser.add_argument("--debug-image", action="store_true", help="add busybox, for a shell in a distroless image")
    parser.add_argument("--no-cache", action="store_true", help="neither use nor fill the cache of layers")
    parser.add_argument("--mirror", metavar="URL", help="Debian archive to use instead of the file's or the machine's")
    options.add_compression(parser, "of new layers: gzip (default), zstd or none, with a level as in zstd:12")
    _add_docker(parser)
    options.add_output(parser, schema="build-result")


def _add_docker(parser: Parser) -> None:
    group = parser.add_argument_group("building a Dockerfile")
    options.takes_file(
        group.add_argument("-f", "--dockerfile", metavar="PATH", help="default: Dockerfile in the folder")
    )
    group.add_argument("--builder", choices=("docker", "podman", "buildah"), help="default: the first that is here")
    group.add_argument("--target", metavar="STAGE", help="stage to stop at")
    group.add_argument("--platform", metavar="OS/ARCH", help="default: this machine's")
    group.add_argument("--network", metavar="MODE", help="for RUN: host or none")
    group.add_argument("--provenance", metavar="HOW", help="attestation, as mode=max or false")
    for name, word, what in _LISTS:
        group.add_argument(f"--{name}", metavar=word, action="append", default=[], help=f"{what}; repeatable")


_LISTS = (
    ("build-arg", "NAME=VALUE", "value of an ARG"),
    ("secret", "SECRET", "as id=pip,src=pip.conf"),
    ("cache-from", "CACHE", "cache to read, as type=registry,ref=HOST/app:cache"),
    ("cache-to", "CACHE", "cache to write, as type=registry,ref=HOST/app:cache,mode=max"),
)


def run(args: Namespace) -> int:
    """Compose, write, report."""
    from jettison.api.build import build  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.build import build_blocks  # noqa: PLC0415 -- as above

    if Path(args.file).is_dir():
        return _run_docker(args)
    docker = ("dockerfile", "builder", "target", "platform", "network", "provenance")
    named = [name for name in (*docker, *(name.replace("-", "_") for name, _, _ in _LISTS)) if getattr(args, name)]
    if named:
        options_named = ", ".join(f"--{name.replace('_', '-')}" for name in named)
        raise UsageError(f"{options_named}: only for a folder with a Dockerfile, not for {args.file}")
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


def _run_docker(args: Namespace) -> int:
    from jettison.api.dockerbuild import build_dockerfile  # noqa: PLC0415 -- only once the command runs
    from jettison.build.record import BuildOptions  # noqa: PLC0415 -- as above
    from jettison.report.text.dockerbuild import docker_build_blocks  # noqa: PLC0415 -- as above

    if args.update or args.debug_image or args.no_lock or args.mirror:
        hint = "they go with a compose file"
        raise UsageError("--update, --debug-image, --no-lock and --mirror go with no folder", hint=hint)
    codec, level = args.compression
    settings = BuildOptions(
        dockerfile=args.dockerfile or "",
        target=args.target or "",
        platform=args.platform or "",
        arguments=tuple(args.build_arg),
        secrets=tuple(args.secret),
        cache_from=tuple(args.cache_from),
        cache_to=tuple(args.cache_to),
        network=args.network or "",
        provenance=args.provenance or "",
        no_cache=args.no_cache,
    )
    with progress_of(args) as progress:
        record = build_dockerfile(
            Path(args.file),
            args.output,
            settings,
            builder=args.builder or "",
            compression=codec,
            level=level,
            force=args.force,
            progress=progress,
        )
    emit(args, record, lambda: docker_build_blocks(record))
    return EXIT_OK
