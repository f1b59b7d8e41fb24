"""The files that go with a rewritten recipe: each valid by its own schema, and all of one mind."""

import io
import json
from importlib import resources
from pathlib import Path
from typing import Any

import hcl2
import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jettison.api.rewrite import rewrite
from jettison.dockerfile.parse import parse_text
from jettison.plan.dockerfile.package.files import PACKAGE
from jettison.plan.dockerfile.package.shape import Shape, shape_of
from jettison.plan.dockerfile.package.workflow import workflow
from jettison.plan.dockerfile.package.yaml_text import to_yaml
from jettison.plan.dockerfile.rewrite_record import Facts
from jettison.rules.dockerfile.case import make_case

RECIPES = Path(__file__).resolve().parents[4] / "examples/recipes"
SCHEMAS = resources.files("check_jsonschema") / "builtin_schemas/vendor"
SCHEMA_OF = {
    ".github/workflows/image.yml": "github-workflows",
    "compose.yaml": "compose-spec",
    ".github/dependabot.yml": "dependabot",
    "renovate.json": "renovate",
}


def load(text: str) -> Any:
    """Load YAML or JSON; ``on`` is a key of workflows, and true to YAML 1.1."""
    loaded = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in loaded.items()}


def validate(name: str, text: str) -> None:
    """Validate a file against its schema; the bake file is parsed."""
    if name in SCHEMA_OF:
        schema = json.loads((SCHEMAS / f"{SCHEMA_OF[name]}.json").read_text())
        jsonschema.validators.validator_for(schema)(schema).validate(load(text))
    else:
        assert hcl2.load(io.StringIO(text))


def unquoted(value: Any) -> Any:
    return value.strip('"') if isinstance(value, str) else value


SHAPES = (
    Shape("service"),
    Shape(
        "a-b", "docker/Dockerfile", ("builder", "runtime"), "", 8000, "10001:10001", ("/home/app", "/data"), "required"
    ),
    Shape("both", "Dockerfile.inference", ("training", "runtime"), "Dockerfile.training"),
    Shape(
        "x",
        stages=("runtime",),
        user="app",
        written=("/home/app",),
        secrets=("pip.conf", "hf-token"),
        ecosystems=("uv",),
    ),
)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "purpose", "make"), PACKAGE, ids=[name for name, _, _ in PACKAGE])
def test_each_file_is_valid(shape: Shape, name: str, purpose: str, make: Any) -> None:
    """Whatever the service is, each file has the shape that its reader wants."""
    assert purpose
    validate(name, make(shape))


@pytest.mark.parametrize("project", sorted(path.name for path in RECIPES.iterdir()))
def test_the_parts_agree(project: str) -> None:
    """Of each example, files name the same recipe, target and port, and all of them are valid."""
    made = rewrite(RECIPES / project)
    files = {file.name: file.text for file in made.files}
    for name, text in files.items():
        if name not in ("Dockerfile", ".dockerignore"):
            validate(name, text)
    recipe = parse_text(files["Dockerfile"])
    (service,) = load(files["compose.yaml"])["services"].values()
    stages = [stage.name for stage in make_case(recipe, None).scopes.stages]
    build = next(
        step["with"]
        for step in load(files[".github/workflows/image.yml"])["jobs"]["image"]["steps"]
        if step.get("name") == "build"
    )
    assert build.get("target", "") == service["build"].get("target", "") == stages[-1]
    targets = {
        unquoted(key): value
        for each in hcl2.load(io.StringIO(files["docker-bake.hcl"]))["target"]
        for key, value in each.items()
    }
    assert {unquoted(value.get("target")) for value in targets.values()} == ({*stages} if stages[-1] else {None})
    ports = [arg for each in recipe.instructions if each.name == "EXPOSE" for arg in each.args]
    assert not ports or service["ports"] == [f"127.0.0.1:{ports[0]}:{ports[0]}"]
    assert ("read_only" in service) == any(each.name == "USER" for each in recipe.instructions)


def test_two_recipes() -> None:
    """Where an image trains and another serves, both are linted, built, scanned and pushed, under different names."""
    files = {file.name: file.text for file in rewrite(RECIPES / "uv", training=True).files}
    recipes = {"Dockerfile.inference", "Dockerfile.training"}
    assert recipes <= files.keys()
    jobs = load(files[".github/workflows/image.yml"])["jobs"]
    assert all(recipe in jobs["lint"]["steps"][-1]["run"] for recipe in recipes)
    runs = jobs["image"]["strategy"]["matrix"]["include"]
    assert {run["file"] for run in runs} == recipes
    assert len({run["suffix"] for run in runs}) == 2
    shared = [text for text in texts(jobs["image"]["steps"]) if "buildcache" in text or "github.sha" in text]
    assert shared
    assert all("matrix.suffix" in text for text in shared), "one image's cache or tag would replace the other's"
    bake = {
        unquoted(key): value for each in hcl2.loads(files["docker-bake.hcl"])["target"] for key, value in each.items()
    }
    assert {unquoted(value["dockerfile"]) for value in bake.values() if "dockerfile" in value} == recipes


def texts(value: Any) -> list[str]:
    """Return all texts in a document."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value] if isinstance(value, str) else [text for each in inner for text in texts(each)]


def test_without_a_registry() -> None:
    """A repository that has set no variable lints, builds and scans: no step that runs names an empty image."""
    steps = load(workflow(Shape("x")))["jobs"]["image"]["steps"]
    running = [step for step in steps if "vars.IMAGE" not in step.get("if", "")]
    assert {step.get("name") for step in running} == {None, "build", "budget", "scan", "SBOM"}
    for text in texts(running):
        assert "vars.IMAGE" not in text or "vars.IMAGE && " in text


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_of_a_project_are_no_text_of_a_script(folder: str, dockerfile: str) -> None:
    """What a folder, a recipe, a stage or a secret is called is plain, or not in the files at all."""
    recipe = 'FROM a AS run${X}\nRUN --mount=type=secret,id=$(x) true\nUSER ${{ x }}\nCMD ["a"]\n'
    shape = shape_of(make_case(parse_text(recipe), None), Facts(), folder, dockerfile)
    if isinstance(shape, str):
        return
    plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:"
    assert {*shape.name, *shape.dockerfile, *"".join(shape.stages), *"".join(shape.secrets), *shape.user} <= {*plain}
    for name, _, make in PACKAGE:
        validate(name, make(shape))


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_yaml_gives_back_what_was_written(document: Any) -> None:
    """Any text in a document comes back as it was."""
    assert yaml.safe_load(to_yaml({"x": document}, "a comment")) == {"x": document}


def test_what_the_project_has_stays(tmp_path: Path) -> None:
    """A file that the project has already, under any of its names, is neither made nor changed, and that is told."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\nRUN pip install flask==3\nCMD python -m flask\n")
    (tmp_path / "docker-compose.yml").write_text("services: {}\n")
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/dependabot.yaml").write_text("version: 2\n")
    made = rewrite(tmp_path)
    names = {file.name for file in made.files}
    assert not names & {"compose.yaml", ".github/dependabot.yml"}
    assert {"compose.yaml", ".github/dependabot.yml"} <= {skip.subject for skip in made.skips}
    only = rewrite(tmp_path, package=False)
    assert {file.name for file in only.files} <= {"Dockerfile", ".dockerignore"}
