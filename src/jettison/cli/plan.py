"""``jettison plan IMAGE``: what would go."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import draw_blocks, progress_of, write
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "List every step that slimming an image would take, with its tier, rule, reason, paths and bytes. Nothing is "
    "changed. The plan can be saved, edited, and given to slim.",
    (
        ("jettison plan app.tar", "what would go, and why"),
        ("jettison plan app.tar -o plan.json", "saved: edit it, then jettison slim app.tar --plan plan.json -o OUT"),
        ("jettison plan app.tar --tier lossless", "only bytes that no container can see"),
        ("jettison plan app.tar --keep '/opt/app/**' --keep owner:deb:curl", "with exceptions"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image to plan for")
    options.add_out(parser, "file to write the plan to, as JSON", required=False)
    parser.add_argument("--top", metavar="N", type=values.count, default=40, help="steps to list (default: 40)")
    options.add_planning(parser)
    options.add_reading(parser)
    options.add_output(parser, schema="plan")


def run(args: Namespace) -> int:
    """Plan, save, report."""
    from jettison.api.plan import make_plan  # noqa: PLC0415 -- only once the command runs
    from jettison.plan.document import plan_to_json  # noqa: PLC0415 -- as above
    from jettison.report.text.plan import plan_blocks  # noqa: PLC0415 -- as above
    from jettison.storage import atomic_file  # noqa: PLC0415 -- as above

    reading = options.read_options(args)
    with progress_of(args) as progress:
        plan = make_plan(
            args.image,
            platform=args.platform,
            planning=options.plan_options(args),
            options=reading,
            progress=progress,
        )
    if args.output:
        with atomic_file(Path(args.output)) as file:
            file.write(plan_to_json(plan).encode())
    if args.json:
        write(plan_to_json(plan))
    elif not args.quiet:
        draw_blocks(plan_blocks(plan, top=args.top))
    return EXIT_OK
