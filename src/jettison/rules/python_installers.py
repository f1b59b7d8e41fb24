"""Python's own installers: pip, wheel and similar distributions."""

from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.record import Case, Proposal, Rule

INSTALLERS = (
    "pip",
    "wheel",
    "virtualenv",
    "uv",
    "pipx",
    "pipenv",
    "pip-tools",
    "build",
    "twine",
    "cython",
    "ninja",
    "cmake",
)


def _propose(case: Case) -> Iterator[Proposal]:
    owners = case.scene.table.owners
    wanted = {name for owner in owners.values() if owner.type == "python" for group in owner.depends for name in group}
    for key, owner in sorted(owners.items()):
        name = owner.name.lower().replace("_", "-")
        if owner.type != "python" or name not in INSTALLERS or name in wanted:
            continue
        files = tuple(file for file in case.scene.files_of.get(key, ()) if (file.layer, file.index) not in case.gone)
        started = any(file.path in case.reach.because and _run_by_image(case, file) for file in files)
        if files and not started:
            yield Proposal(
                key, f"{owner.name} serves installing and building, and no distribution requires it", files, key
            )


def _run_by_image(case: Case, file: File) -> bool:
    return case.reach.because[file.path].reason.endswith("starts it")


PYTHON_INSTALLERS = Rule(
    "python-installers",
    1,
    "pip, wheel and similar distributions",
    "Only those that no other distribution requires, and that the image does not start. setuptools stays: many modules "
    "import pkg_resources or distutils without saying so.",
    ("pip and its scripts go", "setuptools stays"),
    _propose,
)
