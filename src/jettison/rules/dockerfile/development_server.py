"""A service started by its framework's development server."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Rule

_RELOADS = ("--reload", "--debug", "--debugger")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("CMD", "ENTRYPOINT"):
        if site.stage in case.shipped and (why := _development(_words(site))):
            yield Find(why, site.instruction.keyword_span)
    for site in case.named("ENV"):
        if site.stage in case.shipped:
            for name, value, word in site.instruction.pairs():
                if name in ("FLASK_DEBUG", "FLASK_ENV", "DEBUG") and value.lower() in ("1", "true", "development"):
                    yield Find(f"{name}={value} turns on the debugger, which runs code sent to it", word.span)


def _words(site: Site) -> list[str]:
    if site.instruction.json:
        return list(site.instruction.args)
    commands = site.script.commands if site.script else ()
    return [word.value or word.text for command in commands[-1:] for word in command.words]


def _development(words: list[str]) -> str:
    names = [word.rpartition("/")[2] for word in words]
    if "flask" in names and "run" in names:
        return "`flask run` is Flask's development server: one process, not made for load"
    if "runserver" in names and any(name.endswith("manage.py") for name in names):
        return "`manage.py runserver` is Django's development server"
    servers = {"uvicorn", "gunicorn", "hypercorn", "fastapi", "flask", "streamlit"} & set(names)
    reload = next((word for word in words if word in _RELOADS), "")
    if servers and reload:
        return f"{reload} watches the source files and restarts: for development only"
    return "`fastapi dev` reloads on change: `fastapi run` serves" if names[:2] == ["fastapi", "dev"] else ""


DEVELOPMENT_SERVER = Rule(
    name="development-server",
    title="the image starts a development server",
    severity="medium",
    confidence="high",
    why="Development servers reload on change, serve one request at a time, and some open a debugger that runs "
    "whatever "
    "is sent to it. Their own documentation says not to deploy them.",
    sources=("Flask, Django and FastAPI documentation, Deployment",),
    check=_check,
    fixes="none",
    bad=(
        Example('FROM a\nCMD ["uvicorn", "app:app", "--reload"]\n'),
        Example("FROM a\nCMD flask run --host 0.0.0.0\n"),
        Example('FROM a\nENV FLASK_DEBUG=1\nCMD ["python", "app.py"]\n'),
        Example('FROM a\nCMD ["python", "manage.py", "runserver"]\n'),
    ),
    good=(
        Example('FROM a\nCMD ["uvicorn", "app:app"]\n'),
        Example('FROM a\nCMD ["python", "train.py", "--debug"]\n'),
        Example('FROM a AS dev\nCMD ["uvicorn", "app:app", "--reload"]\nFROM a\nCMD ["uvicorn", "app:app"]\n'),
    ),
)
