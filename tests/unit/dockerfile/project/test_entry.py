"""What a container runs: commands followed to files, ports and health endpoints."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project.code import read_code
from jettison.dockerfile.project.entry import Placed, Where, health_routes, ports, reached, read_entry
from jettison.dockerfile.project.started import started, started_by_shell


def put(root: Path, files: Mapping[str, str]) -> set[str]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return set(files)


@pytest.mark.parametrize(
    ("line", "framework", "target", "port"),
    [
        ("python main.py", "python", "main.py", 0),
        ("/opt/venv/bin/python3.11 -u -X dev -W ignore main.py --port 9", "python", "main.py", 0),
        ("python -um pkg.serve", "python", "pkg.serve", 0),
        ("./serve.py", "python", "./serve.py", 0),
        ("python manage.py runserver 0.0.0.0:9000", "django", "manage.py", 9000),
        ("uvicorn app.main:app --host 0.0.0.0", "uvicorn", "app.main:app", 8000),
        ("uvicorn --reload --port 80 main:app", "uvicorn", "main:app", 80),
        ("python -m uvicorn main:app --port=${PORT:-8080}", "uvicorn", "main:app", 8080),
        ("gunicorn -w 4 -k x.Worker --preload -b :5000 'app:create_app()'", "gunicorn", "app:create_app()", 5000),
        ("gunicorn -c gunicorn.conf.py app:app", "gunicorn", "app:app", 0),
        ("gunicorn --bind 0.0.0.0:$UNKNOWN app:app", "gunicorn", "app:app", 0),
        ("gunicorn app:app", "gunicorn", "app:app", 8000),
        ("hypercorn main:app -b 0.0.0.0:81", "hypercorn", "main:app", 81),
        ("waitress-serve --port=8081 wsgi:app", "waitress-serve", "wsgi:app", 8081),
        ("fastapi run app/main.py --port 80", "fastapi", "app/main.py", 80),
        ("flask --app srv run --host=0.0.0.0 -p 81", "flask", "srv", 81),
        ("streamlit run ui.py --server.port=9 --server.headless true", "streamlit", "ui.py", 9),
        ("torchrun --nproc_per_node 4 --standalone train.py --port 7", "torchrun", "train.py", 0),
        ("python -m torch.distributed.run --nproc_per_node=2 -m pkg.train", "torchrun", "pkg.train", 0),
        ("accelerate launch --num_processes 2 train.py -x", "accelerate", "train.py", 0),
        ("celery -A proj worker -l info", "celery", "proj", 0),
        ("serve run graph:app", "serve", "graph:app", 8000),
        ("tritonserver --model-repository=/models", "tritonserver", "", 8000),
        ("python -m vllm.entrypoints.openai.api_server --port 8001", "vllm.entrypoints.openai.api_server",
         "vllm.entrypoints.openai.api_server", 8001),
        ("jupyter lab --ip 0.0.0.0 --allow-root", "jupyter", "", 8888),
        ("bentoml serve svc:latest -p 3001", "bentoml", "svc:latest", 3001),
        ("mlserver start /models", "mlserver", "", 8080),
        ("sh start.sh", "sh", "start.sh", 0),
        ("nginx -g daemon", "nginx", "", 0),
    ],
)  # fmt: skip
def test_commands(line: str, framework: str, target: str, port: int) -> None:
    """Each launcher: what it runs and where it listens."""
    (found,) = started_by_shell(line, {"X": "1"})
    named = found.file or (f"{found.module}:{found.attribute}" if found.attribute else found.module)
    assert (found.framework, named, found.port, found.reason) == (framework, target, port, "")


@pytest.mark.parametrize(
    ("words", "wrappers"),
    [
        (["tini", "-g", "--", "python", "a.py"], ("tini",)),
        (["dumb-init", "python", "a.py"], ("dumb-init",)),
        (["gosu", "app", "python", "a.py"], ("gosu",)),
        (["env", "A=b", "-u", "X", "python", "a.py"], ("env",)),
        (["timeout", "-s", "KILL", "10", "python", "a.py"], ("timeout",)),
        (["uv", "run", "--no-dev", "--frozen", "--extra", "gpu", "python", "a.py"], ("uv run",)),
        (["poetry", "run", "python", "a.py"], ("poetry run",)),
        (["conda", "run", "--no-capture-output", "-n", "x", "python", "a.py"], ("conda run",)),
        (["/opt/nvidia/nvidia_entrypoint.sh", "python", "a.py"], ("nvidia_entrypoint.sh",)),
        (["bash", "-lc", "exec python a.py"], ("bash -c", "exec")),
        (["/bin/sh", "-c", "cd /x && python a.py"], ("sh -c",)),
        (["opentelemetry-instrument", "--traces_exporter", "x", "python", "a.py"], ("opentelemetry-instrument",)),
    ],
)
def test_wrappers(words: list[str], wrappers: tuple[str, ...]) -> None:
    """What stands before the program is taken off and named."""
    found = started(words)
    assert (found.framework, found.file, found.wrappers) == ("python", "a.py", wrappers)


@pytest.mark.parametrize(
    "line",
    ["python $(cat x)", "`x`", "cat <<E\nx\nE", "f() { x; }", "eval $X", "python 'a", "x" * 30_000, "diff <(a) <(b)"],
)
def test_shell_that_is_not_simple(line: str) -> None:
    """Shell code that could do anything is said to be so, and nothing of it is guessed."""
    (found,) = started_by_shell(line)
    assert found.reason


@pytest.mark.parametrize(
    "words", [[], ["python"], ["bash"], ["sh", "-c", ""], ["python", "-m"], ["tini", "--"], ["uvicorn", "a/b"]]
)
def test_nothing_to_tell(words: list[str]) -> None:
    """A command that starts nothing that can be told says why."""
    assert started(words).reason


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), max_size=6), st.text(alphabet="ab$&|;'\"\\\n #(){}<>=-[]", max_size=40))
def test_any_words(words: list[str], line: str) -> None:
    """No words and no line are an error."""
    started(words)
    started_by_shell(line)


MAIN = """from fastapi import FastAPI
from api import health
app = FastAPI()
@app.get('/predict')
def p(): pass
"""
HEALTH = """r = APIRouter()
@r.get('/healthz')
def h(): pass
@r.get('/readyz')
def i(): pass
@r.post('/ping')
def j(): pass
"""
SCRIPT = """#!/bin/bash
set -e
# start
python migrate.py
if [ -n "$DEBUG" ]; then
  sleep 1
fi
exec "$@"
"""
FILES = {
    "src/main.py": MAIN,
    "src/api/health.py": HEALTH,
    "src/api/__init__.py": "",
    "other.py": "@app.route('/health')\ndef h(): pass\n",
    "docker/entrypoint.sh": SCRIPT,
    "migrate.py": "",
    "run.py": "import uvicorn\nuvicorn.run('main:app', host='0.0.0.0', port=8123)\n",
}


def test_application(tmp_path: Path) -> None:
    """An application is found through its COPY, and its health routes in the files that it leads to."""
    paths = put(tmp_path, FILES)
    where = Where("/srv", (Placed("/srv", "src"), Placed("/x", "")))
    entry = read_entry(str(tmp_path), paths, ["uvicorn", "main:app", "--port", "80"], where=where)
    assert entry.files == ("src/main.py",)
    assert not entry.skips
    code = read_code(str(tmp_path), sorted(paths))
    assert [file.path for file in reached(code, entry.files)] == [
        "src/main.py",
        "src/api/__init__.py",
        "src/api/health.py",
    ]
    assert [(route.path, str(route.place)) for route in health_routes(code, entry)] == [
        ("/readyz", "src/api/health.py:4"),
        ("/healthz", "src/api/health.py:2"),
    ]
    assert ports(code, entry) == (80,)
    assert [route.path for route in health_routes(code)] == ["/readyz", "/healthz", "/health"]


def test_scripts(tmp_path: Path) -> None:
    """A script of the context is read: what it starts, and the words that it passes on."""
    paths = put(tmp_path, FILES)
    where = Where("/app", (Placed("/entrypoint.sh", "docker/entrypoint.sh"), Placed("/app/", ".")))
    entry = read_entry(str(tmp_path), paths, ["/entrypoint.sh", "python", "run.py"], where=where)
    assert entry.files == ("docker/entrypoint.sh", "migrate.py", "run.py")
    assert [item.framework for item in entry.started] == ["sh", "python", "python"]
    code = read_code(str(tmp_path), sorted(paths))
    assert ports(code, entry) == (8123,)


def test_scripts_of_the_project(tmp_path: Path) -> None:
    """A command that the project's own manifest names leads to its module, wherever its folder lies."""
    paths = put(tmp_path, {"libs/demo/demo/app.py": "", "main.py": ""})
    entry = read_entry(str(tmp_path), paths, ["/venv/bin/serve", "--x"], scripts={"serve": "demo.app:main"})
    assert entry.files == ("libs/demo/demo/app.py",)
    assert not entry.skips


def test_what_is_not_there(tmp_path: Path) -> None:
    """A file or module that is not in the context is a skip; one of a distribution is not looked for."""
    paths = put(tmp_path, {"loop.sh": "exec ./loop.sh\n", "big.sh": "x\n" * 100_000})
    assert [skip.subject for skip in read_entry(str(tmp_path), paths, ["python", "gone.py"]).skips] == ["gone.py"]
    assert [skip.subject for skip in read_entry(str(tmp_path), paths, ["uvicorn", "gone:app"]).skips] == ["gone"]
    assert not read_entry(str(tmp_path), paths, ["python", "-m", "http.server"]).skips
    assert len(read_entry(str(tmp_path), paths, ["./loop.sh"]).started) <= 7
    assert read_entry(str(tmp_path), paths, ["./big.sh"]).skips[0].reason == "larger than 100000 bytes"
    assert read_entry(str(tmp_path), paths, "python $(x)").skips[0].reason == "the shell code is not simple"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("src/ranker/main.py", "other/src/ranker/main.py"), ("src/ranker/main.py",)),
        (("ranker/main.py", "src/ranker/main.py"), ("ranker/main.py",)),
        (("lib/ranker/main.py",), ()),
    ],
)
def test_a_module_of_an_installed_project_is_found_in_its_src(
    tmp_path: Path, files: tuple[str, ...], found: tuple[str, ...]
) -> None:
    """``uvicorn ranker.main:app`` is ``src/ranker/main.py`` where nothing nearer has that name."""
    paths = put(tmp_path, dict.fromkeys(files, ""))
    words = ("uvicorn", "ranker.main:app")
    assert read_entry(str(tmp_path), paths, words, where=Where("/app", (Placed("/app", ""),))).files == found
