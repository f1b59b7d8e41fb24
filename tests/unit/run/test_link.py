"""An image behind a link: all of it comes, the machine's own network is not touched, and nothing is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.helpers.images import digest, oci_layout, tar_bytes
from tests.helpers.machine import need_namespaces

from jettison.errors import MachineError
from jettison.oci.image import Image
from jettison.run import link as link_module
from jettison.run.depot import Pace
from jettison.run.link import Shape, linked
from jettison.sources.extent import pieces
from jettison.sources.registry.pull import open_remote


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Image:
    """Make an image of two layers."""
    from jettison.sources.open import open_image  # noqa: PLC0415 -- beside its use

    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    oci_layout(tmp_path / "image", [tar_bytes({"a": os.urandom(700_000)}), tar_bytes({"b": b"b" * 900_000})])
    return open_image(str(tmp_path / "image"))


@pytest.mark.parametrize("shape", [Shape(), Shape(50_000_000, really=False)], ids=["unshaped", "paced"])
def test_all_of_it(image: Image, shape: Shape) -> None:
    """Every byte of the image comes, under any name."""
    with linked(image, shape) as link:
        assert link.how == ("paced" if shape.bandwidth else "unshaped")
        found = open_remote("registry:x", f"{link.host}/any/name:1", None)
    assert found.manifest_digest == image.manifest_digest
    for layer in found.layers:
        assert digest(b"".join(map(bytes, pieces(layer.blob)))) == layer.descriptor.digest


@pytest.mark.userns
def test_shaped(image: Image) -> None:
    """Shaped in namespaces of its own, it comes too; the machine has the interfaces that it had, then and after."""
    need_namespaces()
    before = sorted(os.listdir("/sys/class/net"))
    with linked(image, Shape(50_000_000, 0.001)) as link:
        if link.how != "shaped":
            pytest.skip("; ".join(link.notes))
        assert sorted(os.listdir("/sys/class/net")) == before
        found = open_remote("registry:x", f"{link.host}/any/name:1", None)
        assert found.manifest_digest == image.manifest_digest
    assert sorted(os.listdir("/sys/class/net")) == before


@pytest.mark.userns
def test_killed(image: Image, tmp_path: Path) -> None:
    """When the process that measures is killed, those of the link end by themselves, and its namespaces with them."""
    need_namespaces()
    code = (
        "import sys, time\nfrom jettison.sources.open import open_image\nfrom jettison.run.link import Shape, linked\n"
        "with linked(open_image(sys.argv[1]), Shape(1000000)) as link:\n"
        "    print(link.host, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "image")], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        family = _children(process.pid)
        family += [pid for one in family for pid in _children(one)]
        assert family
        process.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not any(Path(f"/proc/{pid}/ns/net").exists() for pid in family):
            break
        time.sleep(0.05)
    assert not [pid for pid in family if os.path.exists(f"/proc/{pid}/exe")]


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_does_not_start(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that cannot start says why."""
    monkeypatch.setattr(link_module, "_BOOT", "raise SystemExit('no such thing')")
    with pytest.raises(MachineError, match="no such thing"), linked(image, Shape()):
        pass


def test_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are let go no faster than the rate, whoever asks."""
    now, slept = [100.0], list[float]()
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", slept.append)
    pace = Pace(1000)
    for _ in range(3):
        pace.wait(500)
    assert slept == [0.0, 0.5, 1.0]
    Pace(0).wait(10**12)
    assert len(slept) == 3
