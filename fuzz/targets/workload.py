"""Workload files: any bytes give a workload or an error of Jettison's."""

from pathlib import Path

from jettison.errors import JettisonError
from jettison.run.workload_file import parse_workload

CORPUS: tuple[bytes, ...] = (
    b"",
    b'name = "x"\n[start]\ncommand = ["a"]\nmemory = "1GB"\nenv = { A = "1" }\n[ready]\nhttp = "/h"\nport = 80\n',
    b'[ready]\ntcp = 80\n[[probe]]\nhttp = "POST /p"\nbody-json = { a = [1, 2.5] }\ncompare = ["json"]\n',
    b'[[probe]]\nname = "v"\nexec = ["a", "b"]\nstdin = "x"\ncompare = ["stdout", "exit-code"]\ntimeout = "5m"\n',
    b'[ready]\nlog = "up"\n[[probe]]\nhttp = "/"\nport = 1\nbody-file = "../x"\ntolerance = 1e-3\nignore = ["a.*"]\n',
)


def run(data: bytes) -> None:
    """Parse ``data``; whatever is not Jettison's error propagates."""
    try:
        parse_workload(data, name="fuzz", folder=Path("/nonexistent"), where="fuzz")
    except JettisonError:
        return
