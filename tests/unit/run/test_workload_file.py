"""Workload files: what is accepted, what is refused, and how."""

import contextlib
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.errors import UsageError
from jettison.run import units
from jettison.run.workload import Compare, EngineSettings, Ready, Workload
from jettison.run.workload_file import load_workload, parse_workload

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "workload.md"
FULL = """
name = "detector"
[start]
command = ["python", "app.py"]
env = { OMP_NUM_THREADS = "1" }
user = "app:video"
memory = "4GB"
timeout = "5m"
[ready]
http = "/healthz"
port = 8000
timeout = "90s"
[[probe]]
name = "predict"
http = "POST /predict?x=1"
headers = { x-trace = "1" }
body-json = { "x" = [1, 2.5, true] }
compare = ["status", "json"]
tolerance = 1e-5
ignore = ["timing.*"]
timeout = "500ms"
[[probe]]
exec = ["python", "-V"]
stdin = "hi"
"""


def parse(text: str, folder: Path = Path("/nonexistent")) -> Workload:
    return parse_workload(text.encode(), name="w", folder=folder, where="w.toml")


def test_a_whole_file_is_read() -> None:
    """Each key lands in its field, with its unit resolved."""
    workload = parse(FULL)
    assert (workload.name, workload.argv, workload.user) == ("detector", ("python", "app.py"), "app:video")
    assert (workload.memory, workload.timeout) == (4_000_000_000, 300.0)
    assert workload.ready == Ready("http", "/healthz", 8000, 90.0)
    predict, version = workload.probes
    assert (predict.method, predict.path, predict.port, predict.timeout) == ("POST", "/predict?x=1", 8000, 0.5)
    assert predict.body == b'{"x":[1,2.5,true]}'
    assert predict.headers == {"x-trace": "1", "content-type": "application/json"}
    assert predict.compare == Compare(("status", "json"), 1e-5, ("timing.*",))
    assert (version.name, version.kind, version.argv, version.body) == ("probe-2", "exec", ("python", "-V"), b"hi")
    assert version.compare == Compare(("exit-code", "stdout"))


def test_an_empty_file_is_a_workload_that_ends_by_itself() -> None:
    """Everything has a default: the image's command, ready when it ends with code 0."""
    assert parse("") == Workload("w", Ready(), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[start", "not TOML"),
        ("nmae = 'x'", "unknown key 'nmae'"),
        ("[start]\ncommand = 'python app.py'", "command is not a list"),
        ("[start]\ncommand = [1]", "command is not a list of texts"),
        ('[start]\ncommand = ["a\\u0000b"]', "NUL"),
        ("[start]\nenv = { A = 1 }", "each value must be a text"),
        ("[start]\nenv = { 'A=B' = '1' }", "holds '='"),
        ("[start]\ntimeout = '0s'", "between nothing and a day"),
        ("[start]\ntimeout = 30", "is not a duration"),
        ("[start]\nmemory = '4 gigs'", "is not a size"),
        ("[engine]\ngpus = '--privileged'", "gpus or network"),
        ("[engine]\nnetwork = 'a b'", "gpus or network"),
        ("[engine]\nmounts = ['models']", "mounts: 'models' is none"),
        ("[engine]\nmounts = ['a:/b:suid']", "is none"),
        ("[engine]\nshm = 'x'", "is not a size"),
        ("[engine]\nprivileged = true", "unknown key"),
        ("[ready]\nhttp = '/'\ntcp = 1", "exclude each other"),
        ("[ready]\nhttp = '/'", "port is missing"),
        ("[ready]\nhttp = 'healthz'\nport = 1", "is not an HTTP path"),
        ("[ready]\nhttp = '/a b'\nport = 1", "is not an HTTP path"),
        ("[ready]\ntcp = 70000", "not between 1 and 65535"),
        ("[ready]\ntcp = true", "is not a whole number"),
        ("[ready]\nexit = 1", "exit can only be 0"),
        ("[ready]\nlog = ''", "log is empty"),
        ("probe = 1", "is not a list"),
        ("probe = [1]", "is not a list of tables"),
        ("[[probe]]\nname = 'x'", "neither http nor exec"),
        ("[[probe]]\nhttp = '/'", "waits for the command's end"),
        ("[[probe]]\nexec = []", "exec is empty"),
        ("[[probe]]\nexec = ['a']\ncompare = ['status']", "does not fit"),
        ("[[probe]]\nexec = ['a']\ncompare = []", "probe 1: compare is empty"),
        ("[[probe]]\nexec = ['a']\ntolerance = 0.1", "need 'json'"),
        ("[[probe]]\nexec = ['a']\ncompare = ['json']\ntolerance = 2", "between 0 and 1"),
        ("[[probe]]\nexec = ['a']\nbody = 'x'", "unknown key 'body'"),
        ("[[probe]]\nname='a'\nexec = ['a']\n[[probe]]\nname='a'\nexec = ['a']", "same name"),
        ("[ready]\ntcp = 1\n[[probe]]\nhttp = 'FETCH /'", "'FETCH' is no method"),
        ("[ready]\ntcp = 1\n[[probe]]\nhttp = '/'\nbody = 'a'\nbody-json = 1", "exclude each other"),
        ("[ready]\ntcp = 1\n[[probe]]\nhttp = '/'\nbody-json = 2020-01-01", "no JSON form"),
        ('[ready]\ntcp = 1\n[[probe]]\nhttp = "/"\nheaders = { a = "x\\r\\nb: c" }', "not plain text"),
        ("[ready]\ntcp = 1\n[[probe]]\nhttp = '/'\nheaders = { 'a b' = 'x' }", "not plain text"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    """One usage error that names file and key."""
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        parse(text)
    assert caught.value.message.startswith("w.toml")


def test_a_misspelt_key_is_guessed() -> None:
    """The hint says which key was probably meant."""
    with pytest.raises(UsageError) as caught:
        parse("[ready]\nhtp = '/'")
    assert caught.value.hint == "did you mean 'http'?"


def test_a_body_file_lies_in_the_workloads_folder(tmp_path: Path) -> None:
    """Relative to the file; nothing outside is read, through a symlink either."""
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "sample.json").write_bytes(b"{}")
    (tmp_path / "secret").write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to("loop")
    text = "[ready]\ntcp = 1\n[[probe]]\nhttp = 'POST /'\nbody-file = '{}'"
    (folder / "load.toml").write_text(text.format("sample.json"))
    workload = load_workload(folder / "load.toml")
    assert workload.name == "load"
    assert workload.probes[0].body == b"{}"
    assert workload.probes[0].headers == {"content-type": "application/json"}
    for name in ("../secret", str(tmp_path / "secret"), "link", "../w/sample.json", "absent", "loop", ".", "a\\u0000"):
        with pytest.raises(UsageError, match="body-file"):
            parse(text.replace("'{}'", f'"{name}"'), folder)


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    """Absent, a folder, or too large."""
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    for name in ("absent.toml", ".", "big.toml"):
        with pytest.raises(UsageError):
            load_workload(tmp_path / name)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_workload_or_a_usage_error(data: bytes) -> None:
    """Nothing else comes out of the parser."""
    with contextlib.suppress(UsageError):
        parse_workload(data, name="w", folder=Path("/nonexistent"), where="w")


KEYS = ("name", "start", "ready", "probe", "http", "exec", "port", "body-json", "compare", "timeout", "env", "x")
VALUES = st.recursive(
    st.booleans()
    | st.integers(-5, 70_000)
    | st.floats(allow_nan=False)
    | st.sampled_from(["GET /", "/", "1s", "json"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_document_gives_a_workload_or_a_usage_error(document: dict[str, object]) -> None:
    """Right keys with values of any type never crash the reader."""
    with contextlib.suppress(UsageError):
        parse_workload(_toml(document).encode(), name="w", folder=Path("/nonexistent"), where="w")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key} = {_inline(inner)}" for key, inner in value.items())
    raise AssertionError


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)


@pytest.mark.parametrize(
    ("text", "value"), [("30s", 30.0), ("500ms", 0.5), ("1.5h", 5400.0), ("2 m", 120.0), ("1d", None), ("-1s", None)]
)
def test_durations(text: str, value: float | None) -> None:
    """Numbers with ms, s, m or h; nothing negative, nothing else."""
    if value is not None:
        assert units.seconds(text, "x") == value
        return
    with pytest.raises(UsageError):
        units.seconds(text, "x")


@pytest.mark.parametrize(("text", "value"), [("512MB", 512_000_000), ("1.5GiB", 1_610_612_736), ("7B", 7), ("7", None)])
def test_sizes(text: str, value: int | None) -> None:
    """MB is 10^6 bytes, MiB 2^20."""
    if value is not None:
        assert units.size(text, "x") == value
        return
    with pytest.raises(UsageError):
        units.size(text, "x")


def test_every_example_of_the_reference_page_is_a_workload(tmp_path: Path) -> None:
    """The page's examples are read by the reader they document."""
    (tmp_path / "sample.json").write_bytes(b"{}")
    examples = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) >= 3
    for example in examples:
        assert parse(example, tmp_path).name


def test_the_reference_page_names_every_key() -> None:
    """No key goes undocumented."""
    page = PAGE.read_text()
    keys = {"name", "start", "ready", "probe"}
    for table in tomllib.loads(FULL).values():
        for inner in table if isinstance(table, list) else [table]:
            keys |= set(inner) if isinstance(inner, dict) else set()
    keys |= {"body", "body-file", "tcp", "log", "exit", "port"}
    assert [key for key in sorted(keys) if f"`{key}`" not in page and f"`[{key}]`" not in page] == ["probe"]
    assert "`[[probe]]`" in page


def test_engine_settings(tmp_path: Path) -> None:
    """What an engine is told beside the rest: mounts are relative to the file's folder."""
    lines = ("[engine]", "gpus = 'all'", "mounts = ['m:/m:ro']", "network = 'n1'", "memory = '4GB'", "shm = '1GiB'")
    settings = parse_workload("\n".join(lines).encode(), name="x", folder=tmp_path, where="x").engine
    assert settings == EngineSettings("all", (f"{tmp_path}/m:/m:ro",), "n1", 4 * 10**9, 1 << 30)
    assert parse_workload(b"[engine]\ngpus = 2", name="x", folder=tmp_path, where="x").engine.gpus == "2"
