"""Rewritten recipes, whole: those of the examples as files, small ones here; and everything that is refused."""

import os
import re
from collections import Counter
from pathlib import Path

import dockerfile as oracle
import pytest
from hypothesis import given, settings
from tests.helpers.made_recipes import recipes

from jettison.api.rewrite import rewrite
from jettison.errors import BadInputError, RefusedError
from jettison.plan.dockerfile.rewrite_record import Target
from jettison.rebuild.dockerfile.record import Rewrite

RECIPES = Path(__file__).resolve().parents[4] / "examples/recipes"
GOLDEN = Path(__file__).parent / "golden"


def made(folder: Path, text: str, target: Target = "inference", **files: str) -> Rewrite:
    """Rewrite a recipe with files beside it: ``app_py`` is ``app.py``."""
    (folder / "Dockerfile").write_text(text)
    for name, content in files.items():
        (folder / re.sub(r"_(?=\w+$)", ".", name)).write_text(content)
    return rewrite(folder, target=target, package=False)


def dockerfile(made: Rewrite) -> str:
    return next(file.text for file in made.files if file.name == "Dockerfile")


def told(text: str, result: Rewrite) -> None:
    """Check, by BuildKit's own parser, that every old instruction is in the new file or told of."""
    before = [((each.cmd.upper(), each.flags, each.value), each.start_line) for each in oracle.parse_string(text)]
    after = Counter((each.cmd.upper(), each.flags, each.value) for each in oracle.parse_string(dockerfile(result)))
    lines = {change.line for change in result.changes if change.what in ("changed", "moved", "dropped")}
    for key, count in Counter(key for key, _ in before).items():
        named = sum(line in lines for each, line in before if each == key)
        assert count - after[key] <= named, key


@pytest.mark.parametrize("name", sorted(path.name for path in RECIPES.iterdir()))
def test_examples(name: str) -> None:
    """Each example is rewritten, to the byte, as was agreed on; nothing of it is lost. JETTISON_GOLDEN=write renews."""
    result = rewrite(RECIPES / name, package=False)
    text, path = dockerfile(result), GOLDEN / f"{name}.Dockerfile"
    if os.environ.get("JETTISON_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
    told((RECIPES / name / "Dockerfile").read_text(), result)


SMALL = 'FROM python:3.12-slim-bookworm\nWORKDIR /app\nRUN pip install flask\nCOPY app.py .\nCMD ["python", "app.py"]\n'


def test_twice_is_refused_as_done(tmp_path: Path) -> None:
    """What was rewritten has stages: they stay, byte for byte."""
    first = made(
        tmp_path,
        "FROM python:3.12\nWORKDIR /app\nRUN pip install flask==3.0\nCOPY app.py .\nCMD python app.py\n",
        app_py="",
    )
    again = made(tmp_path, dockerfile(first))
    assert dockerfile(again) == dockerfile(first)
    assert "several stages" in again.refusals[0].reason


def test_a_full_base_becomes_slim_only_where_its_needs_are_known(tmp_path: Path) -> None:
    """Requirements that are known give the slim base; a repository that is installed may need anything: it stays."""
    known = made(tmp_path, 'FROM python:3.12\nRUN pip install flask\nCMD ["flask"]\n')
    assert "FROM python:3.12-slim AS runtime\n" in dockerfile(known)
    other = made(tmp_path, 'FROM python:3.12\nRUN pip install git+https://h.example/o/r\nCMD ["r"]\n')
    assert "FROM python:3.12 AS runtime\n" in dockerfile(other)


def test_a_pinned_base_stays_that_one(tmp_path: Path) -> None:
    """A digest is of one flavour: the runtime stage keeps it."""
    base = f"python:3.12@sha256:{'0' * 64}"
    text = dockerfile(made(tmp_path, f'FROM {base}\nRUN pip install flask\nCMD ["flask"]\n'))
    assert text.count(f"FROM {base} AS") == 2


def test_what_is_about_the_container_is_carried(tmp_path: Path) -> None:
    """Labels, ports, volumes, signals, arguments, mounts of secrets and the start are in the new file."""
    text = (
        "ARG V=3.12\nFROM python:${V}-slim\nARG INDEX\nLABEL a=b\nENV PIP_INDEX_URL=$INDEX MODE=x\nWORKDIR /srv\n"
        "RUN --mount=type=secret,id=pip pip install flask\nCOPY . .\nEXPOSE 9000\nVOLUME /data\nSTOPSIGNAL SIGINT\n"
        'ENTRYPOINT ["flask"]\nCMD ["run"]\n'
    )
    result = made(tmp_path, text, app_py="")
    new = dockerfile(result)
    runtime = new.partition("AS runtime\n")[2]
    for line in (
        "LABEL a=b",
        "EXPOSE 9000",
        "VOLUME /data",
        "STOPSIGNAL SIGINT",
        'ENTRYPOINT ["flask"]',
        'CMD ["run"]',
    ):
        assert line in runtime
    assert "ENV MODE=x" in runtime
    assert "PIP_INDEX_URL" not in runtime
    assert "--mount=type=secret,id=pip" in new
    assert "/srv /data\n" in runtime  # the user's own folders
    told(text, result)


@pytest.mark.parametrize(
    ("line", "linked"),
    [
        ("COPY model.pt /models/model.pt", "COPY --link --chown=10001:10001 model.pt /models/model.pt"),
        ("COPY --chmod=644 model.pt .", "COPY --link --chown=10001:10001 --chmod=644 model.pt ."),
        ("COPY model.pt app.py ./", ""),
        ("COPY model.pt /lib/model.pt", ""),
        ("COPY --chown=app model.pt .", ""),
        ("RUN ln -s /data /models\nCOPY model.pt /models/", ""),
        ("ADD model.pt /models/", "COPY --link --chown=10001:10001 model.pt /models/"),
    ],
)
def test_weights_are_linked(tmp_path: Path, line: str, linked: str) -> None:
    """Weights without code, owned by a number, below folders that are no symlinks, get a layer that stands alone."""
    text = (
        f'FROM python:3.12-slim\nWORKDIR /app\nRUN pip install flask\n{line}\nCOPY app.py .\nCMD ["python", "app.py"]\n'
    )
    result = made(tmp_path, text, app_py="", model_pt="x")
    new = dockerfile(result)
    assert f"{linked}\n" in new if linked else "--link" not in new
    told(text, result)


def test_old_frontends_know_no_links(tmp_path: Path) -> None:
    """``COPY --link`` came with Dockerfile 1.4."""
    text = "FROM python:3.12-slim\nRUN pip install flask\nCOPY model.pt /models/\nCMD flask run\n"
    assert "--link" in dockerfile(made(tmp_path, f"# syntax=docker/dockerfile:1\n{text}", model_pt="x"))
    text = f"# syntax=docker/dockerfile:1.3\n{text}"
    assert "--link" not in dockerfile(made(tmp_path, text, model_pt="x"))


def test_a_mount_goes_with_what_uses_it(tmp_path: Path) -> None:
    """Of a RUN that installs and does more, the runtime stage has the rest, without the installer's cache."""
    text = "FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask && mkdir /data\n"
    new = dockerfile(made(tmp_path, text + 'CMD ["flask"]\n')).partition("AS runtime\n")[2]
    assert "mkdir /data" in new
    assert "--mount" not in new


def test_a_user_of_the_recipe_is_taken(tmp_path: Path) -> None:
    """The user that a RUN makes, and gives the folder to, owns the files from the start; no second one is made."""
    text = (
        "FROM python:3.12-slim\nWORKDIR /app\nRUN pip install flask\nCOPY . .\n"
        'RUN useradd -m web && chown -R web /app\nCMD ["flask"]\n'
    )
    new = dockerfile(made(tmp_path, text, app_py=""))
    assert "RUN useradd -m web \\\n    && install --directory --owner=web --group=web /app\n" in new
    assert "COPY --chown=web:web . .\n" in new
    assert new.count("useradd") == 1
    assert "USER web\n" in new


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("EXPOSE 80", "port 80 may need rights"),
        ("ENV HF_HOME=/root/x", "root's home"),
        ("RUN ./setup.sh", "who must be able to write"),
    ],
)
def test_root_stays_where_it_may_be_needed(tmp_path: Path, line: str, why: str) -> None:
    """Where something seen may need root, no user is made, and the choice says why."""
    result = made(tmp_path, f'FROM python:3.12-slim\nRUN pip install flask\n{line}\nCMD ["flask"]\n')
    assert "useradd" not in dockerfile(result)
    (choice,) = (each for each in result.choices if each.about == "user")
    assert choice.chosen == "root"
    assert any(why in reason for reason in choice.reasons)


def test_a_service_that_compiles_keeps_its_compiler(tmp_path: Path) -> None:
    """torch.compile calls a C compiler as the service runs: base, compiler and headers stay."""
    text = (
        "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\n"
        "RUN apt-get update && apt-get install -y python3 python3-pip gcc python3-dev\n"
        'WORKDIR /app\nRUN pip3 install torch\nCOPY app.py .\nCMD ["python3", "app.py"]\n'
    )
    new = dockerfile(made(tmp_path, text, app_py="import torch\nm = torch.compile(torch.nn.Linear(1, 1))\n"))
    assert "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS runtime\n" in new
    assert "        gcc \\\n        python3-dev \\\n" in new.partition("AS runtime")[2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM alpine:3\nRUN pip install x\n", "how alpine:3 is built is not known"),
        ("ARG B\nFROM $B\nRUN pip install x\n", "depends on an ARG without a default"),
        ("FROM python:3.12\nRUN echo\n", "nothing is installed"),
        ("FROM python:3.12\nRUN pip install --user x\n", "--user installs into a folder of its own"),
        ("FROM python:3.12\nRUN pip install --target=/x x\n", "--target installs into a folder of its own"),
        ("FROM python:3.12\nRUN python -m venv /v && /v/bin/pip install x\n", "virtual environment of its own"),
        ("FROM python:3.12\nRUN f() { pip install x; }; f\n", "not understood"),
        ("FROM python:3.12\nUSER app\nRUN pip install x\n", "installed as app"),
        ("FROM python:3.12\nRUN /usr/bin/pip install x\n", "certain interpreter"),
        ("FROM python:3.12\nRUN sudo pip install x\n", "through sudo"),
        ("FROM python:3.12\nONBUILD RUN pip install x\nRUN pip install y\n", "ONBUILD"),
        ("FROM python:3.12\nRUN pip install x\nCOPY a /usr/local/lib/python3.12/site-packages/\n", "site-packages"),
        ('FROM python:3.12\nRUN pip install x\nCMD ["/usr/bin/python3", "a.py"]\n', "outside the virtual environment"),
        ("FROM python:3.12\nRUN pip install x && make install\n", "no WORKDIR"),
        ("FROM python:3.12\nWORKDIR /s\nRUN pip install x && make install\n", "writes outside /s"),
        ('FROM python:3.12\nRUN pip install uv x\nCMD ["uv", "run", "--with", "y", "x"]\n', "tool that installs"),
        ("FROM a AS b\nFROM b\nRUN pip install x\n", "several stages"),
        ("FROM continuumio/miniconda3\nRUN conda install x\n", "more than make one environment"),
    ],
)
def test_refused_with_reason_and_advice(tmp_path: Path, text: str, reason: str) -> None:
    """What cannot be shown to be the same is not split: the stages stay, and each reason says what to do."""
    result = made(tmp_path, text)
    assert not result.whole
    assert any(reason in each.reason for each in result.refusals), result.refusals
    assert all(each.advice for each in result.refusals)
    assert dockerfile(result).count("FROM") == text.count("FROM")
    told(text, result)


BASE = "FROM python:3.12\nWORKDIR /app\nRUN pip install x gunicorn\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("RUN sed -i s/a/b/ /usr/local/lib/python3.12/site-packages/x.py", "site-packages"),
        ("RUN cp x.py /usr/local/lib/python3.12/site-packages/", "site-packages"),
        ("RUN /usr/local/bin/python -m x", "outside the virtual environment"),
        ("RUN ln -s /usr/local/bin/gunicorn /usr/bin/g", "/usr/local/bin/gunicorn"),
        ('HEALTHCHECK CMD ["/usr/local/bin/python", "-c", "1"]', "HEALTHCHECK names"),
        ("CMD sleep 1 && exec /usr/local/bin/gunicorn app:app", "CMD names"),
        ('CMD ["/usr/bin/gunicorn", "app:app"]', "CMD names /usr/bin/gunicorn"),
        ("RUN chmod +x /usr/local/bin/gunicorn\nCMD /usr/local/bin/gunicorn app:app", "CMD names"),
        ("ENV PYTHONPATH=/usr/local/lib/python3.12/site-packages", "PYTHONPATH names"),
        ("ENV PATH=/usr/local/bin:/usr/bin:/bin", "PATH is set anew"),
        ("ENV PATH=/opt/x:/usr/bin:$PATH", "PATH begins with /usr/bin"),
        ("CMD PATH=/usr/bin:$PATH gunicorn app:app", "PATH is set in a command"),
        ("ENV PIP_TARGET=/deps", "PIP_TARGET sends packages"),
        ("ENV UV_SYSTEM_PYTHON=1", "UV_SYSTEM_PYTHON"),
        ("RUN uv pip install --system y", "which interpreter"),
        ('CMD ["bash", "-lc", "gunicorn app:app"]', "sets PATH anew"),
        ('SHELL ["/bin/bash", "--login", "-c"]', "a login shell"),
        ("CMD su - app -c 'gunicorn app:app'", "sets PATH anew"),
        ("ENTRYPOINT sudo gunicorn app:app", "sets PATH anew"),
    ],
)
def test_what_goes_around_the_environment_is_refused(tmp_path: Path, line: str, reason: str) -> None:
    """Where the old places are named, or PATH is not gone by, the distributions would not be found behind the split."""
    text = f"{BASE}COPY . .\n{line}\n"
    result = made(tmp_path, text, app_py="")
    assert any(reason in each.reason for each in result.refusals), result.refusals
    told(text, result)


@pytest.mark.parametrize(
    ("name", "content", "start", "reason"),
    [
        ("run.sh", "#!/bin/sh\nexec /usr/local/bin/own\n", '["./run.sh"]', "run.sh:2 has /usr/local/bin/own"),
        ("run.sh", "#!/bin/bash -l\nexec gunicorn\n", '["./run.sh"]', "run.sh:1"),
        ("run.sh", "#!/bin/sh\nexport PATH=/bin:$PATH\ngunicorn\n", '["./run.sh"]', "run.sh:2 has PATH"),
        ("sup.conf", "[program:x]\ncommand=/usr/local/bin/gunicorn\n", '["supervisord"]', "sup.conf:2"),
        ("app.py", "#!/usr/local/bin/python\n", '["./app.py"]', "app.py:1 has /usr/local/bin/python"),
        ("app.py", "import os\nos.execv('/usr/local/bin/gunicorn', [])\n", '["python", "app.py"]', "app.py:2"),
    ],
)
def test_files_that_go_around_it_are_refused(tmp_path: Path, name: str, content: str, start: str, reason: str) -> None:
    """Scripts, settings and code that are copied into the image are looked into as well."""
    result = made(tmp_path, f"{BASE}COPY . .\nCMD {start}\n", "inference", **{name.replace(".", "_"): content})
    assert any(reason in each.reason for each in result.refusals), result.refusals


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ("RUN rm -rf /usr/local/lib/python3.12/test && find /usr/local/lib/python3.12 -name x", {}),
        ("RUN ln -s /usr/local/bin/python /usr/bin/python", {}),
        ('COPY start.sh /usr/local/bin/\nENTRYPOINT ["/usr/local/bin/start.sh"]', {"start_sh": "exec gunicorn\n"}),
        ("RUN curl -o /usr/local/bin/jq x\nCMD /usr/local/bin/jq . && gunicorn app:app", {}),
        ('ENV PATH=/opt/x/bin:$PATH\nCMD ["gunicorn"]', {}),
        ('CMD ["python", "app.py"]', {"app_py": "#!/usr/bin/env python\n# not /usr/local/bin/python\n"}),
        ('CMD ["python", "app.py"]', {"deploy_sh": "sudo /usr/local/bin/docker-compose up\n"}),
    ],
)
def test_what_only_seems_to_go_around_it(tmp_path: Path, lines: str, files: dict[str, str]) -> None:
    """Removing, programs that the recipe brings itself, folders added to PATH, a developer's own scripts: no reason."""
    result = made(tmp_path, f"{BASE}COPY . .\n{lines}\n", "inference", **files)
    assert not result.refusals


def test_distroless(tmp_path: Path) -> None:
    """The shipped stage has no shell: what it has is copied, and how it runs is as before."""
    result = made(tmp_path, SMALL, "distroless", app_py="")
    assert result.whole
    final = dockerfile(result).partition("FROM gcr.io/distroless/cc-debian12 AS distroless\n")[2]
    assert "RUN" not in final
    assert "COPY --from=gathered /gathered/ /\nCOPY --from=runtime /opt/venv /opt/venv\n" in final
    assert "COPY --from=runtime --chown=10001:10001 /app /app\n" in final
    assert final.endswith('USER 10001:10001\nCMD ["python", "app.py"]\n')
    assert "ENV HOME=/home/app\n" in final
    told(SMALL, result)


@pytest.mark.parametrize(
    ("old", "new", "code", "reason"),
    [
        ("slim-bookworm", "slim", "", "does not say which Debian"),
        ('["python", "app.py"]', "python app.py | tee log", "", "needs a shell"),
        ('["python", "app.py"]', '["./start.sh"]', "", "needs a shell"),
        ("COPY app.py .", "COPY app.py .\nRUN ./prepare", "", "what it makes, and where"),
        ("x", "x", "import subprocess\nsubprocess.run(['ffmpeg', '-i', 'a'])\n", "the code starts ffmpeg"),
    ],
)
def test_distroless_is_refused_where_a_shell_is_needed(
    tmp_path: Path, old: str, new: str, code: str, reason: str
) -> None:
    """What needs a shell or a program is not made distroless, and the reason says so."""
    result = made(tmp_path, SMALL.replace(old, new), "distroless", app_py=code)
    assert not result.whole
    assert any(reason in each.reason for each in result.refusals), result.refusals


def test_debug(tmp_path: Path) -> None:
    """A stage with tools is beside the shipped one, which a build without --target gives."""
    result = made(tmp_path, SMALL, "debug", app_py="")
    text = dockerfile(result)
    assert "FROM runtime AS debug\nUSER root\nRUN apt-get update" in text
    assert text.endswith("FROM runtime AS image\n")


@settings(max_examples=60, deadline=None)
@given(recipes())
def test_any_recipe_is_rewritten_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever a file holds, the result parses and nothing is lost; a second run changes nothing."""
    folder = tmp_path_factory.mktemp("any")
    try:
        result = made(folder, text)
    except (BadInputError, RefusedError):
        return
    told(text, result)
    again = made(folder, dockerfile(result))
    assert dockerfile(again) == dockerfile(result)


def test_training_keeps_its_base_and_its_tools(tmp_path: Path) -> None:
    """For training the stages stay; what can be mended safely is mended, and nothing is left out."""
    text = (
        "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install torch jupyterlab\nCOPY . /w\nCMD python train.py\n"
    )
    result = made(tmp_path, text, "training", train_py="import torch\n")
    assert result.whole
    new = dockerfile(result)
    assert new.startswith("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\n")
    assert "pip install torch jupyterlab" in new
    assert 'CMD ["python", "train.py"]' in new
    assert "useradd" not in new
    told(text, result)


def test_two_recipes_of_one_source(tmp_path: Path) -> None:
    """The one for inference leaves out what only people at work need; the one for training keeps it."""
    text = 'FROM python:3.12\nWORKDIR /app\nRUN pip install flask jupyterlab\nCOPY . .\nCMD ["python", "app.py"]\n'
    (tmp_path / "Dockerfile").write_text(text)
    (tmp_path / "app.py").write_text("import flask\napp = flask.Flask('x')\napp.run(port=8000)\n")
    result = rewrite(tmp_path, training=True)
    files = {file.name: file.text for file in result.files}
    assert "Dockerfile" not in files
    assert "jupyterlab" not in files["Dockerfile.inference"]
    assert "jupyterlab" in files["Dockerfile.training"]
    assert "file: Dockerfile.inference" in files[".github/workflows/image.yml"]


CONDA = (
    "FROM continuumio/miniconda3\nWORKDIR /app\nCOPY . .\nRUN conda env create -f environment.yml\n"
    'RUN echo "conda activate web" >> ~/.bashrc\nENV PATH=/opt/conda/envs/web/bin:$PATH\nCMD ["flask", "run"]\n'
)


def test_conda(tmp_path: Path) -> None:
    """The environment goes to a base without conda, at the same path; what is for interactive shells is left."""
    result = made(tmp_path, CONDA, environment_yml="name: web\ndependencies: [python=3.11, flask]\n", app_py="")
    assert result.whole
    text = dockerfile(result)
    assert "COPY environment.yml ./\nRUN conda env create -f environment.yml" in text
    runtime = text.partition("FROM debian:bookworm-slim AS runtime\n")[2]
    assert runtime.startswith("COPY --from=builder /opt/conda/envs/web /opt/conda/envs/web\n")
    assert "ENV PATH=/opt/conda/envs/web/bin:$PATH\n" in runtime
    assert "bashrc" not in runtime
    told(CONDA, result)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("continuumio/miniconda3", "mambaorg/micromamba", "where conda lies"),
        ("ENV PATH=/opt/conda/envs/web/bin:$PATH", "ENV A=1", "not in front of PATH"),
        ("RUN echo", "RUN conda install -y numpy\nRUN echo", "more than make one environment"),
        ("-f environment.yml", "-n $N -f environment.yml", "which environment is made"),
        ('"flask", "run"', '"conda", "run", "-n", "web", "flask"', "starts by conda"),
        ('"flask", "run"', '"/usr/bin/python3", "-m", "flask"', "outside the virtual environment"),
    ],
)
def test_conda_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """Where conda does more, or its environment is entered in another way, the stages stay, with the reason."""
    result = made(tmp_path, CONDA.replace(old, new), environment_yml="name: web\ndependencies: [python=3.11]\n")
    assert not result.whole
    assert any(reason in each.reason for each in result.refusals), result.refusals
