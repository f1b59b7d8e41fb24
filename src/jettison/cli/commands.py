"""The commands, in the order shown to users. A command's module is imported only when it is chosen."""

import importlib
from argparse import Namespace
from dataclasses import dataclass
from typing import Protocol, cast

from jettison.cli.parser import Parser


@dataclass(frozen=True, slots=True)
class Command:
    """A command by name.

    Attributes:
        name: what the user types.
        summary: one line for the list of commands.
    """

    name: str
    summary: str


@dataclass(frozen=True, slots=True)
class Help:
    """What a command's help and page say beside its options.

    Attributes:
        description: what it does, in a few sentences.
        examples: command lines, each with what it does.
        failed: what exit code 1 means here; empty when it cannot happen.
    """

    description: str
    examples: tuple[tuple[str, str], ...]
    failed: str = ""


class CommandModule(Protocol):
    """What a command's module offers."""

    HELP: Help

    def configure(self, parser: Parser) -> None:
        """Add the command's arguments."""

    def run(self, args: Namespace) -> int:
        """Do it, report it, and return the exit code."""


COMMANDS: tuple[Command, ...] = (
    Command("inspect", "show where an image's bytes are: by layer, owner and kind, and what is wasted"),
    Command("gpu", "show machine code for GPUs by architecture, of an image, a library or a folder"),
    Command("diff", "compare two images by owner, kind or path"),
    Command("verify-image", "recompute every digest and size of an image from its bytes"),
    Command("build", "compose an image from packages, wheels and files, without a container engine"),
    Command("trace", "record which files of an image a workload asks for, or show what was recorded"),
    Command("plan", "list what would be removed from an image, and why"),
    Command("slim", "write a smaller image, with the list of what went and a proof"),
    Command("restore", "bring back what slimming took away, as one more small layer"),
    Command("explain", "say why a path of an image stays or goes, or what a rule is about"),
    Command("copy", "bring an image from a registry or file into another, with its papers"),
    Command("verify", "prove that a slimmed image still does its job"),
    Command("compare", "put two or more images side by side in one table"),
    Command("coldstart", "measure where the seconds from the pull to the first answer go, and what would change them"),
    Command("pulls", "put the image pulls that Kubernetes tells of into a table, waiting apart, or into metrics"),
    Command("ladder", "build a project as it is, fixed, rewritten, slimmed, composed: each step measured and proved"),
    Command("lint", "find and mend what makes a Dockerfile's image large, slow or unsafe, and say what it costs"),
    Command("rewrite", "make a project's Dockerfile multi-stage, cached and without root, with all that goes with it"),
    Command("estimate", "say what a Dockerfile's image will weigh, layer by layer, before it is built"),
    Command("pin", "hold images and actions by digests and commits, and move them deliberately"),
    Command("rules", "list what is looked for in Dockerfiles and images"),
    Command("schema", "print the JSON Schema of a document that Jettison writes"),
    Command("completion", "print a script that completes commands and options in a shell"),
)


def module_of(name: str) -> CommandModule:
    """Import the module of the command ``name``."""
    return cast("CommandModule", importlib.import_module(f"jettison.cli.{name.replace('-', '_')}"))
