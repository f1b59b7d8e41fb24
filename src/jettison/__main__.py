"""``jettison`` and ``python -m jettison``: the command line, quiet under Ctrl-C from its first moment on."""

import os


def entry() -> None:
    """Import the command line and run it; Ctrl-C on the way there is exit code 130, and no traceback.

    The handler comes before the imports, which take most of the time to start, and needs none of them. Nothing has
    been written by then, so that the process may simply end.
    """
    try:
        from jettison.interrupt import leave_at_once  # noqa: PLC0415 -- an interrupt of this import is caught

        leave_at_once()
        from jettison.cli.main import entry as run  # noqa: PLC0415 -- as above
    except KeyboardInterrupt:
        os._exit(130)
    run()


if __name__ == "__main__":
    entry()
