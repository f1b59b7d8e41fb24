"""``jettison slim IMAGE -o OUT``: a smaller image, and a proof."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.cli.verdict import exit_code_for
from jettison.errors import UsageError

HELP = Help(
    "Write a smaller image. Untouched layers keep their digests; the others are rebuilt by streaming. With a workload "
    "the new image is run beside the original, and delivered only when it answers the same; without one it is "
    "written, but labelled 'structure only'. The plan as applied, the list of what went and the proof lie in "
    "OUT.jettison/; in a registry they are attached to the image, and layers that did not change are not sent again.",
    (
        ("jettison slim app.tar -o oci:slim -w detect.toml", "slim as far as tier 1, and prove it with a workload"),
        ("jettison slim app.tar -o docker-archive:slim.tar --tier lossless", "only bytes that no container can see"),
        ("jettison slim app.tar -o oci:slim -w detect.toml --gpu h100,a100", "GPU code for these alone, too"),
        (
            "jettison slim app.tar -o oci:slim --tier 3 -w train.toml --verify-with held.toml",
            "what no workload asks for as well; proved on one that was not traced, too",
        ),
        ("jettison slim app.tar -o oci:slim -w detect.toml --layout start", "layers cut for a start"),
        ("jettison slim app.tar --plan plan.json -o oci:slim", "apply a plan that was saved and edited"),
        ("jettison slim registry:HOST/app:1 -o registry:HOST/app:1-slim", "from a registry into it"),
        ("jettison slim app.tar -o oci:slim --compression zstd:12", "smaller in the pull; engines must know zstd"),
    ),
    failed="the proof did not hold; no image was delivered",
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image to slim; it is not changed")
    options.add_out(parser, f"where to write: {options.OUTPUTS}", required=True)
    options.add_workloads(parser)
    options.add_held(parser)
    options.add_engine(parser)
    options.add_force(parser)
    options.add_compression(
        parser, "of rebuilt layers: gzip, zstd or none, with a level as in zstd:12 (default: as each layer was)"
    )
    options.takes_file(
        parser.add_argument(
            "--plan",
            metavar="FILE",
            help="apply this plan; options that make one do not go with it",
        )
    )
    options.add_planning(parser)
    options.add_layout(parser)
    options.add_reading(parser)
    options.add_output(parser, schema="slim-result")


def run(args: Namespace) -> int:
    """Slim, prove, report.

    Raises:
        UsageError: a plan is given together with options that make one.
    """
    from jettison.api.slim import SlimOptions, slim  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.slim import slim_blocks  # noqa: PLC0415 -- as above

    if args.plan and (args.tier is not None or args.keep or args.drop or args.gpu or (args.trace and not args.layout)):
        raise UsageError(
            "--plan does not go with --tier, --keep, --drop, --gpu and --trace", hint="edit the plan, or make a new one"
        )
    codec, level = args.compression
    settings = SlimOptions(
        reading=options.read_options(args),
        workloads=options.workloads_from(args),
        held=options.read_workloads(args.verify_with),
        tracing=options.trace_options(args),
        layers=options.layers_from(args),
        runner=options.runner_from(args),
        plan=options.plan_from(args.plan) or options.plan_options(args),
        platform=args.platform,
        compression=codec,
        level=level,
        force=args.force,
    )
    with progress_of(args) as progress:
        record = slim(args.image, args.output, settings, progress=progress)
    emit(args, record, lambda: slim_blocks(record))
    return exit_code_for(record.proof)
