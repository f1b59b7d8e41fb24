"""A service that says nothing of its health."""

from collections.abc import Iterator

from jettison.dockerfile.project.entry import health_routes
from jettison.rules.dockerfile.around import code
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    final = case.final
    if final is None or case.project is None or not case.project.root:
        return
    shipped = [site.instruction for site in case.sites if site.stage in case.shipped]
    names = {instruction.name for instruction in shipped}
    if "HEALTHCHECK" in names or not names & {"CMD", "ENTRYPOINT"}:
        return
    routes = health_routes(code(case))
    if routes:
        start = next(each for each in reversed(shipped) if each.name in ("CMD", "ENTRYPOINT"))
        route = routes[0]
        message = f"the code answers at {route.path} ({route.place.path}:{route.place.line}), and no HEALTHCHECK asks"
        yield Find(message, start.keyword_span)


HEALTHCHECK_MISSING = Rule(
    name="healthcheck-missing",
    title="no HEALTHCHECK, though the code has a health endpoint",
    severity="info",
    confidence="medium",
    why="Docker and Compose restart, and wait for, what a HEALTHCHECK calls healthy; one of 148 public ML "
    "Dockerfiles has "
    "one. Kubernetes has probes of its own and ignores it. `jettison rewrite` writes one by Python's standard library.",
    sources=("one HEALTHCHECK in 148 public ML Dockerfiles",),
    check=_check,
    fixes="none",
    bad=(
        Example(
            'FROM python:3.11-slim\nCOPY app.py .\nCMD ["uvicorn", "app:app"]\n',
            files={
                "app.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health(): return 1\n"
            },
        ),
    ),
    good=(
        Example('FROM python:3.11-slim\nCMD ["python", "app.py"]\n'),
        Example('FROM a\nCMD ["x"]\n', files={"app.py": "print(1)\n"}),
    ),
)
