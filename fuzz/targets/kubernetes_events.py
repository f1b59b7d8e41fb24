"""Kubernetes' events about pulls, and the metrics made of them."""

import contextlib
import json

from jettison.errors import JettisonError
from jettison.report.prometheus import prometheus_text
from jettison.run.pullmetrics import NAME, read_metrics
from jettison.run.pulls import read_pulls

_PULLED = 'Successfully pulled image "a:1" in 1m2.5s (1m5s including waiting). Image size: 12 bytes.'
_ITEMS = (
    {"message": _PULLED},
    {"note": 'Failed to pull image "b": x', "count": 3, "reportingInstance": "n"},
    {"message": 'Container image "c" already present on machine', "source": {"host": "n"}},
)
CORPUS = (
    json.dumps({"items": _ITEMS}).encode(),
    f'{NAME}_bucket{{image_size_in_bytes="0-10MB",le="5"}} 3\n{NAME}_bucket{{le="+Inf"}} 4\n{NAME}_sum 9\n'.encode(),
)


def run(data: bytes) -> None:
    """Read events, and write metrics; read a kubelet's."""
    with contextlib.suppress(JettisonError):
        read_metrics(data, "fuzz")
    try:
        report = read_pulls(data, "fuzz")
    except JettisonError:
        return
    prometheus_text(report)
