"""The papers of a slimmed image: ``plan.json``, ``removed.tsv``, ``proof.json``.

They lie beside a file or folder, in ``OUT.jettison/``; in a registry they are attached to the image.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jettison.api.delivery import SUFFIX
from jettison.errors import UsageError
from jettison.plan.document import plan_from_json, plan_to_json
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.proof.record import Proof
from jettison.rebuild.record import Removed
from jettison.rebuild.removed import removed_lines
from jettison.reference import ENGINES, parse_reference
from jettison.report.json import dumps, to_document
from jettison.sources.write import place_of_name
from jettison.storage import atomic_file

PLAN, REMOVED, PROOF = "plan.json", "removed.tsv", "proof.json"


def write_papers(folder: Path, plan: Plan, removed: Sequence[Removed], proof: Proof) -> None:
    """Write the papers into a new folder.

    Args:
        folder: to make.
        plan: as applied.
        removed: the removal list.
        proof: of the image.
    """
    folder.mkdir()
    with atomic_file(folder / PLAN, force=False) as file:
        file.write(plan_to_json(plan).encode())
    with atomic_file(folder / REMOVED, force=False) as file:
        file.writelines(removed_lines(removed))
    with atomic_file(folder / PROOF, force=False) as file:
        file.write(dumps(to_document(proof)).encode())


def papers_beside(ref: str) -> Path:
    """Return where the papers of an image lie that is a file or folder, or in an engine."""
    reference = parse_reference(ref)
    named = reference.kind in ENGINES
    path = place_of_name(reference) if named else Path(os.path.abspath(reference.path))
    return path.with_name(path.name + SUFFIX)


def papers_of_image(ref: str, digest: str, *, progress: Progress = SILENT) -> Mapping[str, Path]:
    """Return the papers of an image by name; none that are about another.

    Args:
        ref: the image's reference; from a registry they are fetched into the cache.
        digest: of its manifest.
        progress: told the bytes that come.

    Raises:
        BadInputError, MachineError: as :func:`jettison.sources.registry.referrers.attached`.
    """
    reference = parse_reference(ref)
    if reference.kind == "registry":
        from jettison.sources.registry.referrers import attached  # noqa: PLC0415 -- most images are files

        return dict(attached(ref, reference.path, digest, names=(PLAN, REMOVED, PROOF), progress=progress))
    folder = papers_beside(ref)
    if not _is_about(folder / PROOF, digest):
        return {}
    return {name: folder / name for name in (PLAN, REMOVED, PROOF) if (folder / name).is_file()}


def _is_about(proof: Path, digest: str) -> bool:
    """Whether a proof is of the image with this manifest: the folder may be left of one that was replaced."""
    try:
        return bool(json.loads(proof.read_bytes())["new"] == digest)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def read_plan(path: Path | None) -> Plan | None:
    """Return the plan in a file; None when there is none.

    Raises:
        UsageError: there is one, and it cannot be read.
    """
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return plan_from_json(content)
