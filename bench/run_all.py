"""Runs every measurement and writes docs/benchmarks.md: python bench/run_all.py [FOLDER] (needs about 50 GB there).

The page is written after each part, so that a run that was stopped leaves what it measured.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench` (bench/run_all.py); each part names its script. Ratios are from one run on one machine that
had nothing else to do.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One script: title, arguments (FOLDER stands for that of the large images), and what to know of its figures."""

    title: str
    script: str
    arguments: tuple[str, ...] = ()
    note: str = ""


PARTS = (
    Part(
        "Start of the command",
        "startup_bench.py",
        note="The goals are 150 ms for the first two, and 300 ms for a lint, which misses it.",
    ),
    Part(
        "inspect",
        "inspect_bench.py",
        ("FOLDER",),
        """\
The image is bench/images/cuda.toml (a CUDA build of torch, compilers, caches; 62,000 entries), as a docker archive with
plain layers and as a layout with gzip layers. The goal is 1.6 times the limit for plain layers and 1.3 for gzip.

To be three times as fast as dive and syft, and faster than trivy, was a goal as well. Where layers are plain, dive and
trivy are about as fast as, or faster than, one SHA-256 of the archive: no tool that checks it can be that fast, and
Jettison takes two (of the tar, and of every file). Where they are gzip, as registries hold them, unpacking decides.""",
    ),
    Part(
        "slim",
        "slim_bench.py",
        ("FOLDER",),
        "The same image, gzip to gzip and zstd to zstd. The goal is twice the limit. zstd misses it: what is cheap to "
        "pack is dear to read three times (to plan, to rebuild, to prove) with all its digests.",
    ),
    Part(
        "GPU code",
        "gpu_bench.py",
        ("FOLDER",),
        """\
The image is bench/images/gpu: torch 2.14.1 and torchvision 0.29.1, CUDA build, composed with care. The goals are at
most 2.75 GB on disk and 1.2 GB in the pull with `--gpu-scope all --gpu-level 2`, 3.7 GB on disk with the default
scope, pruning at 0.5 GB/s in under 600 MB of memory, and what 60,000 files need in under 5 s.""",
    ),
    Part(
        "Traced removal",
        "traced_bench.py",
        ("FOLDER/traced",),
        """\
Each image of bench/traced (numpy, pandas and scikit-learn; the detector of the demo, composed the careless way) is
traced on one half of its workloads, and what stays is tried on the other half, for each setting, before anything is
put back: what is asked for in vain is a miss. Bytes that stay are counted before other tiers make files smaller,
against those of the files whose content all its workloads use; the goal is 1.15. The default is `package, 1`: what
lies beside a module that was used, and one lazy import, cost the rest. Then `slim --tier 3` as a user runs it, from a
cold cache, both proofs in it: missed paths are put back.

Goals that are missed: 200 MB for the first image and 150 for the detector, whose workloads alone open 207 and 461 (a
GUI OpenCV with Qt and codecs, two or three copies of OpenBLAS): what no trace can take away. The goal of 60 s is for
the first. Tracing is to cost less than twice a service's start, and 1.3 times a request.

mint was not run beside it: it needs a privileged container. docker-squash takes no file away.""",
    ),
    Part(
        "Dockerfiles, rewritten",
        "recipes_bench.py",
        (),
        "Each project of examples/recipes as people write it and as `jettison rewrite` makes it. Needs a container "
        "engine (tools/engine.sh). Bases are stand-ins made by the tests, laid out as the official images, and much "
        "smaller where those bring CUDA: what is saved is less than with the real ones.",
    ),
    Part("build", "compose_bench.py", (), "The goal for a code change is 2 s."),
    Part(
        "Registries",
        "registry_bench.py",
        ("demo-out/naive",),
        "The image is the naive one of `make demo`. The goals are skopeo's speed, 0.9 of a link that is shaped, and "
        "under 200 MB of memory. The whole command is timed, its start included.",
    ),
    Part(
        "The model of a pull",
        "coldstart_bench.py",
        ("examples/detector/workload.toml", "oci:demo-out/naive", "oci:demo-out/slim", "oci:demo-out/lean"),
        "The goal is 15 %. What makes files is the disk's file system, and ext4 is several times slower at it for some "
        "minutes after many were deleted, as they are here after each image; the model cannot know that.",
    ),
    Part(
        "The demo",
        "demo_bench.py",
        ("detector", "torch-classifier"),
        "The goal for the detector is 240 s with an empty cache and 40 s again. Pull and unpack are estimates; time to "
        "ready and memory are measured.",
    ),
)


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else str(HERE.parent / ".cache" / "bench")
    if not (Path(folder) / "zstd" / "index.json").exists():
        subprocess.run([sys.executable, str(HERE / "images.py"), folder], check=True)
    page = [HEAD]
    for part in PARTS:
        arguments = [each.replace("FOLDER", folder) for each in part.arguments]
        command = [sys.executable, str(HERE / part.script), *arguments]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(text, flush=True)
        note = f"{part.note}\n\n" if part.note else ""
        page.append(f"## {part.title}\n\n{note}`bench/{part.script}`, on {text}")
        PAGE.write_text("\n".join(page))


if __name__ == "__main__":
    main()
