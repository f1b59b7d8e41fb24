"""``python -m jettison`` is the ``jettison`` command."""

from jettison.cli.main import entry

if __name__ == "__main__":
    entry()
