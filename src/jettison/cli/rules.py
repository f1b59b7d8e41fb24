"""``jettison rules [WORD …]``: what Jettison looks for."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.output import emit
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "List the rules: what lint looks for in Dockerfiles, and what plan and slim look for in images.",
    (
        ("jettison rules", "all of them, the Dockerfile's in the order of their worth"),
        ("jettison rules cuda", "those that are about CUDA"),
        ("jettison rules DL3009", "what another tool's name is here"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("words", metavar="WORD", nargs="*", help="only rules whose name, title or alias has it")
    options.add_output(parser, schema="rule-list")


def run(args: Namespace) -> int:
    """List."""
    from jettison.report.text.rules import rule_list_blocks  # noqa: PLC0415 -- as above
    from jettison.rules.catalog import list_rules  # noqa: PLC0415 -- only once the command runs

    found = list_rules(tuple(args.words))
    emit(args, found, lambda: rule_list_blocks(found))
    return EXIT_OK
