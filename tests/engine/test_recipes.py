"""Every example project, as people write it and as Jettison rewrites it: both are built, started, asked, compared.

The light ones always run; JETTISON_ENGINE_ALL=1 runs the others, JETTISON_ENGINE_HEAVY=1 those of several gigabytes.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.helpers.engine import Engine, EngineError, check, docker, remove_images
from tests.helpers.recipes import (
    RECIPES,
    RECIPES_DIR,
    Recipe,
    build_context,
    build_recipe,
    exercise_image,
    has_rewrite,
    prepare,
    rewrite,
    workload_of,
)
from tests.helpers.standins import provide

from jettison.run.compare import compare

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]


def _chosen(recipe: Recipe) -> bool:
    if recipe.heavy:
        return bool(os.environ.get("JETTISON_ENGINE_HEAVY"))
    return recipe.light or bool(os.environ.get("JETTISON_ENGINE_ALL"))


CHOSEN = [
    pytest.param(
        recipe,
        id=recipe.name,
        marks=() if _chosen(recipe) else pytest.mark.skip(reason="JETTISON_ENGINE_ALL=1 (HEAVY=1) runs it"),
    )
    for recipe in RECIPES
]


@pytest.fixture
def tags(engine: Engine, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Give names for the naive and the rewritten image, and remove both afterwards."""
    name = request.node.callspec.id if hasattr(request.node, "callspec") else request.node.name.removeprefix("test_")
    names = f"jettison-test/{name}:naive", f"jettison-test/{name}:rewritten"
    yield names
    remove_images(engine, *names)


@pytest.mark.parametrize("recipe", CHOSEN)
def test_recipe(engine: Engine, tags: tuple[str, str], recipe: Recipe, tmp_path: Path) -> None:
    """The rewritten image answers as the naive one does, is smaller, runs without root and is healthy."""
    naive, rewritten = tags
    project, workload = prepare(engine, recipe, tmp_path), workload_of(recipe)
    old = build_recipe(engine, recipe, project, naive)
    before = exercise_image(engine, naive, workload, health=False)
    assert all(answer.exit_code < 126 and answer.status < 500 for answer in before.answers), before.answers
    if not has_rewrite():
        pytest.skip("built and probed as it is; there is no `jettison rewrite` yet")

    out = tmp_path / "rewritten"
    rewrite(RECIPES_DIR / recipe.name, out)
    context = build_context(project, out)
    assert not check(engine, context)
    new = build_recipe(engine, recipe, context, rewritten)
    after = exercise_image(engine, rewritten, workload, health=True)
    differences = [
        difference
        for probe, one, other in zip(workload.probes, before.answers, after.answers, strict=True)
        for difference in compare(probe, one, other)
    ]
    assert not differences
    assert new.size <= old.size * recipe.share
    assert after.uid != 0
    assert new.config["User"].partition(":")[0] not in {"", "0", "root"}
    assert after.health == "healthy" or workload.ready.kind == "exit"


def test_distroless(engine: Engine, tags: tuple[str, str], tmp_path: Path) -> None:
    """Without a shell the service answers as before, is healthy, and its image has no shell."""
    naive, shipped = tags
    recipe = Recipe("pip-tools")
    project, workload = prepare(engine, recipe, tmp_path), workload_of(recipe)
    recipe_file = project / "Dockerfile"
    recipe_file.write_text(recipe_file.read_text().replace("python:3.11-slim", "python:3.11-slim-bookworm"))
    old = build_recipe(engine, recipe, project, naive)
    before = exercise_image(engine, naive, workload, health=False)
    out = tmp_path / "rewritten"
    rewrite(project, out, "--target", "distroless")
    new = build_recipe(engine, recipe, build_context(project, out), shipped)
    after = exercise_image(engine, shipped, workload, health=True)
    for probe, one, other in zip(workload.probes, before.answers, after.answers, strict=True):
        assert not compare(probe, one, other)
    assert after.health == "healthy"
    assert after.uid != 0
    assert new.size < old.size / 2
    with pytest.raises(EngineError, match="sh"):
        docker(engine, "run", "--rm", "--entrypoint=sh", shipped, "-c", "true")


def test_unknown_base(engine: Engine, tmp_path: Path) -> None:
    """A base that nothing here stands in for is an error that names it, not a question to a hub."""
    (tmp_path / "Dockerfile").write_text("FROM example/none:1\nCMD ['x']\n")
    with pytest.raises(EngineError, match="stands in for example/none:1"):
        build_recipe(engine, Recipe("none"), tmp_path, "jettison-test/none")


def test_build_checks(engine: Engine, tmp_path: Path) -> None:
    """BuildKit's own checks run on a Dockerfile whose base and syntax image no hub has to give."""
    (tmp_path / "Dockerfile").write_text(
        "# syntax=docker/dockerfile:1\nFROM example/none:1 AS Big\nCMD python app.py\n"
    )
    assert {found["ruleName"] for found in check(engine, tmp_path)} == {"StageNameCasing", "JSONArgsRecommended"}
    (tmp_path / "Dockerfile").write_text("FROM example/none:1\nCOPPY a b\n")
    with pytest.raises(EngineError, match="COPPY"):
        check(engine, tmp_path)


def test_python_base(engine: Engine) -> None:
    """The stand-in for python:3.11-slim is laid out as the official image, and dpkg knows of no Python."""
    provide(engine, "python:3.11-slim")
    code = "import sys, sysconfig as s, pip; print(sys.executable, sys.prefix, s.get_path('purelib'), pip.__file__)"
    said = docker(engine, "run", "--rm", "python:3.11-slim", "python", "-c", code).split()
    site = "/usr/local/lib/python3.11/site-packages"
    assert said == ["/usr/local/bin/python", "/usr/local", site, f"{site}/pip/__init__.py"]
    script = "python -m venv /v && readlink -f /v/bin/python && ! dpkg -l | grep -q python"
    assert docker(engine, "run", "--rm", "python:3.11-slim", "sh", "-c", script).strip() == "/usr/local/bin/python3.11"
