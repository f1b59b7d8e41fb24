"""Stages, and what holds at each instruction."""

from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.scope import Scopes, Variable, scopes_of


def _scopes(text: str) -> Scopes:
    return scopes_of(parse_text(text))


def test_arg_before_from_names_the_base() -> None:
    """A default of an ARG before FROM is put into the image's name; one without a default leaves it unknown."""
    stages = _scopes("ARG V=3.11\nARG W\nFROM python:${V}-slim AS one\nFROM python:$W\n").stages
    assert [stage.image for stage in stages] == ["python:3.11-slim", None]


def test_arg_before_from_needs_a_declaration_inside() -> None:
    """Inside a stage such an ARG counts only where it is declared again."""
    stage = _scopes("ARG V=1\nFROM a\nENV X=$V\nARG V\nENV Y=$V\n").stages[0]
    assert stage.end.variables["X"] == Variable(None, "env")
    assert stage.end.variables["Y"] == Variable("1", "env", open=True)


def test_stage_takes_over_its_parent() -> None:
    """User, folder, shell and variables of the parent stage hold; names of stages ignore case."""
    text = 'FROM a AS Base\nUSER 5\nWORKDIR /x\nSHELL ["bash","-c"]\nENV A=1\nFROM base\nWORKDIR y\n'
    stage = _scopes(text).stages[1]
    assert stage.parent == 0
    assert stage.image is None
    assert (stage.end.user, stage.end.workdir, stage.end.shell) == ("5", "/x/y", ("bash", "-c"))
    assert _scopes(text).root_image(stage) == "a"


def test_env_wins_over_arg() -> None:
    """ENV of a name stays what it is when an ARG of that name follows."""
    stage = _scopes("FROM a\nENV A=1\nARG A=2\nENV B=$A\n").stages[0]
    assert stage.end.variables["B"].value == "1"


def test_needed_stages() -> None:
    """A stage needs its parents, the stages it copies from and those its mounts read, by name or number."""
    text = (
        "FROM a AS one\nFROM b AS two\nFROM c AS three\nFROM d AS four\nFROM e\nCOPY --from=0 /a /a\n"
        "RUN --mount=type=bind,from=three,target=/x true\nCOPY --from=other:1 / /\n"
    )
    assert _scopes(text).needed(4) == {0, 2, 4}


def test_relative_workdir_on_an_unknown_one_is_unknown() -> None:
    """What a relative WORKDIR means on a base image is not guessed."""
    assert _scopes("FROM a\nWORKDIR app\n").stages[0].end.workdir is None
