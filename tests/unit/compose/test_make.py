"""Whole composes, offline: packages and wheels made in code, put into the cache, named by a lock."""

import json
from pathlib import Path

import pytest
from tests.helpers.composing import (
    DEBS,
    MORE,
    PYTHON,
    RECIPE,
    SITE,
    WHEELS,
    compose,
    content,
    keep,
    keep_wheels,
    project,
)
from tests.helpers.packages import deb_of, wheel_of

from jettison.api.build import build
from jettison.compose.debian import deb_cache
from jettison.compose.document import read_recipe
from jettison.compose.lock import input_hash, lock_path, write_lock
from jettison.compose.make import source_date_epoch
from jettison.compose.record import Listing, Resolved
from jettison.errors import JettisonError, RefusedError, UsageError
from jettison.files.read import read_table
from jettison.rules.status import installed


def test_a_lean_image(tmp_path: Path) -> None:
    """Base, distributions, model, code in that order; nonroot, status.d, bytecode, no manuals, a merged /usr."""
    result, image = compose(project(tmp_path), tmp_path / "out")
    assert [layer.name for layer in result.layers] == ["base", "python, 2 distributions", "model", "code"]
    assert image.config.process.user == "65532:65532"
    assert image.tags[:1] == ("tiny:latest",) or result.name == "tiny:latest"
    found = content(image)
    assert found["bin"].linkname == "usr/bin"
    assert "usr/lib/x/libc.so.6" in found
    assert "usr/share/man/man1/x.1" not in found
    assert "usr/share/doc/base-files/copyright" in found
    assert "usr/share/doc/base-files/README" not in found
    assert "var/lib/dpkg/status.d/libc6" in found
    assert f"{SITE}/thing/__pycache__/__init__.cpython-{PYTHON.replace('.', '')}.pyc" in found
    assert f"usr/lib/python{PYTHON}/__pycache__/os.cpython-{PYTHON.replace('.', '')}.pyc" in found
    assert (found["root"].mode, found["tmp"].mode, found["home/nonroot"].uid) == (0o700, 0o1777, 65532)
    table = read_table(image)
    assert {"deb:libc6", "python:thing", "python:other"} <= set(table.owners)


def test_files_are_looked_at_before_packages_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there is told at once, not after minutes of work."""
    recipe = project(tmp_path)
    recipe.write_text(recipe.read_text() + '\n[[files]]\nfrom = "nowhere"\nto = "/nowhere"\n')
    monkeypatch.setattr("jettison.compose.make.resolve", lambda *_, **__: pytest.fail("packages were asked for"))
    with pytest.raises(UsageError, match="there is no file"):
        compose(recipe, tmp_path / "out")


def test_composing_again_is_bit_identical(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two composes with caches of their own write the same manifest."""
    digests = set()
    for name in ("one", "two"):
        monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / name))
        (tmp_path / f"p{name}").mkdir()
        result, image = compose(project(tmp_path / f"p{name}"), tmp_path / f"out-{name}")
        assert not any(layer.cached for layer in result.layers)
        digests.add(image.manifest_digest)
    assert len(digests) == 1


def test_a_code_change_changes_one_layer(tmp_path: Path) -> None:
    """All other layers come from the cache with the digests they had."""
    path = project(tmp_path)
    first, _ = compose(path, tmp_path / "out")
    (tmp_path / "app.py").write_text("print(2)\n")
    second, _ = compose(path, tmp_path / "out")
    changed = [a.name for a, b in zip(first.layers, second.layers, strict=True) if a.digest != b.digest]
    assert changed == ["code"]
    assert [layer.name for layer in second.layers if not layer.cached] == ["code"]


def test_source_date_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the time of what is made, the latest time of packages' files, and the image's creation time."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    _, image = compose(project(tmp_path), tmp_path / "out")
    assert image.config.document["created"] == "2001-09-09T01:46:40Z"
    assert {info.mtime for info in content(image).values()} == {1_000_000_000}
    for bad in ("soon", "-1", "9" * 30):
        with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
            source_date_epoch({"SOURCE_DATE_EPOCH": bad})


def test_a_naive_image(tmp_path: Path) -> None:
    """One big layer with archives, lists, pip's cache and dpkg's database on a minimal base; root."""
    listing = b"Package: x\n"
    with deb_cache().put(f"{'b' * 64}.list") as file:
        file.write(listing)
    resolved = Resolved(
        "bookworm",
        (*keep(DEBS), *keep(MORE, "more")),
        keep_wheels(WHEELS),
        (Listing("archive_Packages", "b" * 64, len(listing)),),
    )
    result, image = compose(project(tmp_path, 'style = "naive"', resolved=resolved), tmp_path / "out")
    assert [layer.name for layer in result.layers] == ["base", "packages, distributions, caches", "code"]
    assert image.config.process.user == ""
    found = content(image)
    assert "var/cache/apt/archives/git_1.0_amd64.deb" in found
    assert "var/cache/apt/archives/libc6_2.36-1_amd64.deb" not in found
    assert "var/lib/apt/lists/archive_Packages" in found
    assert len([name for name in found if name.startswith("root/.cache/pip/http-v2/") and name.endswith(".body")]) == 2
    assert {"usr/share/man/man1/x.1", "var/lib/dpkg/status", "var/lib/dpkg/info/git.list", "usr/bin/git"} <= set(found)


def test_a_naive_image_without_distributions(tmp_path: Path) -> None:
    """Nothing is said of bytecode where no distributions are asked for."""
    resolved = Resolved("bookworm", (*keep(DEBS), *keep(MORE, "more")))
    text = RECIPE.replace("[python]\n", "")
    result, _ = compose(project(tmp_path, 'style = "naive"', text=text, resolved=resolved), tmp_path / "out")
    assert result.warnings == ()


def test_a_naive_image_knows_what_was_asked_for(tmp_path: Path) -> None:
    """Apt's states mark all packages that the compose file does not name, each with the image's architecture."""
    debs = {**DEBS, "data": deb_of("data", {"./usr/share/d": b"d"}, architecture="all")}
    resolved = Resolved("bookworm", (*keep(debs), *keep(MORE, "more")), keep_wheels(WHEELS))
    text = RECIPE.replace('"python3-minimal"', '"git", "libc6"')
    _, image = compose(project(tmp_path, 'style = "naive"', text=text, resolved=resolved), tmp_path / "out")
    table = read_table(image)
    stanzas = table.texts["var/lib/apt/extended_states"].decode().split("\n\n")
    names = ("base-files", "data", f"python{PYTHON}-minimal")
    wanted = [f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1" for name in names]
    assert stanzas == [*wanted, ""]
    assert {known.key for known in installed(table).values() if known.by_name} == {"deb:git", "deb:libc6"}
    _, lean = compose(project(tmp_path), tmp_path / "lean")
    assert "var/lib/apt/extended_states" not in read_table(lean).visible


def test_on_a_base_image(tmp_path: Path) -> None:
    """The base image's layers keep their digests; new ones go on top; its environment stays."""
    _, base = compose(project(tmp_path), tmp_path / "base")
    (tmp_path / "top").mkdir()
    text = f'[base]\nimage = "oci:{tmp_path}/base"\n[python]\n[[files]]\nfrom = "app.py"\nto = "/app/app.py"\n'
    (tmp_path / "top" / "requirements.txt").write_text("new\n")
    (tmp_path / "top" / "app.py").write_text("print(3)\n")
    (tmp_path / "top" / "compose.toml").write_text(text)
    recipe = read_recipe(tmp_path / "top" / "compose.toml")
    wheels = keep_wheels({"new": wheel_of("new", {"new.py": b"1\n"})})
    lock = Resolved("", (), wheels)
    write_lock(lock_path(recipe), lock, input_hash(recipe, base.config.platform.architecture, debug=False))
    result, image = compose(tmp_path / "top" / "compose.toml", tmp_path / "out")
    assert result.below == len(base.layers)
    assert [layer.descriptor.digest for layer in image.layers][: result.below] == [
        layer.descriptor.digest for layer in base.layers
    ]
    assert image.config.process.entrypoint == base.config.process.entrypoint
    assert f"{SITE}/new.py" in content(image)
    assert any("made the bytecode" in warning for warning in result.warnings)


def test_unknown_maintainer_scripts_stop_the_build(tmp_path: Path) -> None:
    """A script that does something unknown is a refusal, and leaves no output; the compose file can allow it."""
    odd = {**DEBS, "odd": deb_of("odd", {"./usr/x": b"x"}, scripts={"postinst": "#!/bin/sh\nfrobnicate /usr\n"})}
    resolved = Resolved("bookworm", keep(odd), keep_wheels(WHEELS))
    path = project(tmp_path, resolved=resolved)
    with pytest.raises(RefusedError, match="frobnicate"):
        build(path, f"oci:{tmp_path}/out")
    assert not (tmp_path / "out").exists()
    path.write_text(path.read_text().replace("[python]", 'ignore-scripts = ["odd"]\n[python]'))
    assert build(path, f"oci:{tmp_path}/out").layers


def test_hostile_contents_leave_nothing(tmp_path: Path) -> None:
    """A hostile wheel in an otherwise good recipe: an error, no output, no scratch."""
    bad = {"thing": wheel_of("thing", {"../../../../tmp/evil": b"x"})}
    path = project(tmp_path, resolved=Resolved("bookworm", keep(DEBS), keep_wheels(bad)))
    with pytest.raises(JettisonError):
        build(path, f"oci:{tmp_path}/out")
    assert not (tmp_path / "out").exists()
    assert not list((tmp_path / "cache" / "scratch").iterdir())


def test_two_distributions_with_one_file_are_told(tmp_path: Path) -> None:
    """Which of two distributions wins a path is a remark of the result."""
    clash = {"one": wheel_of("one", {"same.py": b"1\n"}), "two": wheel_of("two", {"same.py": b"2\n"})}
    path = project(tmp_path, resolved=Resolved("bookworm", keep(DEBS), keep_wheels(clash)))
    result, _ = compose(path, tmp_path / "out")
    assert any("one and two both bring same.py" in warning for warning in result.warnings)


def test_health_and_ports_reach_the_config(tmp_path: Path) -> None:
    """Runtime settings end up where engines look for them."""
    lines = ['ports = ["8000"]', 'healthcheck = ["/x", "y"]', 'health-start = "3s"', 'stop-signal = "SIGINT"']
    text = RECIPE + "\n".join([*lines, 'env = {{ A = "b" }}']) + "\n"
    _, image = compose(project(tmp_path, text=text), tmp_path / "out")
    config = image.config.document["config"]
    assert config["Healthcheck"] == {"Test": ["CMD", "/x", "y"], "StartPeriod": 3_000_000_000}
    assert (config["ExposedPorts"], config["StopSignal"]) == ({"8000/tcp": {}}, "SIGINT")
    assert "A=b" in config["Env"]
    assert json.dumps(image.config.document["history"]).count("jettison build") == 4
