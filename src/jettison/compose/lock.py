"""Locks: what was chosen for a compose file, so that any machine on any day makes the same image; no addresses."""

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jettison.compose.record import Listing, Package, Recipe, Resolved, Wheel
from jettison.compose.requirements import read_requirements
from jettison.errors import UsageError
from jettison.finding import Skip
from jettison.storage import atomic_file

VERSION = 1
MAX_LOCK = 50_000_000
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._:~!-]*\Z")


def lock_path(recipe: Recipe) -> Path:
    """Return where a recipe's lock lies: beside the compose file, ``.lock`` appended."""
    return recipe.path.with_name(recipe.path.name + ".lock")


def input_hash(recipe: Recipe, architecture: str, *, debug: bool) -> str:
    """Return a hash of all that the choice depends on, files of requirements included; not the archive's address."""
    facts: dict[str, Any] = {"style": recipe.style, "debug": debug, "architecture": architecture, "base": recipe.base}
    if recipe.debian:
        facts["debian"] = {**asdict(recipe.debian), "mirror": "", "keyring": "", "ignore_scripts": ()}
    if recipe.python:
        facts["python"] = [recipe.python.interpreter, recipe.python.target]
        facts["requirements"] = list(read_requirements(recipe.python.requirements).texts)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def read_lock(path: Path, inputs: str) -> Resolved | None:
    """Return what a lock holds, when it fits the inputs; None when there is none or it is for other inputs.

    Raises:
        UsageError: it is malformed.
    """
    try:
        with open(path, "rb") as file:
            document = json.loads(file.read(MAX_LOCK))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a lock: {error}", hint="delete it, or run with --update") from error
    try:
        if document["version"] != VERSION or document["input"] != inputs:
            return None
        return _resolved(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path}: a malformed lock ({error})", hint="delete it, or run with --update") from error


def _resolved(document: dict[str, Any]) -> Resolved:
    resolved = Resolved(
        suite=str(document["suite"]),
        packages=tuple(Package(**item) for item in document["packages"]),
        wheels=tuple(Wheel(**item) for item in document["wheels"]),
        listings=tuple(Listing(**item) for item in document["listings"]),
        skips=tuple(Skip(**item) for item in document["skips"]),
    )
    parts: list[Package | Wheel | Listing] = [*resolved.packages, *resolved.wheels, *resolved.listings]
    for part in parts:
        version = "" if isinstance(part, Listing) else part.version
        if not _HEX.match(part.sha256) or not _NAME.match(part.name) or type(part.size) is not int:
            raise ValueError(f"{part.name!r:.60}")
        if version and not _NAME.match(version):
            raise ValueError(f"{version!r:.60}")
    return resolved


def write_lock(path: Path, resolved: Resolved, inputs: str) -> None:
    """Write a lock; it appears whole or not at all."""
    document = {"version": VERSION, "input": inputs, **asdict(resolved)}
    with atomic_file(path, force=True) as file:
        file.write(json.dumps(document, indent=1, sort_keys=True).encode() + b"\n")
