"""``jettison completion SHELL``: a completion script."""

from argparse import Namespace

from jettison.cli import options
from jettison.cli.commands import Help
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_OK, MachineError, RefusedError

_SHELLS = ("bash", "zsh", "tcsh", "fish")

HELP = Help(
    "Print a script that completes Jettison's commands, options and files in a shell. It is made by shtab, which "
    "comes with the extra jettison[completion].",
    (
        ("jettison completion bash > ~/.local/share/bash-completion/completions/jettison", "for bash"),
        ("jettison completion zsh > ~/.zfunc/_jettison", "for zsh, with ~/.zfunc in fpath"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help=f"one of {', '.join(_SHELLS)}")
    options.add_output(parser)


def run(args: Namespace) -> int:
    """Print the script.

    Raises:
        MachineError: shtab is not installed.
        RefusedError: the shtab that is installed does not know the shell.
    """
    from jettison.cli.main import build_parser  # noqa: PLC0415 -- main imports this module when it is chosen

    try:
        import shtab  # noqa: PLC0415 -- an extra
    except ImportError as error:
        hint = "install it: pip install 'jettison[completion]'"
        raise MachineError("completion needs shtab, which is not installed", hint=hint) from error
    if args.shell not in shtab.SUPPORTED_SHELLS:
        hint = f"it knows {', '.join(shtab.SUPPORTED_SHELLS)}; newer versions may know more"
        raise RefusedError(f"the installed shtab makes no completion for {args.shell}", hint=hint)
    write(shtab.complete(build_parser(None), shell=args.shell).rstrip("\n") + "\n")
    return EXIT_OK
