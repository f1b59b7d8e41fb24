"""``jettison``: choose the command, run it, and turn whatever goes wrong into a sentence and an exit code.

Starting up is kept small (under 150 ms for ``--help``): a command's module is imported once it is chosen, and only
the modules of commands import the rest of Jettison.
"""

import gc
import os
import sys
from collections.abc import Sequence

from jettison import __version__, interrupt
from jettison.cli.commands import COMMANDS, module_of
from jettison.cli.failures import exit_code_of, note
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK, UsageError

_DESCRIPTION = "Take the dead weight out of ML container images, and prove that what is left still does its job."
_EPILOG = """\
examples:
  jettison inspect app.tar                          where the bytes are
  jettison slim app.tar -o oci:slim -w detect.toml  a smaller image, proven by a workload
  jettison build service.toml -o oci:image          an image without a container engine

An IMAGE is docker-archive:PATH[:TAG], oci:DIR[:TAG], oci-archive:PATH[:TAG], a bare path, registry:NAME, or
docker:NAME (podman:, nerdctl:).
`jettison COMMAND --help` has the options of a command, with examples.
"""


def build_parser(chosen: str | None) -> Parser:
    """Return the parser of the whole command line.

    Args:
        chosen: the command whose arguments are added; None adds those of all (for completion and documentation).
    """
    parser = Parser(prog="jettison", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"jettison {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", parser_class=Parser)
    for command in COMMANDS:
        if chosen in (None, command.name):
            module = module_of(command.name)
            epilog = "examples:\n" + "".join(f"  {line}\n      {what}\n" for line, what in module.HELP.examples)
            one = commands.add_parser(
                command.name, help=command.summary, description=module.HELP.description, epilog=epilog
            )
            module.configure(one)
        else:
            commands.add_parser(command.name, help=command.summary, add_help=False)
    return parser


def chosen_command(argv: Sequence[str]) -> str:
    """Return the command that ``argv`` names, or an empty string: the first word that is no option."""
    words = [word for word in argv if not word.startswith("-")]
    return words[0] if words and words[0] in {command.name for command in COMMANDS} else ""


def main(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; every error becomes a sentence on standard error.

    Args:
        argv: the arguments, without the program's name.
    """
    with interrupt.owned():
        return _guarded(argv)


def _guarded(argv: Sequence[str]) -> int:
    """Run the command under signals that end it; once it has ended, however it did, they change nothing more."""
    try:
        with interrupt.allowed():
            code = _run(argv)
    except Exception as error:  # noqa: BLE001 -- the one place where every error ends: a sentence and a code
        code = exit_code_of(error, argv)
    except KeyboardInterrupt as error:
        code = exit_code_of(error, argv) if not interrupt.place_done() else _too_late()
    else:
        if interrupt.came() and interrupt.place_done():
            _too_late()
    interrupt.settle(code)
    return code


def _too_late() -> int:
    """Say that the interruption found the output in its place, and return the exit code of what succeeded."""
    note(f"interrupted when {interrupt.place_done()} was in place already; it is whole")
    return EXIT_OK


def _run(argv: Sequence[str]) -> int:
    if not argv:
        build_parser("").print_help(sys.stderr)
        raise UsageError("no command", hint="jettison inspect IMAGE is a good first one")
    args = build_parser(chosen_command(argv)).parse_args([word for word in argv if word != "--debug"])
    if not args.command:
        raise UsageError("no command", hint="see: jettison --help")
    return module_of(args.command).run(args)


def entry() -> None:
    """Run the command line of this process and leave with its exit code."""
    # Records are made by the ten thousand, and are in no cycles: looking for those took 1.5 of 36 s of a slim.
    gc.set_threshold(100_000, 20, 50)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a TextIOWrapper in a real process
    code: str | int | None
    try:
        code = main(sys.argv[1:])
    except SystemExit as done:  # argparse's, once it has printed the help or the version
        code = done.code
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries once more as it ends
        if not isinstance(error, BrokenPipeError):
            code = code or exit_code_of(error, sys.argv[1:])
    interrupt.ignore()
    sys.exit(code)
