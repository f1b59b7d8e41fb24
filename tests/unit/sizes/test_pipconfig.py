from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.sizes import pipconfig
from jettison.sizes.cache import Answers
from jettison.sizes.pipconfig import Index, Indexes, configured, named, read_constraints, read_settings
from jettison.storage import Cache


@pytest.fixture(name="home")
def home_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr("sys.prefix", str(tmp_path / "prefix"))
    monkeypatch.setattr(pipconfig, "pip_default", lambda: "https://default.example/simple")
    for folder in ("xdg/pip", "home/.config/pip", "prefix"):
        (tmp_path / folder).mkdir(parents=True)
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}


def test_later_files_and_variables_win(home: dict[str, str], tmp_path: Path) -> None:
    """Global, user, site, PIP_CONFIG_FILE, variables: each replaces the one before, and a command's section wins."""
    (tmp_path / "xdg/pip/pip.conf").write_text("[global]\nindex-url = https://one.example/\nproxy = p1\ntimeout = 3\n")
    (tmp_path / "home/.config/pip/pip.conf").write_text("[global]\nindex-url = https://two.example/\n")
    assert configured(home).places == (Index("https://two.example/"),)
    (tmp_path / "prefix/pip.conf").write_text("[global]\nindex_url = https://three.example/\n")
    assert configured(home).places == (Index("https://three.example/"),)
    (tmp_path / "own.conf").write_text("[install]\nindex-url = https://four.example/\n[global]\nindex-url = no\n")
    more = {**home, "PIP_CONFIG_FILE": str(tmp_path / "own.conf")}
    assert configured(more).places == (Index("https://four.example/"),)
    assert configured({**more, "PIP_INDEX_URL": "https://five.example/"}).places == (Index("https://five.example/"),)
    assert configured(more).proxy == "p1"
    assert read_settings({**home, "PIP_CONFIG_FILE": "/dev/null"}) == {}


def test_several_places(home: dict[str, str], tmp_path: Path) -> None:
    """Find-links come first, paths become addresses, pip's default stands in where no index is named."""
    settings = {
        **home,
        "PIP_EXTRA_INDEX_URL": "https://a.example/ file:///b",
        "PIP_FIND_LINKS": f"{tmp_path} https://c.example/x.html",
        "PIP_CERT": "/ca.pem",
        "PIP_PRE": "1",
    }
    found = configured(settings)
    assert [(place.url, place.flat) for place in found.places] == [
        (tmp_path.as_uri(), True),
        ("https://c.example/x.html", True),
        ("https://default.example/simple", False),
        ("https://a.example/", False),
        ("file:///b", False),
    ]
    assert (found.ca, found.pre) == ("/ca.pem", True)
    assert all(place.flat for place in configured({**settings, "PIP_NO_INDEX": "true"}).places)


def test_broken_files_are_passed_over(home: dict[str, str], tmp_path: Path) -> None:
    """A file that is no configuration, or not text, says nothing."""
    (tmp_path / "xdg/pip/pip.conf").write_text("no section\n")
    (tmp_path / "home/.config/pip/pip.conf").write_bytes(b"\xff\xfe")
    assert configured(home).places == (Index("https://default.example/simple"),)


def test_the_default_is_what_pip_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pip's own help names its default index, once for each pip; without a pip there is none."""
    answers = Answers(Cache(tmp_path, 1_000_000))
    said = pipconfig.pip_default(answers)
    assert said.startswith("https://")
    monkeypatch.setattr("subprocess.run", None)  # whoever asks again fails
    assert pipconfig.pip_default(answers) == said
    monkeypatch.undo()
    monkeypatch.setattr("sys.executable", "/no/such/python")
    assert pipconfig.pip_default(Answers(None)) == ""


def test_options_of_a_file() -> None:
    """An index that a file names replaces the first one and is a stranger's; one that the user configured stays his."""
    base = Indexes((Index("file:///links", flat=True), Index("https://own.example/"), Index("https://more.example/")))
    found = named(
        base, [("--index-url", "https://new.example/"), ("--extra-index-url", "https://own.example/")], trusted=False
    )
    assert found.places == (
        Index("file:///links", flat=True),
        Index("https://new.example/", trusted=False),
        Index("https://more.example/"),
        Index("https://own.example/"),
    )
    only = named(base, [("--no-index", ""), ("-f", "https://links.example/"), ("--pre", "")], trusted=False)
    assert [place.url for place in only.places] == ["file:///links", "https://links.example/"]
    assert only.pre


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["-i", "--extra-index-url", "-f", "--other", "--pre"]), st.text(max_size=20)))
)
def test_any_options(options: list[tuple[str, str]]) -> None:
    """Whatever a file says, nothing that it names is trusted unless the user configured it."""
    base = Indexes((Index("https://own.example/"),))
    for place in named(base, options, trusted=False).places:
        assert place.trusted == (place.url == "https://own.example/")


def test_constraint_files(tmp_path: Path) -> None:
    """Lines without comments; a file that is not there bounds nothing."""
    (tmp_path / "c.txt").write_text("# note\ntorch<=2 # cap\n\nnumpy==1\n")
    paths = (str(tmp_path / "c.txt"), str(tmp_path / "none"), "https://x.example/c.txt")
    assert read_constraints(Indexes(constraints=paths)) == ("torch<=2", "numpy==1")
