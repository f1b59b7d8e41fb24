"""What a command prints: its record as JSON, or a report drawn for where it goes."""

import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TextIO

from jettison.cli.streams import write
from jettison.progress import Progress
from jettison.report.blocks import Blocks
from jettison.report.terminal import look_of, progress_on


def progress_of(args: Namespace) -> AbstractContextManager[Progress]:
    """Give the progress of a command: bars on a terminal for work that takes long, else nothing."""
    return progress_on(sys.stderr, quiet=args.quiet)


def emit(args: Namespace, record: Any, blocks: Callable[[], Blocks]) -> None:
    """Print ``record``.

    Args:
        args: the command line: ``--json`` prints the document, ``--quiet`` nothing.
        record: what the command gave.
        blocks: makes the report; called only when it is drawn.
    """
    if args.json:
        from jettison.report.json import dumps, to_document  # noqa: PLC0415 -- only with --json

        write(dumps(to_document(record)))
    elif not args.quiet:
        draw_blocks(blocks())


def draw_blocks(blocks: Blocks, stream: TextIO | None = None) -> None:
    """Print a report as text, on standard output unless another stream is given."""
    from jettison.report.layout import draw  # noqa: PLC0415 -- only for text

    stream = stream or sys.stdout
    look = look_of(stream)
    write(draw(blocks, width=look.width, colour=look.colour), stream)
