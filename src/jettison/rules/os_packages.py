"""Operating-system packages that nothing needs at run time."""

from collections.abc import Iterator

from jettison.files.record import File, Owner
from jettison.rules import debian
from jettison.rules.record import Case, Proposal, Rule


def _propose(case: Case) -> Iterator[Proposal]:
    for key, owner in sorted(case.scene.table.owners.items()):
        if owner.type != "deb" or key in case.reach.because:
            continue
        files = [file for file in case.scene.files_of.get(key, ()) if (file.layer, file.index) not in case.gone]
        files += _records(case, owner, files)
        if files:
            yield Proposal(key, _reason(owner), tuple(files), key)


def _records(case: Case, owner: Owner, known: list[File]) -> list[File]:
    """Return the package's own records that no list names."""
    visible = case.scene.table.visible
    names = {owner.name, owner.key.partition(":")[2]}
    if owner.record.startswith("var/lib/dpkg/status.d/"):
        names.add(owner.record.rpartition("/")[2])
    there = {file.path for file in known}
    suffixes = ("", ".list", ".md5sums", ".conffiles")
    paths = (
        f"var/lib/dpkg/{folder}/{name}{end}" for folder in ("info", "status.d") for name in names for end in suffixes
    )
    return [
        visible[path] for path in sorted(set(paths) - there) if path in visible and visible[path].entry.type != "dir"
    ]


def _reason(owner: Owner) -> str:
    known = debian.MAINTAINER_ONLY.get(owner.name)
    end = f"; {known}" if known else ""
    return (
        f"nothing at run time needs {owner.name} {owner.version}: no kept program or library links or opens its files, "
        f"and no kept package depends on it{end}"
    )


OS_PACKAGES = Rule(
    "os-packages",
    1,
    "operating-system packages that nothing at run time needs",
    "What stays: what the container starts, with interpreters, the shared libraries that any kept ELF file needs or "
    "opens by name, packages that were installed by name and are no build tools, a table of packages that always "
    "matter, and all that these depend on. The rest goes with its records, so that scanners see what is there.",
    (
        "deb:gcc-12 goes, with deb:libc6-dev and deb:perl",
        "deb:libgomp1 stays: a shared library of scikit-learn needs libgomp.so.1",
        "deb:ffmpeg stays: it was installed by name, and the service may run it",
        "deb:apt and deb:dpkg go; dpkg's status stays, and says what is left",
    ),
    _propose,
)
