"""``jettison explain IMAGE PATH``: why a path stays or goes; ``jettison explain RULE``: what a rule is about."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Say what a path of an image is, who owns it, whether slimming would take it away, and the reason. With a rule's "
    "name alone, say what the rule finds, why, and how that is mended.",
    (
        ("jettison explain app.tar /usr/bin/gcc", "does the compiler go, and by which rule?"),
        ("jettison explain app.tar /usr/lib/x86_64-linux-gnu/libz.so.1", "what needs this library?"),
        ("jettison explain app.tar /usr/bin/cat --trace detect.json", "which workload, and which of its processes?"),
        ("jettison explain cuda-twice", "a rule; jettison rules lists them"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image; or, without a path, a rule's name")
    parser.add_argument("path", metavar="PATH", nargs="?", help="a path as the container sees it")
    options.add_planning(parser)
    options.add_reading(parser)
    options.add_output(parser, schema="explanation")


def run(args: Namespace) -> int:
    """Explain."""
    if args.path is None:
        return _explain_rule(args)
    from jettison.api.plan import explain  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.explanation import explanation_blocks  # noqa: PLC0415 -- as above

    reading = options.read_options(args)
    with progress_of(args) as progress:
        record = explain(
            args.image,
            args.path,
            platform=args.platform,
            planning=options.plan_options(args),
            tracing=options.trace_options(args),
            options=reading,
            progress=progress,
        )
    emit(args, record, lambda: explanation_blocks(record))
    return EXIT_OK


def _explain_rule(args: Namespace) -> int:
    from jettison.report.text.rules import rule_text_blocks  # noqa: PLC0415 -- as above
    from jettison.rules.catalog import explain_rule  # noqa: PLC0415 -- only for a rule

    rule = explain_rule(args.image)
    emit(args, rule, lambda: rule_text_blocks(rule))
    return EXIT_OK
