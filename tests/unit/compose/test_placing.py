"""Where the user's files land on a base, and what the config says held against the image."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.helpers.composing import DEBS, PYTHON, compose, content, keep, keep_wheels, project
from tests.helpers.packages import wheel_of

from jettison.api.build import build
from jettison.compose.document import read_recipe
from jettison.compose.lock import input_hash, lock_path, write_lock
from jettison.compose.record import Package, PythonPart, Resolved
from jettison.compose.target import target_of_packages
from jettison.errors import UsageError
from jettison.files.read import read_table
from jettison.files.record import File
from jettison.oci.image import Image

ON_PACKAGES = '\nname = "tiny"\n[debian]\npackages = ["python3-minimal"]\n'
PLACES = {
    "/lib/marker.txt": "usr/lib/marker.txt",
    "/bin/tool": "usr/bin/tool",
    "/var/run/x": "run/x",
    "/tmp/x": "tmp/x",  # noqa: S108 -- in the image
    "/root/x": "root/x",
    "/home/nonroot/x": "home/nonroot/x",
    "/etc/new/x": "etc/new/x",
}


def rule(to: str, source: str = "app.py", more: str = "") -> str:
    return f'[[files]]\nfrom = "{source}"\nto = "{to}"\n{more}\n'


def image_of(folder: Path, text: str, out: str = "out") -> Image:
    path = project(folder, text=text, resolved=Resolved("bookworm", keep(DEBS)))
    return compose(path, folder / out)[1]


def on_image(folder: Path, base: Path, text: str) -> Image:
    """Compose on an image, without distributions."""
    folder.mkdir(exist_ok=True)
    (folder / "app.py").write_text("print(3)\n")
    path = folder / "compose.toml"
    path.write_text(f'lock = false\n[base]\nimage = "oci:{base}"\n{text}')
    return compose(path, folder / "out")[1]


def folders(visible: Mapping[str, File]) -> dict[str, tuple[str, int, int, int, str]]:
    return {
        path: (file.entry.type, file.entry.mode, file.entry.uid, file.entry.gid, file.entry.link)
        for path, file in visible.items()
        if file.entry.type != "file"
    }


def check(before: Image, after: Image, wanted: set[str]) -> None:
    """Check that files were added, and that no folder or link is another than it was."""
    old, new = read_table(before).visible, read_table(after).visible
    kept = folders(old)
    assert {path: facts for path, facts in folders(new).items() if path in kept} == kept
    added = {path for path in new.keys() - old.keys() if new[path].entry.type == "file"}
    assert added == wanted


@pytest.mark.parametrize("layer", ["model", "code"])
def test_files_go_through_the_links_of_the_base(tmp_path: Path, layer: str) -> None:
    """Files whose path meets a link or a special folder of the base land where it leads; folders and links stay."""
    plain = image_of(tmp_path, ON_PACKAGES, "plain")
    rules = "".join(rule(to, more=f'layer = "{layer}"') for to in PLACES)
    image = image_of(tmp_path, ON_PACKAGES + rules + '[image]\nworkdir = "/tmp"\n')
    check(plain, image, set(PLACES.values()))
    assert image.config.process.workdir == "/tmp"  # noqa: S108 -- in the image
    on = on_image(tmp_path / "top", tmp_path / "plain", rules + '[image]\nworkdir = "/var/run"\n')
    check(plain, on, set(PLACES.values()))


def test_both_layers_are_whole(tmp_path: Path) -> None:
    """The model layer brings the folders above its files, the code layer those that are left; none comes twice."""
    rules = (
        rule("/srv/a/code/") + rule("/srv/a/model/", "model.onnx") + rule("/srv/a/later/", "model.onnx", 'mode="0600"')
    )
    image = image_of(tmp_path, ON_PACKAGES + rules + '[image]\nworkdir = "/srv/b/c"\n')
    layers = read_table(image).layers
    names = [{entry.path for entry in layer.entries} for layer in layers]
    assert names[1] == {f"srv/a{rest}" for rest in ("", "/model", "/model/model.onnx", "/later", "/later/model.onnx")}
    assert names[2] == {"srv/a/code", "srv/a/code/app.py", "srv/b", "srv/b/c"}


def test_a_model_stays_the_model_whatever_is_below(tmp_path: Path) -> None:
    """The model layer comes from the cache with its digest when only the code changes, and when the packages do."""
    text = ON_PACKAGES + rule("/app/", "model.onnx") + rule("/app/")
    path = project(tmp_path, text=text, resolved=Resolved("bookworm", keep(DEBS)))
    first, _ = compose(path, tmp_path / "out")
    (tmp_path / "app.py").write_text("print(2)\n")
    second, _ = compose(path, tmp_path / "out")
    assert [layer.cached for layer in second.layers] == [True, True, False]
    fewer = {name: data for name, data in DEBS.items() if name != "libc6"}
    recipe = read_recipe(path)
    _, image = compose(path, tmp_path / "out")
    write_lock(
        lock_path(recipe),
        Resolved("bookworm", keep(fewer)),
        input_hash(recipe, image.config.platform.architecture, debug=False),
    )
    third, _ = compose(path, tmp_path / "out")
    assert [layer.cached for layer in third.layers] == [False, True, False]
    assert third.layers[1].digest == first.layers[1].digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rule("/usr/lib/os-release/x"), "/usr/lib/os-release is a file in the image, not a folder"),
        (rule("/lib/os-release/x/y"), "/usr/lib/os-release is a file in the image, not a folder"),
        (rule("/lib/os-release", "folder"), "/usr/lib/os-release is a file in the image, not a folder"),
        (rule("/lib"), "/lib is a folder in the image"),
        (rule("/usr/bin"), "/usr/bin is a folder in the image"),
        (rule("/usr/bin/python3/x"), f"/usr/bin/python{PYTHON} is a file in the image, not a folder"),
        (rule("/a") + rule("/a/b"), "/a is a file in the image"),
        ('[image]\nworkdir = "/lib/os-release"\n', "workdir = '/lib/os-release': /usr/lib/os-release is a file"),
    ],
)
def test_what_is_in_the_way(text: str, said: str, tmp_path: Path) -> None:
    """A file where a folder is wanted, or a folder where a file is, is named; nothing is replaced or written."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").touch()
    image_of(tmp_path, ON_PACKAGES, "plain")
    with pytest.raises(UsageError) as caught:
        image_of(tmp_path, ON_PACKAGES + text)
    assert said in caught.value.message
    assert not (tmp_path / "out").exists()
    (tmp_path / "top" / "folder").mkdir(parents=True)
    (tmp_path / "top" / "folder" / "x").touch()
    with pytest.raises(UsageError) as caught:
        on_image(tmp_path / "top", tmp_path / "plain", text)
    assert said in caught.value.message


def test_a_file_of_the_base_can_be_replaced(tmp_path: Path) -> None:
    """A file over a file is what the user asked for; a link to a file is replaced, not what it leads to."""
    image = image_of(tmp_path, ON_PACKAGES + rule("/etc/passwd") + rule("/bin/python3"))
    visible = read_table(image).visible
    assert visible["etc/passwd"].entry.size == len("print(1)\n")
    assert visible["usr/bin/python3"].entry.type == "file"
    assert visible[f"usr/bin/python{PYTHON}"].layer == 0


def test_the_naive_style_keeps_the_base_too(tmp_path: Path) -> None:
    """Model and code in one layer, through the links of the base."""
    text = 'style = "naive"' + ON_PACKAGES
    plain = image_of(tmp_path, text, "plain")
    image = image_of(tmp_path, text + rule("/lib/m/", "model.onnx") + rule("/lib/c/"))
    check(plain, image, {"usr/lib/m/model.onnx", "usr/lib/c/app.py"})
    assert len(image.layers) == len(plain.layers) + 1


def test_distributions_go_through_the_links_of_the_base(tmp_path: Path) -> None:
    """[python] target below a link of the base leaves the link a link."""
    text = ON_PACKAGES + '[python]\ntarget = "/lib/own"\n'
    wheels = keep_wheels({"thing": wheel_of("thing", {"thing.py": b"1\n"})})
    path = project(tmp_path, text=text, resolved=Resolved("bookworm", keep(DEBS), wheels))
    found = content(compose(path, tmp_path / "out")[1])
    assert "usr/lib/own/thing.py" in found
    assert found["lib"].issym()
    packages = [Package(name, "2.36", "amd64", "0" * 64, 1) for name in ("libc6", "python3.11-minimal")]
    assert target_of_packages(packages, PythonPart(tmp_path, target="lib64/x")).folder == "usr/lib64/x"
    assert target_of_packages(packages, PythonPart(tmp_path, target="library/x")).folder == "library/x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('entrypoint = ["/usr/bin/nosuch"]', "entrypoint: /usr/bin/nosuch is not in the image"),
        ('entrypoint = ["/bin"]', "entrypoint: /bin is a folder in the image"),
        ('cmd = ["/app/nosuch", "x"]', "cmd: /app/nosuch is not in the image"),
        ('user = "nosuch"', "/etc/passwd has no user 'nosuch'"),
        ('user = "0:nosuch"', "/etc/group has no group 'nosuch'"),
        ('user = "9999999999"', "larger than"),
    ],
)
def test_a_process_that_could_not_start(text: str, said: str, tmp_path: Path) -> None:
    """A program, user or group that the image lacks is an error that names it, on packages and on a base image."""
    image_of(tmp_path, ON_PACKAGES, "plain")
    with pytest.raises(UsageError) as caught:
        image_of(tmp_path, f"{ON_PACKAGES}[image]\n{text}\n")
    assert said in caught.value.message
    assert caught.value.hint or "larger" in said
    with pytest.raises(UsageError) as caught:
        on_image(tmp_path / "top", tmp_path / "plain", f"[image]\n{text}\n")
    assert said in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        'entrypoint = ["/bin/python3"]\nuser = "root:nogroup"',
        'entrypoint = ["python3"]\nuser = "nonroot"',
        'entrypoint = ["/srv/app.py"]\nuser = "nobody"',
        'entrypoint = []\ncmd = ["/srv/app.py"]\nuser = "1:2"',
        'user = ":staff"',
    ],
)
def test_a_process_that_can_start(text: str, tmp_path: Path) -> None:
    """Programs through links, by name or of the user's own, and users by name or number; from the cache too."""
    for out in ("one", "two"):
        image_of(tmp_path, f"{ON_PACKAGES}{rule('/srv/')}[image]\n{text}\n", out)
    assert on_image(tmp_path / "top", tmp_path / "one", f"{rule('/srv/')}[image]\n{text}\n").layers


def test_a_cached_layer_without_its_paths_is_made_again(tmp_path: Path, own_cache: Path) -> None:
    """What an earlier version left in the cache, without the list of paths, is no reason to fail."""
    path = project(tmp_path, text=ON_PACKAGES, resolved=Resolved("bookworm", keep(DEBS)))
    compose(path, tmp_path / "out")
    (facts,) = (own_cache / "composed").rglob("*.json")
    facts.write_text(facts.read_text().replace('"outline"', '"other"'))
    result = build(path, f"oci:{tmp_path}/again")
    assert [layer.cached for layer in result.layers] == [False]
