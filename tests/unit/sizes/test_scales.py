import subprocess
import sys
from pathlib import Path

import pytest
from tests.helpers.machine import need_network

from jettison.compose import apt as apt_tool
from jettison.compose.aptsources import choose_sources
from jettison.compose.record import DebianBase
from jettison.errors import UsageError
from jettison.sizes.cache import Answers
from jettison.sizes.scales import Scales, make_scales, weigh_debs, weigh_requirements
from jettison.storage import Cache


def test_importing_asks_nobody() -> None:
    """The scales are imported, and the shipped tables read, without an HTTP client."""
    code = (
        "import sys; from jettison.sizes.scales import *; "
        "s = Scales(); from jettison.sizes.bases import base_facts; base_facts('python:3'); "
        "print('urllib3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_settings() -> None:
    """A place that no wheels are for is a mistake of the user's; an index replaces pip's first one and is trusted."""
    with pytest.raises(UsageError, match="processor"):
        make_scales(machine="vax")
    with pytest.raises(UsageError, match="version"):
        make_scales(python="2.7")
    scales = make_scales(offline=True, index="https://own.example/simple", machine="arm64", python="3.12.1")
    assert scales.indexes is not None
    assert any(place.url == "https://own.example/simple" and place.trusted for place in scales.indexes.places)
    assert (scales.place.python, scales.place.machine, scales.web.offline) == ("3.12", "aarch64", True)


@pytest.mark.network
def test_a_real_index_and_archive(tmp_path: Path) -> None:
    """The machine's own index and archive give sizes that are no guesses, near what is known."""
    need_network()
    scales = make_scales(answers=Answers(Cache(tmp_path)))
    six = weigh_requirements(scales, ["six==1.16.0"])
    assert six.unresolved == ()
    assert 40_000 < six.total.disk < 120_000
    assert not six.total.estimated
    debs = weigh_debs(scales, ["ca-certificates"], recommends=False)
    assert "openssl" in {line.name for line in debs.lines}
    assert not debs.total.estimated


@pytest.mark.network
def test_packages_are_those_that_apt_would_install(tmp_path: Path) -> None:
    """What is chosen for a minimal system is what apt's simulation installs there."""
    need_network()

    suite, sources = choose_sources(DebianBase())
    scales = Scales(web=make_scales(answers=Answers(Cache(tmp_path))).web)
    mine = {
        line.name for line in weigh_debs(scales, ["git", "libgl1"], image=f"debian:{suite}", recommends=False).lines
    }
    with apt_tool.open_apt(sources) as apt:
        apt_tool.update(apt)
        base = {
            name for name, _, _ in apt_tool.choose(apt, ["?essential", "?priority(required)", "apt"], recommends=False)
        }
        whole = apt_tool.choose(apt, ["?essential", "?priority(required)", "apt", "git", "libgl1"], recommends=False)
    theirs = {name for name, _, _ in whole} - base
    assert mine == theirs
