from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jettison.compose.document import MAX_FILE, parse_recipe, read_recipe
from jettison.compose.record import DebianBase, FileRule, Recipe
from jettison.errors import UsageError

BASE = '[debian]\npackages = ["python3-minimal"]\n'


def parse(text: str, folder: Path = Path("/work")) -> Recipe:
    return parse_recipe(text.encode(), folder / "compose.toml")


def fails(text: str, folder: Path = Path("/work")) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(text, folder)
    return caught.value


def test_a_whole_file(tmp_path: Path) -> None:
    """Every key lands in its place."""
    (tmp_path / "requirements.txt").write_text("")
    recipe = parse(
        """
        name = "detector:lean"
        style = "lean"
        debug = true
        lock = false
        max-layers = 5
        [debian]
        suite = "bookworm"
        components = ["main", "contrib"]
        packages = ["libc6"]
        exclude = ["libdb5.3"]
        ignore-scripts = ["x-thing"]
        [python]
        target = "/usr/lib/python3/dist-packages/"
        compile = false
        [[files]]
        from = "model.onnx"
        to = "/app/"
        mode = "0600"
        owner = "65532:7"
        layer = "model"
        [image]
        entrypoint = ["/x"]
        cmd = []
        env = { A = "b" }
        ports = ["8000", "53/udp"]
        healthcheck = ["/x", "-c"]
        health-start = "2m"
        """,
        tmp_path,
    )
    assert recipe.debian == DebianBase(
        "bookworm", ("main", "contrib"), ("libc6",), ("libdb5.3",), ignore_scripts=("x-thing",)
    )
    assert recipe.files == (FileRule(f"{tmp_path}/model.onnx", "/app/", 0o600, 65532, 7, "model"),)
    assert recipe.python is not None
    assert (recipe.python.target, recipe.python.compile) == ("usr/lib/python3/dist-packages", False)
    runtime = recipe.runtime
    assert (runtime.entrypoint, runtime.cmd, runtime.ports) == (("/x",), (), ("8000/tcp", "53/udp"))
    assert (runtime.health_start, recipe.max_layers, recipe.debug, recipe.lock) == (120.0, 5, True, False)


@pytest.mark.parametrize("name", ["SIGINT", "quit", "9", "SIGRTMIN+3", "RTMAX-14"])
def test_stop_signals(name: str, tmp_path: Path) -> None:
    """A stop signal is written as it stands when Linux has it, in any way that engines read."""
    assert parse(f'{BASE}[image]\nstop-signal = "{name}"\n', tmp_path).runtime.stop_signal == name


def test_unknown_keys_are_refused_with_a_suggestion() -> None:
    """A misspelt key is an error that names the right one."""
    assert "did you mean 'packages'" in fails('[debian]\npackges = ["x1"]\n').hint
    assert "did you mean 'entrypoint'" in fails(BASE + '[image]\nentry-point = ["x"]\n').hint
    assert "known here" in fails(BASE + "zzzzzz = 1\n[qqq]\n").hint or "unknown key" in fails(BASE + "[qqq]\n").message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one of [base] and [debian]"),
        (BASE + '[base]\nimage = "oci:x"\n', "not both"),
        ('style = "naive"\n[base]\nimage = "oci:x"\n', "naive"),
        ('debug = true\n[base]\nimage = "oci:x"\n', "debug"),
        ("[base]\n", "'image' is missing"),
        ('style = "fat"\n' + BASE, "'lean', 'naive'"),
        ("max-layers = 2\n" + BASE, "3 to 120"),
        (BASE + '[image]\nstop-signal = "FOO"\n', "no signal of Linux"),
        (BASE + '[image]\nstop-signal = "SIGRTMIN+16"\n', "no signal of Linux"),
        (BASE + '[image]\nstop-signal = "0"\n', "no signal of Linux"),
        ("max-layers = true\n" + BASE, "whole number"),
        ('name = "Bad Name"\n' + BASE, "not well-formed"),
        ('[debian]\npackages = "libc6"\n', "array"),
        ('[debian]\npackages = ["--option"]\n', "not well-formed"),
        ('[debian]\npackages = ["x; rm"]\n', "not well-formed"),
        ("[debian]\npackages = [1]\n", "not a string"),
        ("[debian]\ncomponents = []\n", "empty"),
        ('[debian]\nmirror = "x y"\n', "no address"),
        (BASE + '[python]\nrequirements = "missing.txt"\n', "no file missing.txt"),
        (BASE + '[[files]]\nfrom = "a"\n', "'from' and 'to'"),
        (BASE + '[[files]]\nfrom = "../a"\nto = "/a"\n', "leaves the folder"),
        (BASE + '[[files]]\nfrom = "a"\nto = "a"\n', "absolute path in the image"),
        (BASE + '[[files]]\nfrom = "a"\nto = "/a/../../b"\n', "absolute path in the image"),
        (BASE + '[[files]]\nfrom = "a"\nto = "/.wh.a"\n', "absolute path in the image"),
        (BASE + '[[files]]\nfrom = "a"\nto = "/a"\nmode = "999"\n', "octal"),
        (BASE + '[[files]]\nfrom = "a"\nto = "/a"\nowner = "root:root"\n', "numbers"),
        (BASE + '[[files]]\nfrom = "a"\nto = "/a"\nowner = "4294967295:0"\n', "numbers"),
        (BASE + '[[files]]\nfrom = "a"\nto = "/a"\nlayer = "base"\n', "'model', 'code'"),
        (BASE + "[files]\n", "an array of tables"),
        (BASE + '[image]\nports = ["70000"]\n', "8000/tcp"),
        (BASE + "[image.env]\nA = 1\n", "not a string"),
        (BASE + '[image.env]\n"A=B" = "x"\n', "no name of a variable"),
        (BASE + '[image]\nhealth-start = "soon"\n', "30s"),
        (BASE + '[image]\nuser = "a\\u0000b"\n', "zero byte"),
        ("= 1", "not TOML"),
        ("a = " + "[" * 5000, "not TOML"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """Each mistake is a usage error that says what is wrong."""
    assert said in fails(text).message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing or oversized file is a usage error."""
    with pytest.raises(UsageError, match="No such file"):
        read_recipe(tmp_path / "none.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * (MAX_FILE + 1))
    with pytest.raises(UsageError, match="larger"):
        read_recipe(tmp_path / "big.toml")
    with pytest.raises(UsageError, match="not TOML"):
        parse_recipe(b"\xff\xfe", tmp_path / "x.toml")


VALUES = st.recursive(
    st.booleans() | st.integers() | st.sampled_from(['"x"', '"/a"', '"../a"', '"0:0"', '"lean"', "1979-05-27", "nan"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
TOP = ["name", "style", "debug", "lock", "max-layers", "image"]
PARTS = ["suite", "components", "packages", "mirror", "requirements", "target", "interpreter", "from", "to", "mode"]
REST = ["owner", "layer", "entrypoint", "cmd", "user", "workdir", "ports", "healthcheck", "health-start", "stop-signal"]
KEYS = st.sampled_from([*TOP, *PARTS, *REST])
HEADS = st.sampled_from(["", "[debian]", "[base]", "[python]", "[[files]]", "[image]"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.lists(st.tuples(HEADS, KEYS, VALUES), max_size=6))
@example([("", "name", True)])
def test_any_values_give_a_recipe_or_a_usage_error(tmp_path: Path, parts: list[tuple[str, str, object]]) -> None:
    """Whatever the values are, nothing but a usage error comes out."""
    lines = [f"{head}\n{key} = {value}\n" for head, key, value in parts]
    text = "".join(lines).replace("'", "").replace("True", "true").replace("False", "false")
    try:
        parse(text, tmp_path)
    except UsageError as error:
        assert error.message  # noqa: PT017 -- either outcome is right
