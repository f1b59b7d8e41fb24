"""Rules on GPU code, debug information, CUDA's libraries and Triton: what each takes and leaves."""

import pytest
from tests.helpers.elves import elf_bytes
from tests.helpers.fatbins import Library, cubin, fatbin
from tests.helpers.tables import SITE, Data, Deb, Hard, Item, Link, Tree, debian, distribution, table
from tests.helpers.traces import evidence

from jettison.elf.arch import Choice
from jettison.elf.treatment import Treatment
from jettison.files.record import FileTable
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.plan.record import Plan, Step

H100 = Treatment(Choice((90,)))
CODE = Library(own=[fatbin(cubin(80, 100_000), cubin(90, 500))]).build()
OTHER = Library(own=[fatbin(cubin(75, 100_000), cubin(90, 400))]).build()
CHOSEN = Library(inside=[fatbin(cubin(80, 100_000), cubin(90, 500))]).build()


def plan_of(image: FileTable, gpu: Treatment | None = H100, *, everywhere: bool = False, tier: int = 2) -> Plan:
    """Return the plan for an image."""
    return make_plan(image, PlanOptions(tier, gpu=gpu, gpu_everywhere=everywhere))


def steps_of(plan: Plan, rule: str) -> list[Step]:
    """Return a rule's steps."""
    return [step for step in plan.steps if step.rule == rule]


def taken(plan: Plan, rule: str) -> set[str]:
    """Return the paths that a rule takes or prunes."""
    return {target.path for step in steps_of(plan, rule) for target in step.targets}


def with_metadata(name: str, path: str, line: str) -> Tree:
    """Return a distribution of one library, with a line more in its METADATA."""
    tree = distribution(name, {path: CODE})
    at = next(each for each in tree if each.endswith("METADATA"))
    metadata = tree[at]
    assert isinstance(metadata, bytes)
    return {**tree, at: metadata + line.encode() + b"\n\nNVIDIA is proprietary, says the description"}


def test_open_libraries() -> None:
    """A library of torch's is pruned for the GPU that was named, and the step says how, why and what it saves."""
    image = table(distribution("torch", {"torch/lib/libtorch_cuda.so": CODE}))
    (step,) = steps_of(plan_of(image), "gpu-code")
    (target,) = step.targets
    assert (step.action, step.tier, step.owner, step.id) == ("prune", 2, "python:torch", "gpu-code/python:torch")
    assert target.path == f"{SITE}/torch/lib/libtorch_cuda.so"
    assert target.to == "gpu=9.0 ptx=needed level=1 debug"
    assert step.disk == 100_000 + 64
    assert "compute capability 9.0" in step.reason


def test_what_workloads_use_is_pruned_too() -> None:
    """At tier 3 a library that a trace saw stays, and loses what no GPU named can run; one the user keeps does not."""
    files = distribution("torch", {"torch/lib/libtorch_cuda.so": CODE, "torch/lib/libkept.so": OTHER})
    image, path = table(files), f"{SITE}/torch/lib/libtorch_cuda.so"
    used = evidence(image, files, path, f"{SITE}/torch/lib/libkept.so")
    plan = make_plan(image, PlanOptions(3, ("*libkept.so",), gpu=H100, evidence=used))
    assert taken(plan, "gpu-code") == {path}
    assert path not in taken(plan, "traced")


def test_only_when_gpus_are_named() -> None:
    """Without --gpu nothing is known of the deployment, and no GPU code goes; nor below tier 2."""
    image = table(distribution("torch", {"torch/lib/libtorch_cuda.so": CODE}))
    assert taken(plan_of(image, None), "gpu-code") == set()
    assert taken(plan_of(image, tier=1), "gpu-code") == set()


@pytest.mark.parametrize(
    ("tree", "closed"),
    [
        (distribution("nvidia-cublas-cu12", {"nvidia/cublas/lib/libx.so": CODE}), True),
        (distribution("nvidia-nccl-cu13", {"nvidia/nccl/lib/libnccl.so.2": CODE}), False),
        (distribution("TensorRT-libs", {"tensorrt_libs/libx.so": CODE}), True),
        (distribution("torch", {"torch/lib/libcublasLt.so.13": CODE}), True),
        (distribution("vllm", {"vllm/_C.abi3.so": CODE}), False),
        (with_metadata("mine", "mine/x.so", "License: NVIDIA Proprietary Software"), True),
        (with_metadata("mine", "mine/x.so", "Classifier: License :: Other/Proprietary License"), True),
        (with_metadata("mine", "mine/x.so", "License-Expression: MIT"), False),
        (debian(Deb("libcudnn9-cuda-13", {"usr/lib/libx.so": CODE})), True),
        (debian(Deb("libmine", {"usr/lib/libx.so": CODE})), False),
        ({"opt/mine/libx.so": CODE}, False),
        ({"opt/mine/libcufft.so.12": CODE}, True),
    ],
)
def test_scope(tree: dict[str, Item], *, closed: bool) -> None:
    """NVIDIA's own libraries are left alone, by owner, licence and name of the file, unless all are asked for."""
    image = table(tree)
    assert bool(taken(plan_of(image), "gpu-code")) is not closed
    assert taken(plan_of(image, everywhere=True), "gpu-code")


def test_what_is_not_pruned() -> None:
    """Hard-linked files, copies, set-id programs, files of conda, and what saves little are left alone."""
    image = table(
        {
            "opt/a.so": CODE,
            "opt/b.so": Hard("opt/a.so"),
            "opt/c.so": OTHER,
            "opt/copy.so": OTHER,
            "opt/su": Data(Library(own=[fatbin(cubin(80, 99_000), cubin(90, 8))]).build(), 0o4755),
            "opt/small.so": Library(own=[fatbin(cubin(80, 60_000), cubin(90, 8))]).build(),
            "opt/not.so": CODE[:5000],
        }
    )
    assert taken(plan_of(image), "gpu-code") == set()


def test_keep_wins() -> None:
    """What the user keeps is not pruned either."""
    image = table({"opt/a.so": CODE})
    assert not make_plan(image, PlanOptions(2, ("/opt/**",), gpu=H100)).steps


def test_level() -> None:
    """Fatbins in other sections count from level 2 on."""
    image = table({"opt/a.so": CHOSEN})
    assert taken(plan_of(image), "gpu-code") == set()
    assert taken(plan_of(image, Treatment(Choice((90,)), 2)), "gpu-code") == {"opt/a.so"}


def test_debug_information() -> None:
    """A library with a megabyte of debug information loses it at tier 1; GPU code and that go in one step."""
    plain = Library(debug=2_000_000).build()
    both = Library(own=[fatbin(cubin(80, 100_000), cubin(90, 500))], debug=3_000_000).build()
    image = table({"opt/plain.so": plain, "opt/both.so": both, "opt/small.so": Library(debug=900_000).build()})
    first = plan_of(image, None, tier=1)
    assert taken(first, "debug-information") == {"opt/plain.so", "opt/both.so"}
    assert sum(step.disk for step in first.steps) == 5_000_000
    later = plan_of(image)
    assert taken(later, "debug-information") == {"opt/plain.so"}
    assert taken(later, "gpu-code") == {"opt/both.so"}
    assert sum(step.disk for step in later.steps) == 5_000_000 + 100_000 + 64


def test_debug_information_of_closed_libraries() -> None:
    """Debug information of libraries that may not be modified stays as well, unless all are asked for."""
    image = table(distribution("nvidia-nvshmem-cu13", {"nvidia/lib/libx.so": Library(debug=2_000_000).build()}))
    assert taken(plan_of(image), "debug-information") == set()
    assert taken(plan_of(image, everywhere=True), "debug-information")


def nvidia(*names: str) -> Tree:
    """Return the distribution that brings CUDA's libraries."""
    files: dict[str, Item] = {f"nvidia/cu13/lib/{name}": elf_bytes(soname=name) for name in names}
    return distribution("nvidia-cusolver", files)


def test_cuda_libraries() -> None:
    """What is only ever linked goes when nothing links it; what is opened by name stays."""
    image = table(nvidia("libcusolverMg.so.12", "libcusolver.so.12", "libnvblas.so.13", "libnvrtc.alt.so.13"))
    names = {path.rpartition("/")[2] for path in taken(plan_of(image, None), "cuda-libraries")}
    assert names == {"libcusolverMg.so.12", "libnvblas.so.13", "libnvrtc.alt.so.13"}
    assert taken(plan_of(image, None, tier=1), "cuda-libraries") == set()


def test_cuda_libraries_in_use() -> None:
    """They stay when a program links them, or where a distribution that opens libraries by name is installed."""
    tree = nvidia("libcusolverMg.so.12")
    folder = f"/{SITE}/nvidia/cu13/lib"
    linked = table({**tree, "opt/app": elf_bytes(needed=["libcusolverMg.so.12"], runpath=folder, kind=2)})
    assert taken(plan_of(linked, None), "cuda-libraries") == set()
    beside = table({**tree, **distribution("cupy-cuda13x", {"cupy/a.py": b""})})
    assert taken(plan_of(beside, None), "cuda-libraries") == set()


TORCH = distribution("torch", {"torch/_inductor.py": b"import triton\n"}, requires=["triton"])
TRITON = distribution("triton", {"triton/__init__.py": b"import triton.language\n", "triton/_C/x.so": CODE})
GCC = Deb(
    "gcc-14", {"usr/bin/gcc-14": elf_bytes(kind=2), "usr/bin/cc": elf_bytes(kind=2, soname="cc")}, section="devel"
)


def test_triton() -> None:
    """Where only torch wants Triton and no compiler is left for it, it goes, whole."""
    found = taken(plan_of(table({**TORCH, **TRITON, "srv/app.py": b"import torch\n"}), None), "triton")
    assert found > set(TRITON)
    assert all("/triton" in path for path in found)


def test_triton_beside_a_compiler() -> None:
    """It goes together with a compiler that nothing needs, and stays with one that the user keeps."""
    image = table({**debian(GCC, automatic=["gcc-14"]), **TORCH, **TRITON})
    assert taken(plan_of(image, None), "triton")
    kept = make_plan(image, PlanOptions(2, ("owner:deb:gcc-14",)))
    assert taken(kept, "triton") == set()


@pytest.mark.parametrize(
    "more",
    [
        {"srv/app.py": b"import torch\nmodel = torch.compile(model)\n"},
        {"srv/app.py": b"    import triton\n"},
        {"srv/kernels.py": b"from triton import language as tl\n"},
        distribution("xformers", {"xformers/ops.py": b"import triton\n"}),
        distribution("fla", {"fla/a.py": b""}, requires=["triton>=3"]),
    ],
)
def test_triton_stays(more: dict[str, Item]) -> None:
    """It stays where the application compiles, or another distribution imports or requires it."""
    assert taken(plan_of(table({**TORCH, **TRITON, **more}), None), "triton") == set()


def test_triton_beside_torch() -> None:
    """A distribution that calls torch.compile without importing Triton is no reason: the application must."""
    more = distribution("lib", {"lib/a.py": b"x = torch.compile(y)\n"})
    assert taken(plan_of(table({**TORCH, **TRITON, **more}), None), "triton")


def test_bitcode() -> None:
    """Bitcode that kernels are linked with goes where Triton is not there any more, and stays with it."""
    tree = distribution("nvidia-nvshmem-cu13", {"nvidia/nvshmem/lib/libnvshmem_device.bc": b"BC"})
    path = f"{SITE}/nvidia/nvshmem/lib/libnvshmem_device.bc"
    assert path in taken(plan_of(table({**tree, **TORCH, **TRITON}), None), "cuda-libraries")
    app: Tree = {"srv/app.py": b"import triton\n"}
    assert taken(plan_of(table({**tree, **TORCH, **TRITON, **app}), None), "cuda-libraries") == set()


def test_protoc() -> None:
    """Of the programs in torch the protocol buffers' compiler goes, and what torch starts stays."""
    names = ("protoc", "protoc-3.13.0.0", "torch_shm_manager")
    image = table(distribution("torch", {f"torch/bin/{name}": elf_bytes(kind=2) for name in names}))
    found = {path.rpartition("/")[2] for path in taken(plan_of(image, None), "build-files")}
    assert found == {"protoc", "protoc-3.13.0.0"}


CUDA = "usr/local/cuda-13.0/targets/x86_64-linux/lib"
WHEELS = f"/{SITE}/nvidia/cu13/lib"


def twice(**process: tuple[str, ...]) -> FileTable:
    """Return an image with CUDA in the system and in distributions, and a torch that links it."""
    names = {"libcublas.so.13": ("libcublasLt.so.13",), "libcublasLt.so.13": (), "libcudart.so.13": ()}
    libraries = {name: elf_bytes(soname=name, needed=needed, runpath="$ORIGIN") for name, needed in names.items()}
    system = debian(
        Deb("libcublas-13-0", {f"{CUDA}/{name}.1": libraries[name] for name in list(names)[:2]}),
        Deb("cuda-cudart-13-0", {f"{CUDA}/libcudart.so.13": libraries["libcudart.so.13"]}),
        Deb("libnpp-13-0", {f"{CUDA}/libnppc.so.13": elf_bytes(soname="libnppc.so.13")}),
    )
    links = {f"{CUDA}/{name}": Link(f"{name}.1") for name in list(names)[:2]}
    wheels = distribution("nvidia-cublas", {f"nvidia/cu13/lib/{name}": data for name, data in libraries.items()})
    torch = elf_bytes(needed=["libcublas.so.13", "libcudart.so.13"], runpath=WHEELS)
    return table(
        {**system, **links, **wheels, **distribution("torch", {"torch/lib/libtorch_cuda.so": torch})}, **process
    )


def test_cuda_twice() -> None:
    """Of CUDA in the system and in wheels the copy goes that nothing loads, with the reason why it is that one."""
    plan = plan_of(twice(), None)
    found = taken(plan, "cuda-twice")
    names = {path.removeprefix(f"{CUDA}/") for path in found}
    assert names >= {"libcublas.so.13.1", "libcublasLt.so.13.1", "libcudart.so.13", "libnppc.so.13"}
    reasons = {step.owner: step.reason for step in steps_of(plan, "cuda-twice")}
    assert "nvidia-cublas bring the same, and that is what is loaded" in reasons["deb:libcublas-13-0"]
    assert "CUDA comes from wheels" in reasons["deb:libnpp-13-0"]


def test_cuda_that_the_environment_leads_to() -> None:
    """Where LD_LIBRARY_PATH comes before RUNPATH and leads to the system's copy, that copy stays."""
    plan = plan_of(twice(env=("PATH=/usr/bin", f"LD_LIBRARY_PATH=/{CUDA}")), None)
    assert {step.owner for step in steps_of(plan, "cuda-twice")} == {"deb:libnpp-13-0"}


def test_cuda_once() -> None:
    """Without CUDA in distributions the system's is the only one."""
    image = table(debian(Deb("libcublas-13-0", {f"{CUDA}/libcublas.so.13": elf_bytes(soname="libcublas.so.13")})))
    assert taken(plan_of(image, None), "cuda-twice") == set()
