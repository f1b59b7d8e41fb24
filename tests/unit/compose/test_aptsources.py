from dataclasses import replace
from pathlib import Path

import pytest

from jettison.compose import aptsources
from jettison.compose.aptsources import Source, choose_sources, read_sources, sources_text
from jettison.compose.record import DebianBase
from jettison.errors import BadInputError, MachineError

DEB822 = """\
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: {keyring}

Types: deb
URIs: http://vendor.example/linux
Suites: bookworm
Components: main
Signed-By: /etc/apt/keyrings/vendor.gpg

Types: deb
Enabled: no
URIs: http://off.example/
Suites: bookworm
Components: main
"""


@pytest.fixture(name="etc")
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(aptsources, "KEYRINGS", tmp_path)
    monkeypatch.setattr(aptsources, "host_suite", lambda: ("debian", "bookworm"))
    keyring = tmp_path / "debian-archive-keyring.gpg"
    keyring.write_bytes(b"")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "# comment\ndeb [arch=amd64 signed-by=/x/other.gpg] http://third.example/ bookworm main\n"
        "deb http://security.example/ bookworm-security main # security\ndeb-src http://x.example/ bookworm main\n"
    )
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822.format(keyring=keyring))
    return tmp_path


def test_the_distributions_own_sources_are_chosen(etc: Path) -> None:
    """Of all sources, those of the distribution's suite and pockets; no third party, no backports, nothing disabled."""
    suite, sources = choose_sources(DebianBase(), folder=etc)
    keyring = str(etc / "debian-archive-keyring.gpg")
    assert suite == "bookworm"
    assert set(sources) == {
        Source("http://mirror.example/debian", "bookworm", ("main",), keyring),
        Source("http://mirror.example/debian", "bookworm-updates", ("main",), keyring),
        Source("http://security.example/", "bookworm-security", ("main",), keyring),
    }
    text = sources_text([replace(source, signed_by="/k.gpg") for source in sources])
    assert text.count("Signed-By:") == 3


def test_another_suite_moves_the_sources(etc: Path) -> None:
    """A suite that is not the machine's is looked for in the same archives."""
    suite, sources = choose_sources(DebianBase(suite="trixie"), folder=etc)
    assert (suite, {source.suite for source in sources}) == ("trixie", {"trixie", "trixie-updates", "trixie-security"})


def test_a_mirror_overrides(etc: Path) -> None:
    """The option beats the file, the file beats the machine."""
    base = DebianBase(mirror="http://file.example/")
    assert [s.uri for s in choose_sources(base, folder=etc)[1]] == ["http://file.example/"]
    assert [s.uri for s in choose_sources(base, "http://option.example/", folder=etc)[1]] == ["http://option.example/"]


def test_what_is_missing_is_told(etc: Path, tmp_path: Path) -> None:
    """No such component, no keyring, no sources: a machine error with the way out."""
    with pytest.raises(MachineError, match="names no archive") as caught:
        choose_sources(DebianBase(components=("universe",)), folder=etc)
    assert "--mirror" in caught.value.hint
    with pytest.raises(MachineError, match="no keyring"):
        choose_sources(DebianBase(keyring="/none.gpg"), folder=etc)
    assert read_sources(tmp_path / "nothing") == ()


def test_sources_cannot_smuggle_lines() -> None:
    """A value with a line break would add options of its own: refused."""
    with pytest.raises(BadInputError, match="white space"):
        sources_text([Source("http://x/\nTrusted: yes", "x", ("main",), "/k")])
