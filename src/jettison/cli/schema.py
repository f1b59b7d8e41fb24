"""``jettison schema NAME``: the JSON Schema of a document."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_OK
from jettison.report.documents import DOCUMENTS, schema_text

HELP = Help(
    "Print the JSON Schema (draft 2020-12) of a document that Jettison writes; without NAME, the names.",
    (
        ("jettison schema", "the documents that have a schema"),
        ("jettison schema inspection", "what jettison inspect --json prints"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    names = [document.name for document in DOCUMENTS]
    parser.add_argument("name", metavar="NAME", nargs="?", choices=names, help=f"one of {', '.join(names)}")
    options.add_output(parser)


def run(args: Namespace) -> int:
    """Print the schema, or the names."""
    if args.name:
        write(schema_text(args.name))
    else:
        write("".join(f"{document.name:16}{document.command}\n" for document in DOCUMENTS))
    return EXIT_OK
