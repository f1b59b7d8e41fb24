"""``jettison plan IMAGE``: what would go."""

import contextlib
from argparse import Namespace
from pathlib import Path

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import draw_blocks, progress_of
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_OK, UsageError

_STDOUT = "-"

HELP = Help(
    "List every step that slimming an image would take, with its tier, rule, reason, paths and bytes. Nothing is "
    "changed. The plan can be saved, edited, and given to slim.",
    (
        ("jettison plan app.tar", "what would go, and why"),
        ("jettison plan app.tar -o plan.json", "saved: edit it, then jettison slim app.tar --plan plan.json -o OUT"),
        ("jettison plan app.tar --tier lossless", "only bytes that no container can see"),
        ("jettison plan app.tar --trace detect.json", "what no workload asks for, as well"),
        ("jettison plan app.tar --keep '/opt/app/**' --keep owner:deb:curl", "with exceptions"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image to plan for")
    options.add_out(parser, "file to write the plan to, as JSON; - prints it, as --json does", required=False)
    options.add_force(parser)
    parser.add_argument("--top", metavar="N", type=values.count, default=40, help="steps to list (default: 40)")
    options.add_planning(parser)
    options.add_reading(parser)
    options.add_output(parser, schema="plan")


def run(args: Namespace) -> int:
    """Plan, save, report.

    Raises:
        UsageError: the plan cannot be saved where it is asked for.
    """
    from jettison.api.plan import make_plan  # noqa: PLC0415 -- only once the command runs
    from jettison.plan.document import plan_to_json  # noqa: PLC0415 -- as above
    from jettison.report.text.plan import plan_blocks  # noqa: PLC0415 -- as above

    target = _target_of(args)
    reading = options.read_options(args)
    with progress_of(args) as progress:
        plan = make_plan(
            args.image,
            platform=args.platform,
            planning=options.plan_options(args),
            tracing=options.trace_options(args),
            options=reading,
            progress=progress,
        )
    if target:
        _save(plan_to_json(plan), target, force=args.force)
    if args.json or args.output == _STDOUT:
        write(plan_to_json(plan))
    elif not args.quiet:
        draw_blocks(plan_blocks(plan, top=args.top))
    return EXIT_OK


def _target_of(args: Namespace) -> Path | None:
    """Return the file that the plan goes to, None for none; refused before the work when it cannot go there.

    Raises:
        UsageError: something is there that is not to be replaced; the image itself never is.
    """
    from jettison.outputs import check_file  # noqa: PLC0415 -- only once the command runs
    from jettison.reference import parse_reference  # noqa: PLC0415 -- as above

    if not args.output or args.output == _STDOUT:
        return None
    target = Path(args.output)
    with contextlib.suppress(OSError):  # one of them is not there, or not to be seen
        if target.samefile(parse_reference(args.image).path):
            raise UsageError(f"{target} is the image; a plan does not replace it", hint="choose another file")
    check_file(target, force=args.force)
    return target


def _save(text: str, target: Path, *, force: bool) -> None:
    from jettison.outputs import whole_file  # noqa: PLC0415 -- only once the command runs

    with whole_file(target, force=force) as file:
        file.write(text.encode())
