"""Reports as people see them. To renew after a deliberate change: JETTISON_GOLDEN=write pytest tests/unit/report."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers import records

from jettison.files.budget import BudgetResult
from jettison.report.blocks import Blocks
from jettison.report.layout import draw
from jettison.report.text.budget import budget_blocks
from jettison.report.text.build import build_blocks
from jettison.report.text.coldstart import coldstart_blocks
from jettison.report.text.comparison import comparison_blocks
from jettison.report.text.copy import copy_blocks
from jettison.report.text.diff import diff_blocks
from jettison.report.text.digests import digest_blocks
from jettison.report.text.explanation import explanation_blocks
from jettison.report.text.gpu import gpu_blocks
from jettison.report.text.inspection import inspection_blocks
from jettison.report.text.plan import plan_blocks
from jettison.report.text.proof import proof_blocks
from jettison.report.text.pulls import pulls_blocks
from jettison.report.text.restore import restore_blocks
from jettison.report.text.slim import slim_blocks
from jettison.report.text.trace import trace_blocks
from jettison.run.pullmetrics import RuntimePulls

GOLDEN = Path(__file__).parent / "golden"
BUDGET = (
    BudgetResult("size", 2e9, 500e6, percent=False, held=True),
    BudgetResult("waste", 5, 7.25, percent=True, held=False),
    BudgetResult("files", 20000, 25463, percent=False, held=False),
)

RESTORED = {
    "usr/bin/cat": "workload held asks for it (exec), and step traced/deb:coreutils takes it",
    "python:pandas": "workloads answer otherwise without it",
}
REPORTS: dict[str, Callable[[], Blocks]] = {
    "inspection": lambda: inspection_blocks(records.inspection()),
    "inspection-top-1": lambda: inspection_blocks(records.inspection(), top=1),
    "gpu": lambda: gpu_blocks(records.gpu_report()),
    "gpu-none": lambda: gpu_blocks(replace(records.gpu_report(), rows=(), code=0, libraries=0)),
    "budget": lambda: budget_blocks(BUDGET),
    "plan": lambda: plan_blocks(records.plan()),
    "plan-empty": lambda: plan_blocks(replace(records.plan(), steps=(), keeps={}, skips=())),
    "slim-held": lambda: slim_blocks(records.slim_result()),
    "slim-restored": lambda: slim_blocks(replace(records.slim_result(), restored=RESTORED)),
    "restore": lambda: restore_blocks(records.restore_result()),
    "trace": lambda: trace_blocks(records.trace_report(), top=2),
    "slim-failed": lambda: slim_blocks(records.slim_result("failed")),
    "proof-not-tried": lambda: proof_blocks(records.proof("not-tried")),
    "diff-by-owner": lambda: diff_blocks(records.image_diff()),
    "diff-by-path": lambda: diff_blocks(records.image_diff(), by="path"),
    "diff-none": lambda: diff_blocks(replace(records.image_diff(), paths=())),
    "comparison": lambda: comparison_blocks(records.comparison()),
    "cold-start": lambda: coldstart_blocks(records.cold_start()),
    "cold-start-model": lambda: coldstart_blocks(records.cold_start(measured=False)),
    "copy": lambda: copy_blocks(records.copy_result()),
    "pulls": lambda: pulls_blocks(records.pull_report()),
    "pulls-by-node": lambda: pulls_blocks(records.pull_report(), by_node=True, top=1),
    "pulls-of-a-node": lambda: pulls_blocks(
        replace(records.pull_report(), images=(), runtime=RuntimePulls(12, 3, 1, 40 << 20))
    ),
    "pulls-none": lambda: pulls_blocks(replace(records.pull_report(), images=())),
    "explanation-goes": lambda: explanation_blocks(records.explanation()),
    "explanation-stays": lambda: explanation_blocks(records.explanation("stays")),
    "build": lambda: build_blocks(records.build_result()),
    "digests-held": lambda: digest_blocks(records.digest_report()),
    "digests-failed": lambda: digest_blocks(records.digest_report(held=False)),
}


@pytest.mark.parametrize("name", REPORTS)
def test_report(name: str) -> None:
    """The report is, to the character, the one that was agreed on."""
    path, text = GOLDEN / f"{name}.txt", draw(REPORTS[name]())
    if os.environ.get("JETTISON_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [60, 80, 140])
def test_other_widths(name: str, width: int) -> None:
    """Every report can be drawn for any terminal."""
    assert draw(REPORTS[name](), width=width)
