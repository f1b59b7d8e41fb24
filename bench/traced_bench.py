"""What traced removal (tier 3) keeps, what it would miss, what it costs, in one run.

python bench/traced_bench.py FOLDER [--runs N]    FOLDER takes the images (3 GB); those that are there are used again

Each image of bench/traced is traced on one half of its workloads. For each setting: how many bytes stay, before other
tiers make files smaller, against those of the files that all its workloads open; and what the other half asks for in
vain then. After that `slim --tier 3` as a user runs it, which puts back what is missed.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from inspect_bench import peers_folder
from jettison.api.evidence import check_steady, reader_of, record_all
from jettison.files.read import read_table
from jettison.files.record import FileTable
from jettison.plan.effect import dropped_entries, remaining
from jettison.plan.keep.record import Depth, Evidence
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.proof.behaviour import differences, run_original
from jettison.proof.lookups import gone_by, misses, modules_of
from jettison.run.exercise import Rootfs, exercise_rootfs, unpacked
from jettison.run.hidden import hidden
from jettison.run.runner import EMBEDDED, on_rootfs
from jettison.run.trace.make import Recorder, record
from jettison.run.trace.record import CONTENT, Trace
from jettison.run.tracing import find_strace
from jettison.run.workload import RunResult, Workload
from jettison.run.workload_file import load_workload
from jettison.sources.open import open_image
from measure import jettison, machine, run, table

HERE = Path(__file__).parent / "traced"
EXAMPLES = HERE.parent.parent / "examples"
SETTINGS: tuple[tuple[Depth, int], ...] = (
    ("module", 0),
    ("module", 1),
    ("package", 0),
    ("package", 1),
    ("distribution", 1),
)
MANY = 60_000
TIMES = 5


def prepare(folder: Path, name: str) -> Path:
    """Lay out what an image is made of and asked, and compose it; what is there stays."""
    place = folder / name
    if not (place / "image/index.json").exists():
        shutil.copytree(HERE / name, place, dirs_exist_ok=True)
        recipe = place / "recipe.toml"
        if name == "detector":
            shutil.copytree(EXAMPLES / "detector", place, dirs_exist_ok=True)
            shutil.copy(EXAMPLES / "recipes/lesson-detector/sample.pgm", place)
            subprocess.run([sys.executable, str(place / "make_model.py"), str(place)], check=True)
            recipe = place / "naive.toml"
        if name == "small":
            (place / "many").mkdir(exist_ok=True)
            for number in range(MANY):
                (place / "many" / str(number)).write_bytes(b"x" * (number % 97))
        out = f"oci:{place / 'image'}"
        subprocess.run(jettison("build", str(recipe), "-o", out, "--force", "--update", "-q"), check=True)
    return place


def opened(image: FileTable, *traces: Trace) -> int:
    """Return the bytes of the files whose content workloads used."""
    paths = {path for trace in traces for path, one in trace.accesses.items() if CONTENT & set(one.how)}
    return sum(image.visible[path].entry.size for path in paths if path in image.visible)


def settings(place: Path) -> Iterator[list[str]]:
    """Give a row for each setting: what stays, and what the workloads that were not traced miss."""
    image = open_image(f"oci:{place / 'image'}")
    seen = read_table(image)
    train, held = (load_workload(place / f"{name}.toml") for name in ("train", "held"))
    recorder = Recorder(find_strace())
    with unpacked(image) as rootfs:
        before = run_original(image, [train, held], runner=on_rootfs(EMBEDDED, rootfs))
        trace, first = record_all(rootfs, seen, [train], recorder)
        other, second = record_all(rootfs, seen, [held], recorder)
        check_steady([train, held], before, [*first, *second])
        base = opened(seen, trace, other)
        for python, lazy in SETTINGS:
            plan = make_plan(seen, PlanOptions(3, evidence=Evidence(trace, reader_of(rootfs), python, lazy)))
            left = remaining(seen, dropped_entries(seen, plan))
            stays = sum(file.entry.size for file in left.values())
            gone = gone_by(seen, plan)
            with hidden(rootfs, gone.dropped, gone.emptied):
                pairs = zip([train, held], before, strict=True)
                otherwise = any(differences(one, was, exercise_rootfs(rootfs, one)) for one, was in pairs)
                missed = misses(record(rootfs, seen, held, recorder)[1], gone, modules_of(seen))
            yield [
                place.name, f"{python}, {lazy}", f"{base / 1e6:.0f}", f"{stays / 1e6:.0f}", f"{stays / base:.2f}",
                str(len(missed)), "otherwise" if otherwise else "as before",
            ]  # fmt: skip


def slimmed(place: Path) -> list[str]:
    """Return a row on slimming it as a user does, from a cold cache."""
    out = place / "slim"
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(place / "slim.jettison", ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place) as cache:
        workloads = ("-w", str(place / "train.toml"), "--verify-with", str(place / "held.toml"))
        command = jettison("slim", f"oci:{place / 'image'}", "-o", f"oci:{out}", "--tier", "3", *workloads)
        one = run(command, {"JETTISON_CACHE": cache})
        tier = jettison("slim", f"oci:{place / 'image'}", "-o", f"oci:{place / 'lower'}", "--tier", "2", "--force")
        run([*tier, "-w", str(place / "train.toml")], {"JETTISON_CACHE": cache})
    images = [read_table(open_image(f"oci:{place / name}")) for name in ("image", "lower", "slim")]
    sizes = [sum(file.entry.size for file in image.files) / 1e6 for image in images]
    pulls = [sum(layer.pull for layer in image.layers) / 1e6 for image in images]
    wasted = dive(place)
    shutil.rmtree(place / "lower")
    shutil.rmtree(place / "lower.jettison")
    note = "" if one.code == 0 else f" (exit {one.code})"
    both = (f"{size:.0f} / {pull:.0f}" for size, pull in zip(sizes, pulls, strict=True))
    return [place.name, *both, f"{one.wall:.0f}{note}", wasted]


def dive(place: Path) -> str:
    """Return the megabytes of an image that dive calls wasted."""
    archive = place / "image.tar"
    run(jettison("copy", f"oci:{place / 'image'}", f"docker-archive:{archive}", "--force"))
    command = (str(peers_folder() / "dive"), f"docker-archive://{archive}", "--ci")
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    archive.unlink()
    found = re.search(r"wastedBytes:\s*(\d+)", told)
    return f"{int(found[1]) / 1e6:.1f}" if found else "?"


def overhead(place: Path) -> list[list[str]]:
    """Return rows on what tracing costs a service: to its start, and to a request that was asked before."""
    image = open_image(f"oci:{place / 'image'}")
    seen = read_table(image)
    whole = load_workload(place / "train.toml")
    workload = Workload(whole.name, whole.ready, whole.probes * TIMES, timeout=whole.timeout)
    rows = []
    with unpacked(image) as rootfs:
        plain = [exercise_rootfs(rootfs, workload) for _ in range(3)]
        for maps in (False, True):
            traced = [record(rootfs, seen, workload, Recorder(find_strace(), maps))[0] for _ in range(3)]
            what = f"{place.name}, with --maps" if maps else place.name
            rows.append([what, *_times(plain, traced, _start), *_times(plain, traced, lambda one: _steady(one, whole))])
    return rows


def _start(result: RunResult) -> float:
    return result.ready_seconds


def _steady(result: RunResult, whole: Workload) -> float:
    return statistics.median(answer.seconds for answer in result.answers[len(whole.probes) :])


def _times(plain: Sequence[RunResult], traced: Sequence[RunResult], seconds: Callable[[RunResult], float]) -> list[str]:
    one, other = (statistics.median(seconds(result) for result in results) for results in (plain, traced))
    return [f"{one * 1000:.0f}", f"{other * 1000:.0f}", f"{other / one:.2f}"]


def many(place: Path) -> list[str]:
    """Return how many of the many files a trace has that a service read."""
    image = open_image(f"oci:{place / 'image'}")
    seen = read_table(image)
    with unpacked(image) as rootfs:
        trace = _whole(rootfs, seen, load_workload(place / "all.toml"))
    found = sum(path.startswith("srv/many/") and "open" in one.how for path, one in trace.accesses.items())
    return [f"{MANY}", f"{found}", f"{trace.runs[0].events}"]


def _whole(rootfs: Rootfs, seen: FileTable, workload: Workload) -> Trace:
    result, trace = record(rootfs, seen, workload, Recorder(find_strace()))
    if result.error:
        raise SystemExit(result.error)
    return trace


def digests(place: Path, runs: int) -> list[str]:
    """Return how many digests so many runs of one slim give."""
    found = set()
    for _ in range(runs):
        workloads = ("-w", str(place / "train.toml"), "--verify-with", str(place / "held.toml"), "--json", "--force")
        command = jettison("slim", f"oci:{place / 'image'}", "-o", f"oci:{place / 'slim'}", "--tier", "3", *workloads)
        done = subprocess.run(command, capture_output=True, check=True)
        found.add(json.loads(done.stdout)["new"]["digest"])
    return [place.name, str(runs), str(len(found))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    small, *services = (prepare(options.folder, name) for name in ("small", "data", "detector"))
    heads = (
        ["image", "--python, --lazy-imports", "opened MB", "stays MB", "ratio", "asked for in vain", "answers"],
        ["image", "as it was: disk / pull MB", "tier 2", "tier 3", "wall s", "wasted MB, says dive"],
        ["image", "start ms", "traced", "ratio", "request ms", "traced", "ratio"],
        ["files read", "in the trace", "calls"],
        ["image", "runs", "digests"],
    )
    parts: tuple[list[list[str]], ...] = (
        [row for place in services for row in settings(place)],
        [slimmed(place) for place in services],
        [row for place in services for row in overhead(place)],
        [many(small)],
        [digests(small, options.runs)],
    )
    print(machine())
    for head, rows in zip(heads, parts, strict=True):
        print(f"\n{table(head, rows)}")


if __name__ == "__main__":
    main()
