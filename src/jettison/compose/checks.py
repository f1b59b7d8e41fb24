"""What the config says of the process, held against the files of the image: a mistake is told when it is built."""

import re

from jettison.compose.record import Recipe
from jettison.compose.tree import Tree
from jettison.errors import BadInputError, UsageError
from jettison.oci.image import Process

_LAST_ID = (1 << 31) - 1  # as engines have it


def check_process(recipe: Recipe, base: Process | None, tree: Tree) -> None:
    """Check that the program and the user that a compose file names are in the image.

    Args:
        recipe: the compose file.
        base: what a base image says of its process; what the compose file does not say again is not checked.
        tree: the files of the image, those of lower layers below.

    Raises:
        UsageError: the program, the user or the group is not there.
    """
    runtime = recipe.runtime
    if runtime.entrypoint:
        _check_program(tree, "entrypoint", runtime.entrypoint[0])
    elif runtime.cmd and (runtime.entrypoint is not None or base is None or not base.entrypoint):
        _check_program(tree, "cmd", runtime.cmd[0])
    if runtime.user and runtime.user != "nonroot":  # which is written by number
        user, _, group = runtime.user.partition(":")
        _check_name(tree, "user", user or "0", "etc/passwd")
        _check_name(tree, "group", group or "0", "etc/group")


def _check_program(tree: Tree, key: str, program: str) -> None:
    """A name without a slash is looked up when the container starts; only an absolute path is known here."""
    if not program.startswith("/"):
        return
    try:
        node = tree.at(tree.resolve(program))
    except BadInputError as error:
        raise UsageError(f"[image] {key}: {error.message}") from error
    if node is None or node.entry.type == "dir":
        what = "is a folder in the image" if node else "is not in the image"
        raise UsageError(
            f"[image] {key}: {program} {what}",
            hint="name a program that a package brings or [[files]] puts there",
        )


def _check_name(tree: Tree, what: str, name: str, file: str) -> None:
    if re.fullmatch("[0-9]{1,10}", name):
        if int(name) > _LAST_ID:
            raise UsageError(f"[image] user: {what} {name} is larger than {_LAST_ID}")
        return
    lines = (tree.read(file) or b"").decode(errors="replace").splitlines()
    if name not in {line.partition(":")[0] for line in lines if ":" in line}:
        raise UsageError(
            f"[image] user: the image's /{file} has no {what} {name!r:.80}", hint="numbers need no entry: '65532:65532'"
        )
