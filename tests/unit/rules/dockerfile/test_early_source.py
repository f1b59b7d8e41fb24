"""The fix of source-before-dependencies, on recipes that are made."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.edit import apply_edits
from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.project.read import read_project
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.record import Fix
from jettison.rules.dockerfile.source_before_dependencies import SOURCE_BEFORE_DEPENDENCIES

HARMLESS = (
    "ENV A=1",
    "EXPOSE 80",
    "# a comment",
    "",
    "ARG B",
    "RUN apt-get update && apt-get install -y libgomp1",
    "RUN pip install --upgrade pip",
    "USER 1000",
    "RUN set -e; rm -rf /var/lib/apt/lists/* /root/.cache",
    "RUN --mount=type=cache,target=/root/.cache/pip pip install numpy",
    "COPY config.yaml /etc/tool/config.yaml",
)
HARMFUL = (
    "RUN python setup.py build",
    "RUN ls > files",
    "RUN ./install.sh",
    "RUN chmod +x /app/run.sh",
    "RUN mv /app/x /y",
    "WORKDIR /other",
    "COPY other.py /app/main.py",
    "RUN --mount=type=bind,target=/src pip install numpy",
    "RUN pip install -e .",
    "RUN pip install ./wheels/a.whl",
    "RUN pip install --find-links wheels numpy",
    "RUN pip install --target /app numpy",
    "RUN pip install wheels/numpy",
    "RUN PIP_FIND_LINKS=wheels pip install numpy",
    "RUN pip install 'x @ file:///app/x'",
    "RUN pip install -i $INDEX numpy",
    "ENV PIP_FIND_LINKS=wheels",
    "RUN pip install $(cat packages.txt)",
    "RUN apt-get install -y ./tool.deb",
    "RUN echo $(cat version)",
    "RUN echo a > b",
    "RUN cd /app && pip install numpy",
    "RUN pip install numpy || true",
    "RUN rm -rf /app/tests",
    'RUN ["pip", "install", "numpy"]',
    "RUN eval $X",
    "ENV PATH=/app/venv/bin:$PATH",
    "ENV PIP_CONFIG_FILE=$WHERE/pip.conf",
    "VOLUME /app",
)
INSTALL = "RUN pip install -r requirements.txt"


def _fix(text: str) -> Fix | None:
    found = list(SOURCE_BEFORE_DEPENDENCIES.check(make_case(parse_text(text))))
    assert len(found) == 1
    return found[0].fix


def _commands(text: str) -> list[str]:
    recipe = parse_text(text)
    return [text[slice(*each.span)].strip() for each in recipe.instructions]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(HARMLESS), max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_nothing_is_lost_and_the_rest_keeps_its_order(between: list[str], newline: str, ended: bool) -> None:  # noqa: FBT001 -- given
    """Whatever harmless stands between, the fix adds one COPY, moves one, and all else stays in its order."""
    lines = ["FROM python:3.12-slim", "WORKDIR /app", "COPY . .", *between, INSTALL]
    text = newline.join(lines) + (newline if ended else "")
    fix = _fix(text)
    assert fix is not None
    after = apply_edits(text, fix.edits)
    before, now = _commands(text), _commands(after)
    assert Counter(now) - Counter(before) == Counter(["COPY requirements.txt ./"])
    assert not Counter(before) - Counter(now)
    moved = [each for each in now if each not in ("COPY . .", "COPY requirements.txt ./")]
    assert moved == [each for each in before if each != "COPY . ."]
    assert now.index("COPY requirements.txt ./") < now.index(INSTALL) < now.index("COPY . .")
    assert ("\r\n" in after) == ("\r\n" in text)
    assert after.count("\r") == (after.count("\n") if newline == "\r\n" else 0)
    assert not [find for find in SOURCE_BEFORE_DEPENDENCIES.check(make_case(parse_text(after))) if find.fix]


@pytest.mark.parametrize("line", HARMFUL)
def test_what_may_read_or_write_the_source_forbids_it(line: str) -> None:
    """Behind the COPY, anything that may read or write what it brings leaves the install where it is."""
    text = f"FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n{line}\n{INSTALL}\n"
    fix = _fix(text)
    if fix is not None:  # an install before the harmful line may still be moved past: never the line itself
        after = _commands(apply_edits(text, fix.edits))
        assert after.index("COPY . .") < after.index(line)


@pytest.mark.parametrize(
    "copy",
    [
        "COPY . /",
        "COPY . /usr/local/lib/python3.12",
        "COPY . /root",
        "COPY . /opt/venv",
        "ADD . /app",
        "COPY --exclude=*.md . /app",
        "COPY ${WHAT} /app",
        'COPY [".", "/app"]',
        "COPY . \\\n# why\n  /app",
    ],
)
def test_copies_that_are_not_understood_stay(copy: str) -> None:
    """A COPY to where the install writes, or of a form that is not known to mean the same, is not moved."""
    text = f"FROM python:3.12-slim\n{copy}\nRUN pip install -r /app/requirements.txt\n"
    assert not [find for find in SOURCE_BEFORE_DEPENDENCIES.check(make_case(parse_text(text))) if find.fix]


def test_a_file_that_a_build_argument_names_is_copied_by_the_argument(tmp_path: Path) -> None:
    """Another build may ask for another file than the default names: the COPY asks for the same one as the install."""
    (tmp_path / "requirements-gpu.txt").write_text("onnxruntime-gpu\n")
    text = (
        "FROM python:3.12-slim\nARG D=gpu\nENV F=$D\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements-{}.txt\n"
    )
    for name in ("$D", "${F}", "gpu"):
        recipe = parse_text(text.format(name))
        (find,) = SOURCE_BEFORE_DEPENDENCIES.check(make_case(recipe, read_project(str(tmp_path))))
        assert find.fix is not None
        assert f"COPY requirements-{name}.txt ./\nRUN" in apply_edits(recipe.text, find.fix.edits)
    (tmp_path / "requirements-cpu.txt").write_text("-r more.txt\n")  # what the argument may name reads another
    (tmp_path / "more.txt").write_text("numpy\n")
    recipe = parse_text(text.format("$D"))
    (find,) = SOURCE_BEFORE_DEPENDENCIES.check(make_case(recipe, read_project(str(tmp_path))))
    assert find.fix is not None
    assert "COPY requirements-$D.txt more.txt ./\n" in apply_edits(recipe.text, find.fix.edits)
    (tmp_path / "more.txt").write_text("./local.whl\n")
    (find,) = SOURCE_BEFORE_DEPENDENCIES.check(make_case(parse_text(text.format("$D")), read_project(str(tmp_path))))
    assert find.fix is None
    late = text.format("$E").replace("RUN", "ARG E=gpu\nRUN")
    (find,) = SOURCE_BEFORE_DEPENDENCIES.check(make_case(parse_text(late), read_project(str(tmp_path))))
    assert find.fix is None
