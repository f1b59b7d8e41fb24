"""The source copied before the dependencies are installed."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import Copying, copyings
from jettison.rules.dockerfile.early_source import Early, mended
from jettison.rules.dockerfile.packages import packages
from jettison.rules.dockerfile.python_installs import PythonInstall, python_installs
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_CODE = frozenset({"src", "app", "code", "lib", "source", "project", "backend", "api", "server", "service"})
_TOOLS = frozenset({"pip", "setuptools", "setuptools-scm", "wheel", "build", "uv", "poetry", "pipenv", "pdm"})
_SHOWN = 3


def _check(case: Case) -> Iterator[Find]:
    for stage in sorted(case.built):
        installs = [each for each in python_installs(case) if each.site.stage == stage]
        found = _early(case, stage, installs)
        if found is not None:
            yield _find(case, found)


def _early(case: Case, stage: int, installs: list[PythonInstall]) -> Early | None:
    """Return the first copy of the source that stands before an install of dependencies, and that install."""
    sites = [each.site for each in installs if _installs_much(installs, each)]
    sites += [package.site for package in packages(case) if package.site.stage == stage]
    sites.sort(key=lambda site: site.instruction.line)
    for copying in copyings(case, stage=stage):
        if _is_source(copying):
            later = tuple(site for site in sites if site.instruction.line > copying.site.instruction.line)
            if later:
                return Early(copying, later, tuple(installs))
    return None


def _is_source(copying: Copying) -> bool:
    """Whether a COPY takes the application's code, or much of it."""
    if copying.origin is not None or copying.site.instruction.heredocs:
        return False
    folders = [source for source in copying.sources if source.partition("/")[0] in _CODE and "." not in source]
    return copying.whole or bool(folders)


def _installs_much(installs: list[PythonInstall], install: PythonInstall) -> bool:
    """Whether an install brings dependencies, not only the project itself after them."""
    if install.call.has("--no-deps", "--no-dependencies"):
        return False
    before = [each for each in installs if each.site.instruction.line < install.site.instruction.line]
    if install.local and not install.files and not install.asked:
        # `pip install .` brings dependencies as well, unless an earlier call did.
        return not any(each.files or each.tool == "project" for each in before)
    if install.tool == "project" and _only_itself(install, before):
        return False
    names = {asked.name for asked in install.asked}
    return bool(install.files or install.tool == "project" or names - _TOOLS)


def _only_itself(install: PythonInstall, before: list[PythonInstall]) -> bool:
    """Whether the same tool installed the dependencies before without the project."""
    return any(
        each.call.tool == install.call.tool and each.call.has("--no-root", "--no-install-project", "--no-self")
        for each in before
    )


def _find(case: Case, early: Early) -> Find:
    inside = [each for each in early.installs if each.site.instruction is early.sites[0].instruction]
    weights = [text for install in inside for text in _weights(install)]
    system = [package.name for package in packages(case) if package.site.instruction is early.sites[0].instruction]
    what = [*weights, *system]
    more = f" and {len(what) - _SHOWN} more" if len(what) > _SHOWN else ""
    return Find(
        f"the source is copied in line {early.copying.site.instruction.line}, before line "
        f"{early.sites[0].instruction.line} installs {', '.join(what[:_SHOWN])}{more}: each change of the code "
        f"installs it "
        "again",
        early.copying.site.instruction.span,
        mended(case, early),
        (Claim("rebuild", tuple(weights)),) if weights else (),
        severity=None if inside else "medium",
        confidence="medium" if any(each.local and not each.files for each in inside) else None,
    )


def _weights(install: PythonInstall) -> tuple[str, ...]:
    files = tuple(f"-r {name}" for name in install.files if name)
    asked = tuple(each.text for each in install.asked if each.word)
    return (*files, *asked, *install.local) or (f"{install.call.tool} {install.call.action}",)


SOURCE_BEFORE_DEPENDENCIES = Rule(
    name="source-before-dependencies",
    title="The source is copied before the dependencies are installed",
    severity="high",
    confidence="high",
    why="A layer is built again when a layer before it changed. With `COPY . .` first, a changed comment downloads and "
    "installs every package again: minutes, and gigabytes pushed and pulled. Copy the files that name the "
    "dependencies, install, then copy the rest.\n\n"
    "The fix moves the COPY behind the install and copies the named files first. It is made only when what runs in "
    "between provably does not read the source: pip with requirement files at known places, package managers, "
    "nothing written where the source goes; with a context also `uv sync --no-install-project`, `poetry install "
    "--no-root` "
    "and pipenv. It is safe when the build context shows that the requirement files and "
    "all that they include are there and name no local path; unsafe when there is no context to look at.",
    sources=(
        "20 % of 148 public ML Dockerfiles",
        "a study of 1,993 ML Dockerfiles (MSR 2026): 71 % of rebuild work is wasted, 96 % of it through context files",
    ),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n"
            "COPY . .\nCMD python app.py\n",
        ),
        Example(
            "FROM python:3.12-slim\nCOPY --chown=1000:1000 . /srv/app\n# what it needs\n"
            "RUN apt-get update && apt-get install -y libgomp1 && rm -rf /var/lib/apt/lists/*\n"
            "RUN pip install --no-cache-dir -r /srv/app/requirements/prod.txt\nWORKDIR /srv/app\n",
            "FROM python:3.12-slim\nCOPY --chown=1000:1000 requirements/prod.txt /srv/app/requirements/\n"
            "# what it needs\n"
            "RUN apt-get update && apt-get install -y libgomp1 && rm -rf /var/lib/apt/lists/*\n"
            "RUN pip install --no-cache-dir -r /srv/app/requirements/prod.txt\n"
            "COPY --chown=1000:1000 . /srv/app\nWORKDIR /srv/app\n",
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY src ./src\nCOPY requirements.txt .\n"
            "RUN pip install -r requirements.txt\n",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
            "COPY src ./src\n",
        ),
        Example(
            "FROM continuumio/miniconda3:24.1.2-0\nWORKDIR /app\nCOPY . .\nRUN conda env create -f environment.yml\n",
            "FROM continuumio/miniconda3:24.1.2-0\nWORKDIR /app\nCOPY environment.yml ./\n"
            "RUN conda env create -f environment.yml\nCOPY . .\n",
            {"environment.yml": "name: x\ndependencies: [python=3.11, pip: [flask]]\n"},
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt ./\n"
            "COPY requirements/base.txt ./requirements/\n"
            "RUN pip install -r requirements.txt\nCOPY . .\n",
            {
                "requirements.txt": "-r requirements/base.txt\nfastapi\n",
                "requirements/base.txt": "numpy\n",
                "app.py": "",
            },
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
            None,
            {"requirements.txt": "-e .\nfastapi\n", "setup.py": ""},
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
            None,
            {"requirements.txt": "fastapi\n", ".dockerignore": "*.txt\n"},
        ),
        Example(
            "FROM python:3.12-slim\nENV PATH=/app/.venv/bin:$PATH\nWORKDIR /app\nCOPY . .\n"
            "RUN uv sync --frozen --no-install-project\nRUN uv sync --frozen\n",
            "FROM python:3.12-slim\nENV PATH=/app/.venv/bin:$PATH\nWORKDIR /app\nCOPY pyproject.toml uv.lock ./\n"
            "RUN uv sync --frozen --no-install-project\nCOPY . .\nRUN uv sync --frozen\n",
            {
                "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["numpy"]\n',
                "uv.lock": 'version = 1\n[[package]]\nname = "x"\nversion = "1"\nsource = { virtual = "." }\n',
                "app.py": "",
            },
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN poetry install --no-root\n",
            None,
            {
                "pyproject.toml": '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\nlib = { path = "../lib" }\n',
                "poetry.lock": "",
            },
        ),
        Example("FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install .\n"),
        Example("FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN make && pip install -r requirements.txt\n"),
        Example("FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt -e .\n"),
        Example("FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN cd deploy && pip install -r requirements.txt\n"),
        Example("FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN poetry install\n"),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\n# the code\nCOPY . .\n"
            "RUN apt-get update && apt-get install -y ffmpeg\n",
            "FROM python:3.12-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y ffmpeg\n# the code\n"
            "COPY . .\n",
        ),
        Example("FROM python:3.12-slim\nCOPY . /\nRUN pip install -r requirements.txt\n"),
        Example(
            "FROM python:3.12-slim\nENV PATH=/app/venv/bin:$PATH\nWORKDIR /app\nCOPY . .\n"
            "RUN pip install -r requirements.txt\n"
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCOPY settings.prod.py settings.py\n"
            "RUN pip install -r requirements.txt\n"
        ),
    ),
    good=(
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
            "COPY . .\n"
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
            "COPY . .\n"
            "RUN pip install --no-deps -e .\n"
        ),
        Example(
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --no-install-project\n"
            "COPY . .\nRUN uv sync\n"
        ),
        Example("FROM python:3.12-slim AS a\nCOPY . /src\nFROM python:3.12-slim\nRUN pip install numpy\n"),
        Example("FROM python:3.12-slim\nCOPY --from=build . /opt\nRUN pip install numpy\n"),
        Example(
            "FROM python:3.12-slim\nRUN --mount=type=bind,target=/src pip install -r /src/requirements.txt\n"
            "COPY . /app\n"
        ),
    ),
)
