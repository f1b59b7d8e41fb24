"""Files that no workload asked for, and that nothing needs which stays."""

from collections import defaultdict
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.record import Case, Proposal, Rule

_PARTS = 3
_LEFT = ("apk:", "conda:")
_RPM = ("var/lib/rpm/", "usr/lib/sysimage/rpm/")
_SYSTEM = (
    "usr/",
    "etc/",
    "var/",
    "bin/",
    "sbin/",
    "lib/",
    "lib64/",
)  # where packages of rpm are, which nobody owns here


def _propose(case: Case) -> Iterator[Proposal]:
    kept = case.kept
    if kept is None:
        return
    groups: defaultdict[tuple[str, str], list[File]] = defaultdict(list)
    held = case.scene.held
    rpm = any(path.startswith(_RPM) for path in case.scene.table.visible)
    for file in case.left():
        if file.owner.startswith(_LEFT) or (rpm and not file.owner and file.path.startswith(_SYSTEM)):
            continue  # their databases are not rewritten, so that they would not stay truthful
        if file.path not in kept.because and file.path not in held:
            stub = file.path.rpartition("/")[0] in kept.listed and file.path not in case.scene.elfs
            if not (stub and (file.entry.type != "file" or not file.entry.size)):
                groups["stub" if stub else "drop", area_of(file)].append(file)
    for (action, area), files in sorted(groups.items()):
        owner = files[0].owner
        if action == "stub":
            text = "a workload listed the directory, and opened none of these: their names stay, without content"
            yield Proposal(f"names/{area}", text, tuple(files), owner, "stub")
        else:
            yield Proposal(area, "no workload asked for it, and nothing that stays needs it", tuple(files), owner)


def area_of(file: File) -> str:
    """Return whose files go together: an owner's key, else a part of the tree; steps are named after it."""
    return file.owner or "/".join(file.path.split("/")[:-1][:_PARTS]) or "root"


TRACED = Rule(
    "traced",
    3,
    "files that no workload and no closure asks for",
    "It needs traces (jettison trace, or slim --tier 3 with workloads). What stays: all that workloads opened, "
    "executed, asked for or listed; the libraries that any of it needs or opens by name; of Python the modules of "
    "packages that were used, what these import, also lazily, and the records of their distributions; "
    "certificates, time zones, accounts, licences, package databases. Of directories that a workload listed the "
    "names stay. What is for a GPU stays when no workload was traced on one. The proof runs the slimmed image on "
    "workloads that were not traced as well, and any path that is asked for in vain there, and was in the "
    "original, is put back.",
    (
        "sklearn/svm goes: no workload imports it, nor does any module that stays",
        "sklearn/cluster/_k_means_lloyd.so stays: app.py imports sklearn.cluster in a function",
        "libcudnn_engines_precompiled.so.9 stays: no workload was traced on a GPU",
    ),
    _propose,
)
