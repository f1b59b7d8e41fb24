"""``docker jettison …``: the command as a plugin of Docker's command line (docker/cli, "CLI plugins").

Docker starts ``docker-jettison``, found in ``~/.docker/cli-plugins``, once with ``docker-cli-plugin-metadata`` to ask
what it is, and then with ``jettison`` and the user's arguments, its own global options in front.
"""

import json
import sys

from jettison import __version__

_METADATA = "docker-cli-plugin-metadata"
_VALUED = frozenset({"--config", "-c", "--context", "-H", "--host", "-l", "--log-level", "--tlscacert", "--tlscert"})


def arguments(argv: list[str]) -> list[str]:
    """Return what the user typed behind ``docker jettison``; Docker's own options before it are left out.

    Args:
        argv: of the plugin's process, without the program's name.
    """
    index = 0
    while index < len(argv) and argv[index] != "jettison":
        index += 2 if argv[index] in _VALUED else 1
    return argv[index + 1 :] if index < len(argv) else argv


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
    sys.argv[1:] = arguments(sys.argv[1:])
    from jettison.cli.main import entry as run  # noqa: PLC0415 -- Docker asks every plugin, at each of its starts

    run()
