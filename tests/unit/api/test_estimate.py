"""``estimate``: what is in each layer, by stand-ins for indexes and archives that weigh names by their length."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from jettison.api import estimate as api
from jettison.api.estimate import estimate
from jettison.cli.main import main
from jettison.errors import BadInputError
from jettison.finding import Skip
from jettison.plan.dockerfile.estimate import Estimate
from jettison.sizes.record import Bill, Line, Weight, bill

MEGA = 1_000_000


@pytest.fixture(autouse=True)
def scales(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Weigh every distribution and package as one MB a letter of its name, and nothing by the network."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))

    def line(name: str) -> Line:
        return Line(name, "1", Weight(len(name) * MEGA, len(name) * MEGA // 2, "a stand-in"))

    def requirements(_: object, lines: Iterable[str]) -> Bill:
        names = dict.fromkeys(each.partition("==")[0].partition(">")[0] for each in lines if not each.startswith("-"))
        odd = [Skip(name, "nobody has it") for name in names if name == "nowhere"]
        return bill((line(name) for name in names if name != "nowhere"), odd)

    def debs(_: object, names: Sequence[str], *, image: str, recommends: bool) -> Bill:
        assert image
        more = [f"{name}-rec" for name in names] if recommends else []
        return bill((line(name) for name in dict.fromkeys([*names, *more])), [])

    monkeypatch.setattr(api, "weigh_requirements", requirements)
    monkeypatch.setattr(api, "weigh_debs", debs)


def made(folder: Path, text: str, arguments: Mapping[str, str] | None = None, **files: str) -> Estimate:
    context = folder / "context"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(text)
    for name, content in files.items():
        (context / name.replace("_", ".")).write_text(content)
    return estimate(context / "Dockerfile", bases={"base:1": 100 * MEGA}, arguments=arguments)


def parts(found: Estimate) -> dict[int, list[int]]:
    return {layer.line: [part.disk // MEGA for part in layer.parts] for layer in found.layers}


def test_what_was_installed_before_weighs_once(tmp_path: Path) -> None:
    """A second install adds what is new; recommended packages count unless apt is told not to."""
    text = (
        "FROM base:1\nRUN apt-get install -y --no-install-recommends abc\nRUN apt-get install -y abc de\n"
        "RUN pip install --no-cache-dir numpy\nRUN pip install --no-cache-dir numpy flask\n"
    )
    found = made(tmp_path, text)
    assert parts(found) == {1: [100], 2: [3], 3: [2 + 6], 4: [5], 5: [5]}
    assert found.disk == 121 * MEGA
    assert found.whole
    assert found.offline


def test_only_the_shipped_stage_counts(tmp_path: Path) -> None:
    """Of a builder there is what is copied from it: its virtual environment, without what was installed before that."""
    text = (
        "FROM base:1 AS build\nRUN pip install poetry\nRUN python -m venv /opt/venv\nRUN pip install numpy\n"
        "FROM base:1\nCOPY --from=build /opt/venv /opt/venv\nCOPY --from=build /usr/bin/x /x\n"
    )
    found = made(tmp_path, text)
    assert parts(found) == {5: [100], 6: [23, 5], 7: []}
    assert not found.whole
    assert "not known before" in found.layers[-1].unknown[0].reason


def test_files_of_the_context_are_measured(tmp_path: Path) -> None:
    """COPY weighs what it takes: ignored files do not count, and how they pack is tried."""
    files = {"a_txt": "x" * MEGA, "b_txt": "y" * MEGA}
    (tmp_path / "context").mkdir()
    (tmp_path / "context/.dockerignore").write_text("b.txt\nDockerfile\n.dockerignore\n")
    found = made(tmp_path, "FROM base:1\nCOPY . /x\nCOPY none.txt /y\n", None, **files)
    (layer,) = (each for each in found.layers if each.line == 2)
    assert layer.disk == MEGA
    assert layer.pull < MEGA / 50
    assert found.layers[-1].unknown == (Skip("none.txt", "it is not in the build context"),)


def test_build_arguments_decide(tmp_path: Path) -> None:
    """An ARG's value is that of the build, where one is given."""
    text = "FROM base:1\nARG D=gpu\nCOPY r.gpu r.cpu /\nRUN pip install --no-cache-dir -r /r.$D\n"
    files = {"r_gpu": "onnxruntime-gpu\n", "r_cpu": "onnx\n"}
    assert parts(made(tmp_path, text, None, **files))[4] == [15]
    assert parts(made(tmp_path, text, {"D": "cpu"}, **files))[4] == [4]


def test_what_is_not_known_is_listed(tmp_path: Path) -> None:
    """Downloads, scripts, what nobody has, and a base without a name are told, and not guessed."""
    text = (
        "ARG B\nFROM $B\nRUN curl -O x && ./setup.sh\nRUN pip install nowhere\nRUN conda install x\n"
        "RUN pip install git+https://h.example/o/r\n"
    )
    found = made(tmp_path, text)
    told = {layer.line: [skip.subject for skip in layer.unknown] for layer in found.layers}
    assert told[2] == ["the base image"]
    assert told[3] == ["curl", "setup.sh"]
    assert told[4] == ["nowhere"]
    assert told[5] == ["conda"]
    assert told[6] == ["git+https://h.example/o/r"]
    assert not found.whole


def test_caches_that_stay_count(tmp_path: Path) -> None:
    """What lint finds left in a layer is in its weight: apt's lists."""
    text = "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y --no-install-recommends abc\n"
    found = made(tmp_path, text)
    (layer,) = (each for each in found.layers if each.line == 2)
    assert [part.what for part in layer.parts] == ["apt-lists-shipped", "abc 1"]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has a line a layer and a sum; what is no Dockerfile is bad input."""
    path = tmp_path / "Dockerfile"
    path.write_text("FROM scratch\nCOPY Dockerfile /\n")
    assert main(["estimate", str(path), "--offline"]) == 0
    assert "in all" in capsys.readouterr().out
    assert main(["estimate", str(path), "--offline", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["line"] == 2
    path.write_text("no\n")
    assert main(["estimate", str(path), "--offline"]) == BadInputError.exit_code
