"""``docker jettison …``: the command as a plugin of Docker's command line (docker/cli, "CLI plugins").

Docker starts ``docker-jettison``, found in ``~/.docker/cli-plugins``, once with ``docker-cli-plugin-metadata`` to ask
what it is, and then with ``jettison`` and the user's arguments, its own global options in front.
"""

import json
import os
import sys
from collections.abc import MutableMapping

from jettison import __version__
from jettison.errors import UsageError

_METADATA = "docker-cli-plugin-metadata"
_VARIABLES = {
    "--config": "DOCKER_CONFIG",
    "-c": "DOCKER_CONTEXT",
    "--context": "DOCKER_CONTEXT",
    "-H": "DOCKER_HOST",
    "--host": "DOCKER_HOST",
}
_SILENT = frozenset({"-D", "--debug"})


def arguments(argv: list[str], environ: MutableMapping[str, str]) -> list[str]:
    """Return what the user typed behind ``docker jettison``.

    Args:
        argv: of the plugin's process, without the program's name.
        environ: takes what Docker's own options say before it, so that the same daemon is asked.

    Raises:
        UsageError: such an option cannot be passed on.
    """
    rest = list(argv)
    while rest and rest[0] != "jettison":
        option, equals, value = rest.pop(0).partition("=")
        if option in _SILENT:
            continue
        if option not in _VARIABLES or not (equals or rest):
            raise UsageError(
                f"docker {option} is not passed on to jettison", hint="set DOCKER_HOST and the like instead"
            )
        environ[_VARIABLES[option]] = value if equals else rest.pop(0)
    return rest[1:] if rest else argv


def metadata() -> str:
    """Return what Docker asks of a plugin."""
    about = {
        "SchemaVersion": "0.1.0",
        "Vendor": "Jettison",
        "Version": __version__,
        "ShortDescription": "Take the dead weight out of ML images, and prove that what is left still does its job",
    }
    return json.dumps(about)


def entry() -> None:
    """Answer Docker, or run the command line."""
    if sys.argv[1:2] == [_METADATA]:
        sys.stdout.write(metadata() + "\n")
        return
    from jettison.cli.main import entry as run  # noqa: PLC0415 -- Docker asks every plugin, at each of its starts

    try:
        sys.argv[1:] = arguments(sys.argv[1:], os.environ)
    except UsageError as error:
        sys.stderr.write(f"jettison: {error.message}\nhint: {error.hint}\n")
        sys.exit(error.exit_code)
    run()
