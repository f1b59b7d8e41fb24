"""apt and pip for real, where this machine has them and a network."""

from pathlib import Path

import pytest
from tests.helpers.machine import need_network
from tests.helpers.packages import wheel_of

from jettison.compose import apt as apt_tool
from jettison.compose.aptsources import choose_sources
from jettison.compose.debian import deb_cache, fetch_packages, resolve_packages
from jettison.compose.record import DebianBase, Target
from jettison.compose.wheels import refetch_wheels, resolve_wheels, wheel_cache
from jettison.errors import UsageError

pytestmark = pytest.mark.network
TARGET = Target("3.12", "arm64", (2, 36), "/usr/bin/python3.12", "usr/local/lib/python3.12/dist-packages")


class _Count:
    total = 0

    def advance(self, amount: int) -> None:
        self.total += amount


def test_packages_are_chosen_and_checked() -> None:
    """A closure is chosen from the signed index, each archive is in the cache by its hash; unknown names are told."""
    need_network()
    debian = DebianBase(packages=("tzdata",))
    _, sources = choose_sources(debian)
    with apt_tool.open_apt(sources) as apt:
        apt_tool.update(apt)
        packages, skips = resolve_packages(apt, debian, "lean", debug=False)
        fetch_packages(apt, packages, _Count())
        with pytest.raises(UsageError, match="no-such-package"):
            apt_tool.choose(apt, ["no-such-package-anywhere"], recommends=False)
    assert [package.name for package in packages] == ["base-files", "tzdata"]
    assert "debconf" in {skip.subject for skip in skips}
    assert all(deb_cache().path(f"{package.sha256}.deb") for package in packages)


def test_wheels_are_chosen_for_the_image_not_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip finds a wheel in a folder, evaluates markers for the image, and fetches it again by its lock."""
    offered = tmp_path / "offered"
    offered.mkdir()
    for name in ("right", "wrong"):
        (offered / f"jettison_{name}-1.0-py3-none-any.whl").write_bytes(
            wheel_of(f"jettison_{name}", {f"{name}.py": b"1"})
        )
    requirements = tmp_path / "requirements.txt"
    lines = [
        'jettison-right; python_version == "3.12" and platform_machine == "aarch64"',
        'jettison-wrong; python_version < "3.12"',
    ]
    requirements.write_text("\n".join([f"--no-index\n--find-links {offered.as_uri()}", *lines]) + "\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (wheel,) = resolve_wheels(TARGET, requirements, scratch, _Count())
    assert (wheel.name, wheel.version) == ("jettison-right", "1.0")
    assert wheel_cache().path(f"{wheel.sha256}.whl")
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "other"))
    monkeypatch.setenv("PIP_FIND_LINKS", offered.as_uri())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    refetch_wheels(TARGET, [wheel], scratch, _Count())
    assert wheel_cache().path(f"{wheel.sha256}.whl")
