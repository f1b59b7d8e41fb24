"""Compose files: TOML, read strictly."""

from pathlib import Path

from jettison.compose.document import parse_recipe
from jettison.errors import JettisonError

CORPUS = (
    b'name = "x"\nstyle = "lean"\n[debian]\npackages = ["libc6"]\n[[files]]\nfrom = "a"\nto = "/a"\nmode = "0644"\n',
    b'[base]\nimage = "oci:x"\n[image]\nentrypoint = ["/x"]\nports = ["8000"]\nenv = { A = "b" }\n',
    b'style = "naive"\nmax-layers = 9\n[debian]\nsuite = "sid"\ncomponents = ["main"]\nmirror = "file:///x"\n',
)


def run(data: bytes) -> None:
    """Read the input as a compose file."""
    try:
        recipe = parse_recipe(data, Path("/nowhere/compose.toml"))
    except JettisonError:
        return
    if any(".." in rule.to.split("/") for rule in recipe.files):
        raise AssertionError("a target leaves the root")
