"""What would go around the virtual environment that a split makes.

Before the split, distributions lie where the interpreter itself looks: its programs are in ``/usr/local/bin``, a login
shell finds them, and a path that names its folder is right. Behind it they lie in an environment that only ``PATH``
leads to. Whatever names the old places, or does not go by that ``PATH``, would find an interpreter without them.
"""

import shlex
from collections.abc import Iterator

from jettison.dockerfile.project.context import sent
from jettison.dockerfile.project.text import read_text
from jettison.dockerfile.shell.record import Command, ShellWord
from jettison.finding import Skip
from jettison.plan.dockerfile.facts import service_of
from jettison.plan.dockerfile.rewrite_record import Refusal, refused_at
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.tables import words

MAX_FILE = 200_000
MAX_FILES = 1_000
_PACKAGES = regex(r"/(?:usr(?:/local)?|opt/conda)/lib/python3?(?:\.\d+)?(?:/(?:site|dist)-packages)?(?![\w.])")
_PROGRAM = regex(
    r"(?<![\w./-])(?:/usr/local/bin/(?P<local>[\w.+-]+)|/opt/conda/bin/(?P<conda>[\w.+-]+)"
    r"|/usr/bin/(?P<system>(?:python|pip|uvicorn|gunicorn)[\d.]*)(?![\w-]))"
)
_INTERPRETER = regex(r"(?:python|pip|python-config|idle|pydoc)[\d.]*")
_INSTALLED = regex(
    r"(?:python|pip|uvicorn|gunicorn|hypercorn|celery|flask|fastapi|streamlit|gradio|supervisord|supervisorctl|jupyter"
    r"|jupyter-\w+|ipython|torchrun|accelerate|deepspeed|ray|vllm|mlflow|bentoml|huggingface-cli|airflow|dagster|alembic"
    r"|django-admin|uwsgi|waitress-serve|daphne|rq|prefect|tensorboard|pytest)[\d.]*"
)
"""Programs that come with distributions."""
_LOGIN = regex(
    r"(?:^|[\s\"'\[,;&|(!])(?:(?:(?:/usr)?/bin/)?(?:ba|da|z)?sh[\s\"',]+(?:-\w+[\s\"',]+)*(?:-\w*l\w*|--login)(?![\w-])"
    r"|su\s+(?:-|-l|--login)(?!\w)|runuser\s+-l|sudo\s|env\s+-i)"
)
_PATH = regex(r"(?<!\w)PATH=(?P<value>\"[^\"]*\"|'[^']*'|[^\s;&|]+)")
_SYSTEM = words("/usr/local/bin /usr/local/sbin /usr/bin /usr/sbin /bin /sbin /opt/conda/bin")
_HARMLESS = words("rm find ls du test [ which echo strip")
_SETS_UP = words("ln update-alternatives")
_ELSEWHERE = words("PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER PYTHONUSERBASE PYTHONHOME UV_SYSTEM_PYTHON UV_TARGET")
_ADVICE = "name the program without its folder, and install what is to be installed with pip"
_TEXTS = (".sh", ".bash", ".conf", ".ini", ".cfg", ".service", ".py")
_NOT_SHIPPED = regex(r"(?:.*/)?(?:Dockerfile[^/]*|[^/]*\.[Dd]ockerfile|setup\.cfg|tox\.ini|\.[^/]+/.*)")


def bypasses(case: Case) -> Iterator[Refusal]:
    """Give what in a recipe, or in the files that it is sent, would find the interpreter without its distributions."""
    made = _made(case)
    for site in case.sites:
        name = site.instruction.name
        if name == "ENV":
            yield from _of_settings(site)
        elif name == "SHELL" and _LOGIN.search(" ".join(site.instruction.args)):
            yield refused_at(site.instruction, "a login shell sets PATH anew", "use a shell that is none")
        elif name in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
            yield from _of_commands(site, made)
    yield from _of_files(case, made)


def other_starts(case: Case) -> Iterator[Refusal]:
    """Give the starts that name an interpreter of the system, where the environment is one that the recipe has."""
    for site in case.named("CMD", "ENTRYPOINT"):
        first = "".join(site.instruction.args[:1])
        if (match := _PROGRAM.match(first)) and _INSTALLED.fullmatch(match["local"] or match["system"] or ""):
            yield refused_at(
                site.instruction,
                f"{site.instruction.name} names {first}, which is outside the virtual environment",
                "name the program without its folder",
            )


def _of_settings(site: Site) -> Iterator[Refusal]:
    for name, value, _ in site.instruction.pairs():
        if name in _ELSEWHERE:
            yield refused_at(
                site.instruction, f"{name} sends packages, or the interpreter, elsewhere", f"do without {name}"
            )
        elif name == "PATH" and (why := _hides(value)):
            yield refused_at(site.instruction, f"PATH {why}", 'write PATH="/folder:$PATH"')
        elif found := _PACKAGES.search(value):
            yield refused_at(
                site.instruction, f"{name} names {found[0]}", "do without it: the interpreter looks there by itself"
            )


def _hides(value: str) -> str:
    """Say how a value of PATH leads past an environment that the PATH before it begins with; empty: it does not."""
    folders = value.strip("\"'").split(":")
    own = next((at for at, folder in enumerate(folders) if folder in ("$PATH", "${PATH}")), None)
    if own is None:
        return "is set anew"
    early = next((folder for folder in folders[:own] if folder.rstrip("/") in _SYSTEM), None)
    return f"begins with {early}" if early else ""


def _made(case: Case) -> frozenset[str]:
    """Return the names of what the recipe itself puts into folders of programs."""
    placed = [word for site in case.named("COPY", "ADD") for word in _placed(site)]
    for site in case.named("RUN"):
        if site.script:
            placed += [word.text.strip("\"'") for command in site.script.commands for word in _goods(command)]
    names = (match["local"] or match["conda"] for word in placed for match in _PROGRAM.finditer(word))
    return frozenset(name for name in names if name and not _INSTALLED.fullmatch(name))


def _placed(site: Site) -> Iterator[str]:
    *sources, target = site.instruction.args or ("",)
    yield target
    yield from (f"{target.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}" for source in sources)


def _goods(command: Command) -> tuple[ShellWord, ...]:
    """Return the words of a command that may name what it writes."""
    return command.words[-1:] if command.name == "ln" else command.words[1:]


def _of_commands(site: Site, made: frozenset[str]) -> Iterator[Refusal]:
    text = shlex.join(site.instruction.args) if site.instruction.json else whole_body(site)
    if site.instruction.name != "RUN" and (match := _LOGIN.search(text)):
        yield refused_at(site.instruction, f"`{match[0].strip()}` sets PATH anew", "start the program itself")
    if _sets_path(text):
        yield refused_at(site.instruction, "PATH is set in a command", "set it by ENV, with the new folder in front")
    commands = site.script.commands if site.script and not site.script.opaque else ()
    texts = [word.text for each in commands if not _is_harmless(each) for word in each.words] if commands else [text]
    if found := next((name for each in texts if (name := _named(each, made))), ""):
        yield refused_at(
            site.instruction,
            f"{site.instruction.name} names {found}, which is outside the virtual environment",
            _ADVICE,
        )


def _is_harmless(command: Command) -> bool:
    if command.name in _HARMLESS:
        return True
    if command.name not in _SETS_UP:
        return False
    names = [match for word in command.words for match in _PROGRAM.finditer(word.text)]
    return all(match["system"] or _INTERPRETER.fullmatch(match["local"] or "") for match in names)


def _named(text: str, made: frozenset[str]) -> str:
    """Return the first place in a text that the environment takes the place of; empty: there is none."""
    for match in _PROGRAM.finditer(text):
        if (match["local"] or match["conda"] or match["system"]) not in made:
            return match[0]
    found = _PACKAGES.search(text)
    return found[0] if found else ""


def _of_files(case: Case, made: frozenset[str]) -> Iterator[Refusal]:
    """Give the scripts and settings of the context that name a place outside the environment.

    In what the container starts every program there counts, in other files those that pip is known to install: they may
    be a developer's own.
    """
    project, service = case.project, service_of(case)
    if project is None or service is None:
        return
    looked = 0
    programs = {each.words[0].rpartition("/")[2] for each in service.started if each.words}
    for entry in sent(project.context):
        started = entry.path in service.files
        name, executable = entry.path.rpartition("/")[2], bool(entry.mode & 0o111)
        looks = started or entry.path.endswith(_TEXTS) or (executable and "." not in name)
        if not looks or _NOT_SHIPPED.fullmatch(entry.path):
            continue
        looked += not started
        text = read_text(project.root, entry.path, MAX_FILE) if looked <= MAX_FILES else None
        if text is None or isinstance(text, Skip):
            continue
        runs = executable or name in programs
        if found := _in_file(text.text.split("\n"), made, started=started, runs=runs):
            why = f"{entry.path}:{found[0]} has {found[1]}, which does not lead into the virtual environment"
            yield Refusal(why, "name programs without their folder (#!/usr/bin/env python3), or keep the file out")


def _in_file(lines: list[str], made: frozenset[str], *, started: bool, runs: bool) -> tuple[int, str] | None:
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#") and not (number == 1 and line.startswith("#!") and runs):
            continue
        found = _named(line, made)
        if found and not started and not _INSTALLED.fullmatch(found.rpartition("/")[2]) and "packages" not in found:
            continue
        if found or (started and (found := _anew(line))):
            return number, found
    return None


def _anew(line: str) -> str:
    """Return what in a line of a script sets PATH anew; empty: nothing."""
    if match := _LOGIN.search(line):
        return match[0].strip()
    return "PATH" if _sets_path(line) else ""


def _sets_path(text: str) -> bool:
    """Whether a command sets PATH so that it leads past what stands in front of it."""
    return any(_hides(match["value"]) for match in _PATH.finditer(text))
