"""The papers that lie beside a slimmed image: ``plan.json``, ``removed.tsv``, ``proof.json``."""

from collections.abc import Sequence
from pathlib import Path

from jettison.errors import UsageError
from jettison.plan.document import plan_from_json, plan_to_json
from jettison.plan.record import Plan
from jettison.proof.record import Proof
from jettison.rebuild.record import Removed
from jettison.rebuild.removed import removed_lines
from jettison.report.json import dumps, to_document
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


def read_plan(folder: Path) -> Plan | None:
    """Return the plan among an image's papers; None when there are none.

    Raises:
        UsageError: there is one, and it cannot be read.
    """
    path = folder / PLAN
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return plan_from_json(content)
