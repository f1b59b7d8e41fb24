"""``jettison verify OLD NEW``: prove that the new image still does its job."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.cli.verdict import exit_code_for

HELP = Help(
    "Prove a slimmed image against its original, trusting nothing: the digests of both are recomputed, every "
    "difference must be explained by a step of the plan, libraries must resolve as well as before; with workloads both "
    "images are run, asked the same questions, and must answer the same. The exit code says held (0), did not hold (1) "
    "or could not be tried (6): a workload does not pass on the original, or this machine runs no containers.",
    (
        ("jettison verify app.tar oci:slim -w detect.toml", "structure and behaviour"),
        ("jettison verify app.tar oci:slim", "structure only; the plan is found in slim.jettison/"),
        ("jettison verify app.tar copy.tar --plan plan.json", "an image that was moved away from its plan"),
    ),
    failed="the proof did not hold",
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "old", "the original image")
    options.add_image(parser, "new", "the slimmed image")
    options.add_workloads(parser)
    options.add_engine(parser)
    plan = "the plan as applied (default: plan.json in the folder NEW.jettison, or attached to NEW in its registry)"
    options.takes_file(parser.add_argument("--plan", metavar="FILE", help=plan))
    options.add_reading(parser)
    options.add_output(parser, schema="proof")


def run(args: Namespace) -> int:
    """Prove and report."""
    from jettison.api.verify import verify  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.proof import proof_blocks  # noqa: PLC0415 -- as above

    reading, workloads, plan = options.read_options(args), options.workloads_from(args), options.plan_from(args.plan)
    with progress_of(args) as progress:
        record = verify(
            args.old,
            args.new,
            platform=args.platform,
            plan=plan,
            workloads=workloads,
            runner=options.runner_from(args),
            options=reading,
            progress=progress,
        )
    emit(args, record, lambda: proof_blocks(record))
    return exit_code_for(record)
