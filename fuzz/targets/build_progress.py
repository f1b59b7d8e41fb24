"""What builders and Pythons print: the progress of BuildKit, import times."""

import json

from jettison.build.rawjson import Progress
from jettison.run.imports import read_import_times

_TIMES = {"started": "2026-01-01T00:00:00.123456789Z", "completed": "2026-01-01T00:00:09Z"}
_VERTEX = {"digest": "a", "name": "[1/2] RUN x", **_TIMES}
CORPUS = (
    json.dumps({"vertexes": [_VERTEX], "logs": [{"vertex": "a", "data": "aGVsbG8="}]}).encode(),
    b"import time: self [us] | cumulative | imported package\nimport time:       700 |        700 | torch\n",
)


def run(data: bytes) -> None:
    """Read lines as either."""
    told = Progress()
    for line in data.splitlines():
        told.feed(line)
    told.steps()
    told.failure()
    read_import_times(data)
