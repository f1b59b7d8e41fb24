"""CUDA's libraries of the system, beside those that Python distributions bring."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from jettison.elf.closure import Found, needs
from jettison.files.record import File
from jettison.rules.cuda_libraries import opened_elsewhere
from jettison.rules.names import matches
from jettison.rules.pruning import CLOSED_FILES
from jettison.rules.record import Case, Proposal, Rule

_LIBRARIES = (*CLOSED_FILES, "libnccl.so*", "libnccl-net.so*")
_RUNTIME = "libcudart.so.*"
_TOOLS = ("libcupti.so*", "libnvperf*", "libcheckpoint*", "libpcsamplingutil*")  # profilers open them by path


def _propose(case: Case) -> Iterator[Proposal]:
    scene, twins = case.scene, _of_distributions(case)
    if not any(matches(name, (_RUNTIME,)) for name in twins) or opened_elsewhere(case):
        return
    groups = _of_the_system(case)
    group_of = {path: key for key, files in groups.items() for path in files}
    used = _used(case, group_of)
    links = [(file, scene.resolve(file.path)) for file in case.left() if file.entry.type == "symlink"]
    for key, files in sorted(groups.items()):
        if key in used:
            continue
        owner = next(iter(files.values())).owner
        taken = (*files.values(), *(file for file, to in links if to in files and file.owner == owner))
        same = sorted({twins[name] for path in files if (name := _soname(case, path)) in twins})
        others = f"{', '.join(same)} bring the same, and that is what is loaded" if same else "CUDA comes from wheels"
        reason = f"no file that stays links these libraries of the system: {others}"
        yield Proposal(key, reason, taken, owner)


def _of_distributions(case: Case) -> Mapping[str, str]:
    """Return the names of CUDA's libraries that distributions bring, with the distribution."""
    found = {}
    for path in case.scene.elfs:
        file = case.scene.table.visible[path]
        if file.owner.startswith("python:") and _is_cuda(path) and (file.layer, file.index) not in case.gone:
            found[_soname(case, path)] = file.owner.partition(":")[2]
    return found


def _of_the_system(case: Case) -> Mapping[str, Mapping[str, File]]:
    """Return CUDA's libraries that no distribution brings, by owner, or by folder where they have none."""
    groups: defaultdict[str, dict[str, File]] = defaultdict(dict)
    kept = set()
    for file in case.left():
        if file.path in case.scene.elfs and _is_cuda(file.path) and (file.owner.startswith("deb:") or not file.owner):
            key = file.owner or f"cuda/{file.path.rpartition('/')[0]}"
            groups[key][file.path] = file
            if file.path in case.scene.held:
                kept.add(key)
    return {key: files for key, files in groups.items() if key not in kept}


def _used(case: Case, group_of: Mapping[str, str]) -> set[str]:
    """Return the groups of which a file that stays needs one, directly or by way of another group."""
    wants: defaultdict[str, set[str]] = defaultdict(set)
    for path, facts in case.scene.elfs.items():
        file = case.scene.table.visible[path]
        if (file.layer, file.index) not in case.gone:
            for found in needs(path, facts, case.scene.libraries).resolved:
                if (group := group_of.get(found.path)) and not _elsewhere(case, found, group_of):
                    wants[group_of.get(path, "")].add(group)
    used: set[str] = set()
    todo = [""]
    while todo:
        for each in wants[todo.pop()] - used:
            used.add(each)
            todo.append(each)
    return used


def _elsewhere(case: Case, found: Found, group_of: Mapping[str, str]) -> bool:
    """Whether what no search path leads to, only a library loaded before, is also there outside of the groups."""
    same = case.scene.libraries.sonames.get(found.name, ())
    return found.how == "by soname" and any(path not in group_of for path in same)


def _is_cuda(path: str) -> bool:
    name = path.rpartition("/")[2]
    return matches(name, _LIBRARIES) and not matches(name, _TOOLS)


def _soname(case: Case, path: str) -> str:
    return case.scene.elfs[path].soname or path.rpartition("/")[2]


CUDA_TWICE = Rule(
    "cuda-twice",
    2,
    "CUDA's libraries of the system, where Python distributions bring their own",
    "Wheels of torch load CUDA from distributions beside them, while images that build on a CUDA base have it in the "
    "system as well. Which copy is loaded follows from RPATH, LD_LIBRARY_PATH, RUNPATH and the loader's cache, in that "
    "order. The libraries of a package of the system go when nothing that stays needs any of them; where "
    "LD_LIBRARY_PATH makes wheels load the system's copy, that one stays. Left alone is everything beside "
    "distributions that may open CUDA libraries by name (CuPy, nvmath, numba, JAX, TensorFlow), and what profilers "
    "open.",
    (
        "usr/local/cuda-13.0/targets/x86_64-linux/lib/libcublasLt.so.13 goes: nvidia-cublas brings the same",
        "usr/local/cuda-13.0/targets/x86_64-linux/lib/libcublasLt.so.13 stays when LD_LIBRARY_PATH leads torch to it",
    ),
    _propose,
)
